package rest

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/artifactdir"
)

const artifacts = "/api/2.0/mlflow-artifacts/artifacts"

func TestProxiedArtifacts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bucket := artifactdir.Open(dir)
	t.Cleanup(func() { require.NoError(t, bucket.Close()) })
	s := newServer(t, WithArtifacts(bucket))

	w := s.do(http.MethodPut, artifacts+"/0/r/artifacts/dir/h%C3%A9%20l.html", "hi\n", "Content-Type", "text/html")
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Empty(t, w.Body.String())
	require.Equal(t, http.StatusOK, s.do(http.MethodPut, artifacts+"/0/r/artifacts/m.json", "{}").Code)
	b, err := os.ReadFile(filepath.Join(dir, "0/r/artifacts/dir/hé l.html"))
	require.NoError(t, err)
	require.Equal(t, "hi\n", string(b))

	w = s.do(http.MethodGet, artifacts+"/0/r/artifacts/dir/h%C3%A9%20l.html", "")
	require.Equal(t, "hi\n", w.Body.String())
	require.Equal(t, "text/html", w.Header().Get("Content-Type"))
	require.Equal(t, `attachment; filename="he l.html"; filename*=UTF-8''h%C3%A9%20l.html`, w.Header().Get("Content-Disposition"))
	require.Equal(t, "3", w.Header().Get("Content-Length"))
	require.NotEmpty(t, w.Header().Get("Last-Modified"))
	w = s.do(http.MethodGet, "/get-artifact?run_uuid=r&path=m.json", "")
	require.Equal(t, "{}", w.Body.String())
	require.Equal(t, "text/plain", w.Header().Get("Content-Type"))

	files := func(path string) string {
		w := s.do(http.MethodGet, path, "")
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		return w.Body.String()
	}
	const list = "/ajax-api/2.0/mlflow/artifacts/list?run_id=r"
	require.JSONEq(t, `{"files":[{"is_dir":true,"path":"dir"},{"file_size":2,"is_dir":false,"path":"m.json"}],`+
		`"root_uri":"mlflow-artifacts:/0/r/artifacts"}`, files(list))
	require.Contains(t, files(list+"&path=dir"), `"path": "dir/h\u00e9 l.html"`)
	require.JSONEq(t, `{"root_uri":"mlflow-artifacts:/0/r/artifacts"}`, files(list+"&path=none"))
	require.JSONEq(t, `{"files":[{"file_size":3,"is_dir":false,"path":"hé l.html"}]}`, files(artifacts+"?path=0/r/artifacts/dir"))
	require.JSONEq(t, `{"files":[{"is_dir":true,"path":"0"}]}`, files(artifacts+"?path="))

	require.JSONEq(t, `{"detail":"Artifact path refers to a directory, not a file: '0/r/artifacts/dir'"}`,
		s.do(http.MethodGet, artifacts+"/0/r/artifacts/dir", "").Body.String())
	require.Contains(t, s.do(http.MethodGet, "/get-artifact?run_id=r&path=dir", "").Body.String(),
		"Artifact path refers to a directory, not a file: '0/r/artifacts/dir'")
	require.Contains(t, s.do(http.MethodGet, "/get-artifact?run_id=r&path=x", "").Body.String(),
		"No such artifact: '0/r/artifacts/x'")
	require.Equal(t, http.StatusBadRequest, s.do(http.MethodPut, artifacts+"/0/r/artifacts/dir", "x").Code)
	require.Equal(t, http.StatusBadRequest, s.do(http.MethodPut, artifacts+"/0/r/artifacts/m.json/x", "x").Code)

	require.Equal(t, "Run with id=None not found", errorOf(t, s.do(http.MethodGet, "/get-artifact?path=x", "").Body.Bytes()).Message)
	for _, all := range []string{"", ".", "a/.."} {
		require.Equal(t, http.StatusBadRequest, s.do(http.MethodDelete, artifacts+"/"+all, "").Code)
	}
	require.Equal(t, "{}", s.do(http.MethodDelete, artifacts+"/0/r/artifacts/dir", "").Body.String())
	require.Equal(t, "{}", s.do(http.MethodDelete, artifacts+"/0/r/artifacts/m.json", "").Body.String())
	require.Equal(t, "{}", s.do(http.MethodDelete, artifacts+"/0/r/artifacts/m.json", "").Body.String())
	require.JSONEq(t, `{"root_uri":"mlflow-artifacts:/0/r/artifacts"}`, files(list))
}

func TestArtifactsNotServed(t *testing.T) {
	t.Parallel()
	s := newServer(t, WithArtifacts(nil))
	for _, method := range []string{http.MethodGet, http.MethodPut} {
		w := s.do(method, artifacts+"/a", "")
		require.Equal(t, http.StatusServiceUnavailable, w.Code)
		require.JSONEq(t, `{"detail":"Artifact serving is disabled. Run `+"`mlflow server` with `--serve-artifacts`"+` to enable."}`,
			w.Body.String())
	}
	require.Equal(t, http.StatusServiceUnavailable, s.do(http.MethodGet, artifacts, "").Code)
	require.Equal(t, http.StatusServiceUnavailable, s.do(http.MethodDelete, artifacts+"/a", "").Code)
	require.Equal(t, http.StatusBadRequest, s.do(http.MethodGet, "/api/2.0/mlflow/artifacts/list?run_id=r", "").Code)
}

func TestArtifactsElsewhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "sub"), 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sub", "f.txt"), []byte("x"), 0o600))
	open := func(_ context.Context, uri string, _ bool) (*blob.Bucket, error) {
		if uri != dir {
			return nil, nil
		}
		return fileblob.OpenBucket(uri, nil)
	}
	s := newServer(t, WithBuckets(open))
	s.store.runs["l"] = &dynamodbstore.Run{Info: dynamodbstore.RunInfo{ArtifactURI: dir}}
	s.store.runs["none"] = &dynamodbstore.Run{Info: dynamodbstore.RunInfo{ArtifactURI: "/none"}}
	require.Contains(t, s.do(http.MethodGet, "/api/2.0/mlflow/artifacts/list?run_id=l&path=sub", "").Body.String(), `"path": "sub/f.txt"`)
	require.Equal(t, "x", s.do(http.MethodGet, "/get-artifact?run_id=l&path=sub/f.txt", "").Body.String())
	require.JSONEq(t, `{"root_uri":"/none"}`, s.do(http.MethodGet, "/api/2.0/mlflow/artifacts/list?run_id=none", "").Body.String())
	require.Equal(t, http.StatusNotFound, s.do(http.MethodGet, "/get-artifact?run_id=none&path=f", "").Code)
}

// endless is a body of n bytes that are made as they are read. Halfway it calls
// a function.
type endless struct {
	n, half int64
	halfway func()
}

func (e *endless) Read(b []byte) (int, error) {
	if e.n <= 0 {
		return 0, io.EOF
	}
	if e.n <= e.half {
		e.half = 0
		e.halfway()
	}
	n := min(int64(len(b)), e.n)
	e.n -= n
	return int(n), nil
}

func TestUploadStreams(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bucket := artifactdir.Open(dir)
	t.Cleanup(func() { require.NoError(t, bucket.Close()) })
	s := newServer(t, WithArtifacts(bucket))
	const size = 64 << 20
	body := &endless{n: size, half: size / 2, halfway: func() {
		files, err := filepath.Glob(filepath.Join(dir, ".artifact.uploading.*"))
		require.NoError(t, err)
		require.Len(t, files, 1)
		info, err := os.Stat(files[0])
		require.NoError(t, err)
		require.Greater(t, info.Size(), int64(size/4), "what has arrived is on disk")
	}}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, artifacts+"/big", body)
	r.Host = "localhost"
	s.ServeHTTP(newDiscard(), r)
	info, err := os.Stat(filepath.Join(dir, "big"))
	require.NoError(t, err)
	require.Equal(t, int64(size), info.Size())
}

// TestImpossibleNames: what no file can be called is absent, and no fault of the
// server's.
func TestImpossibleNames(t *testing.T) {
	t.Parallel()
	bucket := artifactdir.Open(t.TempDir())
	t.Cleanup(func() { require.NoError(t, bucket.Close()) })
	s := newServer(t, WithArtifacts(bucket))
	for _, name := range []string{"%00", "%c0%ae%c0%ae/x", strings.Repeat("x", 5000), strings.Repeat("a/", 3000) + "x", "", ".", "%2e", "./."} {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
			w := s.do(method, artifacts+"/"+name, "")
			require.Less(t, w.Code, http.StatusInternalServerError, "%s %.20s: %s", method, name, w.Body)
		}
	}
}

// TestDeleteEmptyDirectories: where files were removed, directories stay, which
// are no artifacts and in nobody's way.
func TestDeleteEmptyDirectories(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bucket := artifactdir.Open(dir)
	t.Cleanup(func() { require.NoError(t, bucket.Close()) })
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "0/r/artifacts/a/b/c"), 0o700))
	s := newServer(t, WithArtifacts(bucket))
	for _, name := range []string{"/0/r/artifacts/a", "/0/r/artifacts/a/", "/0/r/artifacts/a/."} {
		w := s.do(http.MethodDelete, artifacts+name, "")
		require.Equal(t, http.StatusOK, w.Code, "%s: %s", name, w.Body)
	}
}

