package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// TestStatus is mlflow/exceptions.py of MLflow 3.18.0, but for FEATURE_DISABLED.
func TestStatus(t *testing.T) {
	t.Parallel()
	for code, want := range map[dynamodbstore.Code]int{
		"INTERNAL_ERROR": 500, "INVALID_STATE": 500, "DATA_LOSS": 500, "NOT_IMPLEMENTED": 501,
		"TEMPORARILY_UNAVAILABLE": 503, "DEADLINE_EXCEEDED": 504, "REQUEST_LIMIT_EXCEEDED": 429, "CANCELLED": 499,
		"RESOURCE_EXHAUSTED": 429, "ABORTED": 409, "RESOURCE_CONFLICT": 409, "ALREADY_EXISTS": 409, "NOT_FOUND": 404,
		"ENDPOINT_NOT_FOUND": 404, "RESOURCE_DOES_NOT_EXIST": 404, "PERMISSION_DENIED": 403, "CUSTOMER_UNAUTHORIZED": 401,
		"UNAUTHENTICATED": 401, "BAD_REQUEST": 400, "RESOURCE_ALREADY_EXISTS": 400, "INVALID_PARAMETER_VALUE": 400,
		"FEATURE_DISABLED": 400, "ANYTHING_ELSE": 500,
	} {
		require.Equal(t, want, kindOf(code).status, code)
	}
}

// syncBuffer collects a log that several goroutines write.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func logTo(w *syncBuffer, level slog.Level) Option {
	return WithLogger(slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level})))
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		err    error
		status int
		body   string
		retry  bool
		logged int
	}{
		{
			"of a client", &dynamodbstore.Error{Code: dynamodbstore.CodeResourceAlreadyExists, Message: "it's \"é\""}, 400,
			`{"error_code": "RESOURCE_ALREADY_EXISTS", "message": "it's \"\u00e9\"", "sqlstate": "KAM00", ` +
				`"error_class": "RESOURCE_ALREADY_EXISTS"}`, false, 0,
		},
		{
			"wrapped", fmt.Errorf("x: %w", &dynamodbstore.Error{Code: dynamodbstore.CodeNotFound, Message: "m"}), 404,
			`{"error_code": "NOT_FOUND", "message": "m", "sqlstate": "KAM00", "error_class": "RESOURCE_NOT_FOUND"}`, false, 0,
		},
		{
			"throttled", &dynamodbstore.Error{Code: dynamodbstore.CodeResourceExhausted, Message: "m", Err: errors.New("secret")},
			429, `{"error_code": "RESOURCE_EXHAUSTED", "message": "m"}`, true, 1,
		},
		{
			"unavailable", &dynamodbstore.Error{Code: dynamodbstore.CodeTemporarilyUnavailable, Message: "m"}, 503,
			`{"error_code": "TEMPORARILY_UNAVAILABLE", "message": "m", "sqlstate": "XXM00", "error_class": "CLIENT_INTERNAL_ERROR"}`,
			true, 0,
		},
		{
			"not for clients", errors.New("secret"), 500, `{"error_code": "INTERNAL_ERROR", "message": "` + internalText +
				`", "sqlstate": "XXM00", "error_class": "CLIENT_INTERNAL_ERROR"}`, false, 1,
		},
		{
			"timeout", context.DeadlineExceeded, 504,
			`{"error_code": "DEADLINE_EXCEEDED", "message": "The request timed out."}`, false, 1,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var log syncBuffer
			s := newServer(t, logTo(&log, slog.LevelInfo))
			s.store.err = tc.err
			w := s.do(http.MethodGet, "/api/2.0/mlflow/runs/get?run_id=r", "")
			require.Equal(t, tc.status, w.Code)
			require.Equal(t, tc.body, w.Body.String())
			if tc.retry {
				require.Regexp(t, "^[2-8]$", w.Header().Get("Retry-After"))
			} else {
				require.Empty(t, w.Header().Get("Retry-After"))
			}
			require.Equal(t, tc.logged, strings.Count(log.String(), "\n"), log.String())
		})
	}
}

func TestClientGone(t *testing.T) {
	t.Parallel()
	var log syncBuffer
	s := newServer(t, logTo(&log, slog.LevelInfo))
	ctx, cancel := context.WithCancel(t.Context())
	s.store.hook = cancel
	s.store.err = context.Canceled
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/api/2.0/mlflow/runs/get?run_id=r", nil)
	require.NoError(t, err)
	r.Host = "localhost"
	w := newDiscard()
	s.ServeHTTP(w, r)
	require.Equal(t, statusClientClosedRequest, w.status)
	require.Empty(t, log.String())
}

func TestPanic(t *testing.T) {
	t.Parallel()
	var log syncBuffer
	s := newServer(t, logTo(&log, slog.LevelInfo))
	s.store.hook = func() { panic("secret") }
	w := s.post("runs/log-metric", `{"run_id":"r","key":"k","value":1,"timestamp":1}`)
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.Contains(t, w.Body.String(), internalText)
	require.NotContains(t, w.Body.String(), "secret")
	require.Equal(t, 1, strings.Count(log.String(), "\n"))
	require.Contains(t, log.String(), "cause=secret")
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	var log syncBuffer
	s := newServer(t, logTo(&log, slog.LevelDebug), WithMeter(func(ctx context.Context) (context.Context, func() []slog.Attr) {
		return ctx, func() []slog.Attr { return []slog.Attr{slog.Int("units", 7)} }
	}))
	s.do(http.MethodPost, "/ajax-api/2.0/mlflow/runs/set-tag", `{"run_id":"r","key":"password","value":"hunter2"}`, "X-Request-Id", "abc")
	s.do(http.MethodGet, "/api/2.0/mlflow-artifacts/artifacts/a/b/c", "")
	s.do(http.MethodGet, "/wp-admin", "")
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	require.Len(t, lines, 3)
	require.Contains(t, lines[0], "method=POST route=/ajax-api/2.0/mlflow/runs/set-tag status=200")
	require.Contains(t, lines[0], "bytes=2 request_id=abc units=7")
	require.NotContains(t, log.String(), "hunter2")
	require.NotContains(t, log.String(), "password")
	require.Contains(t, lines[1], "route=/api/2.0/mlflow-artifacts/artifacts/<path:artifact_path> status=404")
	require.Contains(t, lines[2], "route=unknown status=404")
}

func TestNewHandlerChecksOptions(t *testing.T) {
	t.Parallel()
	_, err := NewHandler(nil, WithStaticPrefix("x"), WithMaxBody(0), WithMaxRequests(0))
	require.ErrorContains(t, err, "no store")
	require.ErrorContains(t, err, "static prefix")
	require.ErrorContains(t, err, "limit of bodies")
	require.ErrorContains(t, err, "limit of requests")
}

// discard is a response writer that costs nothing.
type discard struct {
	header http.Header
	status int
}

func newDiscard() *discard { return &discard{header: http.Header{}} }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(code int)        { d.status = code }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
