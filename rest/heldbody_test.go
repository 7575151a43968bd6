package rest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestBodiesOfAllSizes: what arrives is what was sent, however it had to grow.
func TestBodiesOfAllSizes(t *testing.T) {
	t.Parallel()
	const limit = 3 << 20
	h := &handler{bodies: newBodyMemory(LeastBodyMemory(limit))}
	for _, size := range []int{
		0, 1, freeBody - 1, freeBody, freeBody + 1, smallStep, freeBody + smallStep, freeBody + smallStep + 1, 256 << 10,
		smallBody - 1, smallBody, smallBody + 1, 2*smallBody + freeBody, limit - 1, limit,
	} {
		sent := bytes.Repeat([]byte("0123456789\n"), size/11+1)[:size]
		for name, length := range map[string]int64{"length": int64(size), "chunked": -1} {
			t.Run(fmt.Sprint(size, " ", name), func(t *testing.T) {
				t.Parallel()
				r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", iotest.HalfReader(bytes.NewReader(sent)))
				r.ContentLength = length
				body, err := h.readBody(r, limit, bodyTooLarge)
				require.NoError(t, err)
				require.Equal(t, string(sent), string(body.data))
				require.LessOrEqual(t, int64(len(body.data)), freeBody+body.share)
				require.LessOrEqual(t, body.share, int64(size+2*largeStep))
				require.Equal(t, size >= smallBody, body.region != nil)
				body.free()
				require.Nil(t, body.data)
				require.Zero(t, body.share)
			})
		}
	}
	t.Cleanup(func() { requireAllFree(t, h, LeastBodyMemory(limit)) })
}

// requireAllFree wants nothing of what bodies may take to be taken.
func requireAllFree(t *testing.T, h *handler, memory int64) {
	t.Helper()
	require.True(t, h.bodies.small.TryAcquire(memory/3))
	require.True(t, h.bodies.large.TryAcquire(memory-memory/3))
}

// TestLengthIsNotBelieved: a header that promises much takes no memory.
func TestLengthIsNotBelieved(t *testing.T) {
	t.Parallel()
	h := &handler{bodies: newBodyMemory(LeastBodyMemory(DefaultMaxBody))}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", iotest.ErrReader(io.ErrUnexpectedEOF))
	r.ContentLength = DefaultMaxBody
	body, err := h.readBody(r, DefaultMaxBody, bodyTooLarge)
	require.Error(t, err)
	require.Zero(t, body.share)
	require.Nil(t, body.region)
	require.LessOrEqual(t, cap(body.data), maxPooledBuffer)
	body.free()
}

// arriving is a request whose body is sent by the test.
type arriving struct {
	*io.PipeWriter
	answer chan *httptest.ResponseRecorder
}

func (s *testServer) arrive(ctx context.Context, path string, length int) *arriving {
	out, in := io.Pipe()
	a := &arriving{in, make(chan *httptest.ResponseRecorder, 1)}
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/api/2.0/mlflow/"+path, out)
	r.ContentLength = int64(length)
	r.Host = "localhost"
	r.Header.Set("Content-Type", "application/json")
	go func() {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		_ = out.Close()
		a.answer <- w
	}()
	return a
}

// TestBodyMemory has bodies that want more together than there is: some arrive,
// others are told to come back, none waits for ever, and all is given back.
func TestBodyMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const most, size = 8 << 20, 7 << 20
		s := newServer(t, WithMaxBody(most))
		var bodies []*arriving
		for range 12 {
			bodies = append(bodies, s.arrive(t.Context(), "runs/search", size))
		}
		began := time.Now()
		codes := map[int]int{}
		for _, b := range bodies {
			go func() {
				chunk := []byte(strings.Repeat(" ", size/14))
				for range 14 {
					if _, err := b.Write(chunk); err != nil {
						return
					}
					time.Sleep(10 * time.Millisecond)
				}
				_ = b.Close()
			}()
		}
		for _, b := range bodies {
			w := <-b.answer
			codes[w.Code]++
			if w.Code == http.StatusTooManyRequests {
				require.Regexp(t, "^[2-8]$", w.Header().Get("Retry-After"))
				require.Contains(t, w.Body.String(), "RESOURCE_EXHAUSTED")
			}
		}
		require.Equal(t, 12, codes[http.StatusOK]+codes[http.StatusTooManyRequests], codes)
		require.Positive(t, codes[http.StatusOK])
		require.Positive(t, codes[http.StatusTooManyRequests])
		require.Less(t, time.Since(began), 12*admissionWait)
		time.Sleep(time.Second)
		// All of it is there again.
		b := s.arrive(t.Context(), "runs/search", most)
		_, err := b.Write([]byte(strings.Repeat(" ", most)))
		require.NoError(t, err)
		require.NoError(t, b.Close())
		require.Equal(t, http.StatusOK, (<-b.answer).Code)
	})
}

// TestSmallBodiesPass: large bodies leave room for small ones.
func TestSmallBodiesPass(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const most = 8 << 20
		s := newServer(t, WithMaxBody(most))
		large := s.arrive(t.Context(), "experiments/create", most)
		_, err := large.Write([]byte(strings.Repeat(" ", most-1)))
		require.NoError(t, err)
		synctest.Wait()
		began := time.Now()
		body := `{"name":"` + strings.Repeat("x", smallBody/2) + `"}`
		require.Equal(t, http.StatusOK, s.post("experiments/create", body).Code)
		require.Zero(t, time.Since(began))
		other := s.post("experiments/create", strings.Repeat(" ", 3*smallBody))
		require.Equal(t, http.StatusTooManyRequests, other.Code)
		require.LessOrEqual(t, time.Since(began), admissionWait)
		require.NoError(t, large.CloseWithError(io.ErrUnexpectedEOF))
		require.Equal(t, http.StatusBadRequest, (<-large.answer).Code)
	})
}

// TestSlowClientsTakeNoPlace: requests that are still on their way keep nobody
// out.
func TestSlowClientsTakeNoPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, WithMaxRequests(2))
		began := time.Now()
		var slow []*arriving
		for _, path := range []string{"runs/search", "runs/log-batch", "../../../graphql", "../../../ajax-api/2.0/mlflow/upload-artifact"} {
			for range 250 {
				a := s.arrive(t.Context(), path, 100)
				_, err := a.Write([]byte("{"))
				require.NoError(t, err)
				slow = append(slow, a)
			}
		}
		synctest.Wait()
		require.Equal(t, http.StatusOK, s.post("runs/search", `{"experiment_ids":["0"]}`).Code)
		require.Equal(t, http.StatusOK, s.do(http.MethodGet, "/api/2.0/mlflow/runs/get?run_id=r", "").Code)
		require.Zero(t, time.Since(began))
		for _, a := range slow {
			require.NoError(t, a.Close())
			<-a.answer
		}
	})
}

// TestGraphBody: what is read of a query takes a multiple of it.
func TestGraphBody(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	w := s.do(http.MethodPost, "/graphql", `{"query":"`+strings.Repeat(" ", maxGraphBody)+`"}`)
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Contains(t, w.Body.String(), "The body is larger than the limit of 1048576 bytes.")
}

func TestBodyMemoryOption(t *testing.T) {
	t.Parallel()
	_, err := NewHandler(&fakeStore{}, WithMaxBody(8<<20), WithBodyMemory(8<<20))
	require.ErrorContains(t, err, "the memory for bodies must be 14155776 bytes at least")
	_, err = NewHandler(&fakeStore{}, WithMaxBody(8<<20), WithBodyMemory(LeastBodyMemory(8<<20)))
	require.NoError(t, err)
}