// TestDirectoryBecomesFile: where a directory was deleted, a file may come; where
// one is, none may, under none of its names.
func TestDirectoryBecomesFile(t *testing.T) {
	t.Parallel()
	bucket, dir := newFileBucket(t)
	s := newServer(t, WithArtifacts(bucket))
	s.store.runs["r"] = &dynamodbstore.Run{Info: dynamodbstore.RunInfo{ArtifactURI: "mlflow-artifacts:/0/r/artifacts"}}
	require.Equal(t, http.StatusOK, s.do(http.MethodPut, artifacts+"/0/r/artifacts/a/b/c", "x").Code)
	for _, name := range []string{"/0/r/artifacts/a", "/0/r/artifacts/.", "/0/r/artifacts/new/.", "/0/r/artifacts/a/b/%2e"} {
		w := s.do(http.MethodPut, artifacts+name, "x")
		require.Equal(t, http.StatusBadRequest, w.Code, name)
		require.Contains(t, w.Body.String(), "No artifact can have the path '"+path.Clean(strings.ReplaceAll(name[1:], "%2e", "."))+"'.")
	}
	for _, name := range []string{".", "new/.", "a/./"} {
		w := s.do(http.MethodPost, "/ajax-api/2.0/mlflow/upload-artifact?run_uuid=r&path="+name, "x")
		require.Equal(t, http.StatusBadRequest, w.Code, name)
	}
	require.Equal(t, http.StatusOK, s.do(http.MethodDelete, artifacts+"/0/r/artifacts/a", "").Code)
	require.Equal(t, http.StatusOK, s.do(http.MethodPut, artifacts+"/0/r/artifacts/a", "y").Code)
	data, err := os.ReadFile(filepath.Join(dir, "0/r/artifacts/a"))
	require.NoError(t, err)
	require.Equal(t, "y", string(data))
}

func TestEscapeControl(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"a": "a", "\x00\x1f\x7f": "%00%1f%7f", "\u0085\u00a0é": "\u0085\u00a0é"} {
		require.Equal(t, want, escapeControl(in))
	}
}

func TestUploadCutShortLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bucket := artifactdir.Open(dir)
	t.Cleanup(func() { require.NoError(t, bucket.Close()) })
	server := httptest.NewServer(newServer(t, WithArtifacts(bucket)))
	u, err := url.Parse(server.URL)
	require.NoError(t, err)
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", u.Host)
	require.NoError(t, err)
	body := strings.Repeat("x", 1<<16)
	_, err = io.WriteString(conn, "PUT "+artifacts+"/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: "+
		strconv.Itoa(2*len(body))+"\r\n\r\n"+body)
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	_, err = io.Copy(io.Discard, conn) // until the server has given up
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	server.Close()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
}

func TestCheckLocation(t *testing.T) {
	t.Parallel()
	h := &handler{config: config{artifactRoots: []string{"https://own:8443/x", "mlflow-artifacts:/"}, hostSchemes: []string{"SFTP"}}}
	wd, err := os.Getwd()
	require.NoError(t, err)
	for in, want := range map[string]string{
		"": "", "s3://b/p": "s3://b/p", "/abs": "/abs", "rel/path": wd + "/rel/path", ".": wd, "file:rel": "file://" + wd + "/rel",
		"file:///abs": "file:///abs", "dbfs:/x": "dbfs:/x", "mlflow-artifacts:/x": "mlflow-artifacts:/x", "weird:x": "weird:x",
		"https://own:8443/y": "https://own:8443/y", "sftp://any/x": "sftp://any/x",
	} {
		got, err := h.checkLocation(in)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, in := range []string{"ftp://h/x", "FTP://x", " ftp://h", "mlflow-artifacts://h/x", "https://own/y", "file://host/abs", "abfss://a@b/c"} {
		_, err := h.checkLocation(in)
		require.Error(t, err, in)
	}
}

func TestProxiedRoot(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"mlflow-artifacts:/0/r/artifacts":                               "0/r/artifacts",
		"mlflow-artifacts://host:5000/0/r":                              "0/r",
		"http://host/api/2.0/mlflow-artifacts/artifacts/0/r/artifacts/": "0/r/artifacts",
	} {
		got, ok := proxiedRoot(in)
		require.True(t, ok)
		require.Equal(t, want, got)
	}
	for _, in := range []string{"s3://b/x", "/x", "https://host/x", "file:///x"} {
		_, ok := proxiedRoot(in)
		require.False(t, ok, in)
	}
}

func TestAttachment(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"y.txt": "attachment; filename=y.txt", `a"b`: `attachment; filename="a\"b"`,
		"日本": "attachment; filename=download; filename*=UTF-8''%E6%97%A5%E6%9C%AC",
	} {
		require.Equal(t, want, attachment(in))
	}
	for in, want := range map[string]string{
		"a/b.json": "text/plain", "MLmodel": "text/plain", "MLproject": "text/plain", "mlproject": "text/plain", "x.yaml": "text/plain",
		"x.png": "image/png", "x.PNG": "image/png", "x.YAML": "application/octet-stream", "x.html": "text/html", "x.svgz": "image/svg+xml",
		"model.pkl": "application/octet-stream", "x": "application/octet-stream", ".png": "application/octet-stream", "x.": "application/octet-stream",
		"x.csv.gz": "text/csv", "x.tar.gz": "application/x-tar", "x.tgz": "application/x-tar", "x.gz": "application/octet-stream",
		"gz": "application/octet-stream", "svgz": "application/octet-stream", "x.go": "application/octet-stream", "x.wav": "audio/x-wav",
	} {
		require.Equal(t, want, contentType(in))
	}
}
