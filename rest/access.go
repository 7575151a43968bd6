package rest

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// logged writes the access log, one record at the level debug for a request,
// and turns panics into answers.
func (h *handler) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder{ResponseWriter: w}
		defer h.recover(rec, r)
		if r.ContentLength != 0 && r.ProtoMajor == 1 { // HTTP/2 has streams that end by themselves
			r = rec.hold(r)
			defer rec.body.end()
		}
		if !h.log.Enabled(r.Context(), slog.LevelDebug) {
			next.ServeHTTP(rec, r)
			return
		}
		start := time.Now() //nolint:forbidigo // it is for the log alone
		ctx, cost := r.Context(), func() []slog.Attr { return nil }
		if h.newMeter != nil {
			ctx, cost = h.newMeter(ctx)
		}
		r = r.WithContext(ctx)
		defer func() { h.logAccess(rec, r, start, cost()) }()
		next.ServeHTTP(rec, r)
	})
}

func (h *handler) logAccess(rec *recorder, r *http.Request, start time.Time, cost []slog.Attr) {
	pattern := "unknown"
	if res := h.find(r.URL.Path); res != nil {
		pattern = res.pattern
	}
	attrs := append([]slog.Attr{
		slog.String("method", r.Method),
		slog.String("route", pattern),
		slog.Int("status", rec.status),
		slog.Duration("duration", time.Since(start)),
		slog.Int64("bytes", rec.bytes),
		slog.String("request_id", requestID(r)),
	}, cost...)
	h.log.LogAttrs(context.WithoutCancel(r.Context()), slog.LevelDebug, "request", attrs...)
}

// requestID returns the id that a proxy gave the request, or a random one.
func requestID(r *http.Request) string {
	if id := r.Header.Get("X-Request-Id"); id != "" && len(id) <= 128 {
		return id
	}
	return strconv.FormatUint(rand.Uint64(), 16)
}

func (h *handler) recover(rec *recorder, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler { //nolint:errorlint,err113 // net/http compares it so too
		panic(cause)
	}
	h.log.LogAttrs(r.Context(), slog.LevelError, "panic", slog.String("path", r.URL.Path),
		slog.String("cause", fmt.Sprint(cause)), slog.String("stack", string(debug.Stack())))
	if rec.status != 0 {
		panic(http.ErrAbortHandler) // too late for another answer
	}
	writeJSON(rec, http.StatusInternalServerError, appendError(nil, &mlflow.Error{
		Code: mlflow.CodeInternalError, Message: internalText,
	}))
}

// recorder remembers what was answered, and deals with what is left of the body
// of the request when it is.
type recorder struct {
	http.ResponseWriter
	status  int
	bytes   int64
	request http.Request // a copy whose body is the next field
	body    movingBody
}

// hold returns a request whose body has to move.
func (r *recorder) hold(of *http.Request) *http.Request {
	r.body.init(r.ResponseWriter, of)
	r.request = *of
	r.request.Body = &r.body
	return &r.request
}

func (r *recorder) WriteHeader(code int) {
	if r.status == 0 {
		r.status = code
		if r.body.inner != nil {
			r.body.settle(r.Header())
		}
	}
	r.ResponseWriter.WriteHeader(code)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err //nolint:wrapcheck // it stands in for the writer
}

// Unwrap lets [http.ResponseController] reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
