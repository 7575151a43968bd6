package rest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"gocloud.dev/blob"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/artifactdir"
)

func newFileBucket(t *testing.T) (*blob.Bucket, string) {
	t.Helper()
	dir := t.TempDir()
	bucket := artifactdir.Open(dir)
	t.Cleanup(func() { require.NoError(t, bucket.Close()) })
	return bucket, dir
}

func TestRanges(t *testing.T) {
	t.Parallel()
	bucket, _ := newFileBucket(t)
	for name, s := range map[string]*testServer{"memory": newServer(t), "directory": newServer(t, WithArtifacts(bucket))} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, http.StatusOK, s.do(http.MethodPut, artifacts+"/0/r/artifacts/f.bin", "0123456789").Code)
			for _, path := range []string{artifacts + "/0/r/artifacts/f.bin", "/get-artifact?run_id=r&path=f.bin"} {
				whole := s.do(http.MethodGet, path, "")
				require.Equal(t, "0123456789", whole.Body.String())
				require.Equal(t, "bytes", whole.Header().Get("Accept-Ranges"))
				require.Empty(t, whole.Header().Get("Content-Range"))
				head := s.do(http.MethodHead, path, "")
				require.Equal(t, whole.Header(), head.Header())
				require.Empty(t, head.Body.String())
				for _, tc := range []struct {
					header, body, contentRange string
					status                     int
				}{
					{"bytes=0-0", "0", "bytes 0-0/10", http.StatusPartialContent},
					{"bytes=7-", "789", "bytes 7-9/10", http.StatusPartialContent},
					{"bytes=2-4", "234", "bytes 2-4/10", http.StatusPartialContent},
					{"bytes=-3", "789", "bytes 7-9/10", http.StatusPartialContent},
					{"bytes=-30", "0123456789", "bytes 0-9/10", http.StatusPartialContent},
					{"bytes=0-1,4-5", "0123456789", "", http.StatusOK},
					{"nonsense", "0123456789", "", http.StatusOK},
				} {
					w := s.do(http.MethodGet, path, "", "Range", tc.header)
					require.Equal(t, tc.status, w.Code, tc.header)
					require.Equal(t, tc.body, w.Body.String(), tc.header)
					require.Equal(t, tc.contentRange, w.Header().Get("Content-Range"), tc.header)
					require.Equal(t, strconv.Itoa(len(tc.body)), w.Header().Get("Content-Length"), tc.header)
					require.Equal(t, whole.Header().Get("ETag"), w.Header().Get("ETag"))
				}
				beyond := s.do(http.MethodGet, path, "", "Range", "bytes=10-")
				require.Equal(t, http.StatusRequestedRangeNotSatisfiable, beyond.Code)
				require.Equal(t, "bytes */10", beyond.Header().Get("Content-Range"))
				for condition, status := range map[string]int{
					whole.Header().Get("ETag"): http.StatusPartialContent, whole.Header().Get("Last-Modified"): http.StatusPartialContent,
					`"other"`: http.StatusOK, "Mon, 23 Nov 2020 17:51:43 GMT": http.StatusOK,
				} {
					w := s.do(http.MethodGet, path, "", "Range", "bytes=1-1", "If-Range", condition)
					require.Equal(t, status, w.Code, condition)
				}
			}
			require.Equal(t, http.StatusNotFound, s.do(http.MethodGet, artifacts+"/none", "", "Range", "bytes=0-").Code)
			require.Equal(t, http.StatusNotFound, s.do(http.MethodHead, artifacts+"/none", "").Code)
			require.Equal(t, http.StatusBadRequest, s.do(http.MethodGet, artifacts+"/0/r", "", "Range", "bytes=0-").Code)
		})
	}
}

// TestArtifactsRunNowhere: whatever an artifact is, a browser saves it, takes it
// for nothing else than what it is called, and would run nothing in it.
func TestArtifactsRunNowhere(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, name := range []string{"a.html", "a.svg", "a.js", "a.xml", "a.xhtml", "a.pdf", "a.mht", "a", `a".html`} {
		const page = "<script>alert(1)</script>"
		path := artifacts + "/0/r/artifacts/" + name
		require.Equal(t, http.StatusOK, s.do(http.MethodPut, path, page).Code)
		for _, header := range []string{"", "bytes=0-3"} {
			for _, url := range []string{path, "/get-artifact?run_id=r&path=" + name} {
				w := s.do(http.MethodGet, url, "", "Range", header)
				require.Contains(t, []int{http.StatusOK, http.StatusPartialContent}, w.Code)
				require.Regexp(t, "^attachment; filename=", w.Header().Get("Content-Disposition"))
				require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
				require.Equal(t, "sandbox", w.Header().Get("Content-Security-Policy"))
			}
		}
	}
}

// sized takes an answer of any size.
type sized struct {
	*httptest.ResponseRecorder
	n int64
}

func (s *sized) Write(b []byte) (int, error) {
	s.n += int64(len(b))
	return len(b), nil
}

// TestLargeArtifacts: what is sent of 5 GB, and what comes in, streams through
// the server, which holds no more than a small part of it at a time. On disk the
// file is all hole.
func TestLargeArtifacts(t *testing.T) { //nolint:paralleltest // it measures what the process allocates
	bucket, dir := newFileBucket(t)
	s := newServer(t, WithArtifacts(bucket))
	const size, part, most = 5 << 30, 384 << 20, 16 << 20
	file, err := os.Create(filepath.Join(dir, "large"))
	require.NoError(t, err)
	require.NoError(t, file.Truncate(size))
	require.NoError(t, file.Close())
	require.Equal(t, strconv.Itoa(size), s.do(http.MethodHead, artifacts+"/large", "").Header().Get("Content-Length"))

	allocated := func(method, path string, body io.Reader, w http.ResponseWriter) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r := httptest.NewRequestWithContext(t.Context(), method, artifacts+path, body)
		r.Host = "localhost"
		r.Header.Set("Range", "bytes=-"+strconv.Itoa(part))
		s.ServeHTTP(w, r)
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	got := &sized{ResponseRecorder: httptest.NewRecorder()}
	require.Less(t, allocated(http.MethodGet, "/large", nil, got), uint64(most))
	require.Equal(t, int64(part), got.n)
	require.Equal(t, "bytes 4966055936-5368709119/5368709120", got.Header().Get("Content-Range"))

	put := httptest.NewRecorder()
	require.Less(t, allocated(http.MethodPut, "/sent", io.LimitReader(zeros{}, part), put), uint64(most))
	require.Equal(t, http.StatusOK, put.Code)
	info, err := os.Stat(filepath.Join(dir, "sent"))
	require.NoError(t, err)
	require.Equal(t, int64(part), info.Size())
}

// zeros is a body without end.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
