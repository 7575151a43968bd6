package rest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMaxRequests fills a handler: what waits too long is refused, what gets a
// place in time is not, and who goes away while waiting leaves no trace.
func TestMaxRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, WithMaxRequests(2))
		release := make(chan struct{})
		s.store.hook = func() { <-release }
		get := func(ctx context.Context) *httptest.ResponseRecorder {
			r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/2.0/mlflow/runs/get?run_id=r", nil)
			r.Host = "localhost"
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			return w
		}
		answers := make(chan *httptest.ResponseRecorder, 3)
		for range 2 {
			go func() { answers <- get(t.Context()) }()
		}
		synctest.Wait()
		began := time.Now()
		w := get(t.Context())
		require.Equal(t, http.StatusTooManyRequests, w.Code)
		require.Regexp(t, "^[2-8]$", w.Header().Get("Retry-After"))
		require.Contains(t, w.Body.String(), `"RESOURCE_EXHAUSTED"`)
		require.Equal(t, admissionWait, time.Since(began))
		require.Equal(t, http.StatusOK, s.do(http.MethodGet, "/health", "").Code)
		require.Equal(t, http.StatusOK,
			s.do(http.MethodPut, "/api/2.0/mlflow-artifacts/artifacts/a", strings.Repeat("x", 1000)).Code, "artifacts pass")

		ctx, cancel := context.WithTimeout(t.Context(), admissionWait/2)
		defer cancel()
		require.Equal(t, statusClientClosedRequest, get(ctx).Code)

		go func() { answers <- get(t.Context()) }()
		synctest.Wait() // it waits
		close(release)
		for range 3 {
			require.Equal(t, http.StatusOK, (<-answers).Code)
		}
	})
}
