package rest

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// spillBytes is how much of an answer is held. What is smaller goes out in one
// write, with its length.
const spillBytes = 512 << 10

// answer is the body of an answer while it is made. One that becomes large is
// sent in pieces. An error before the first piece is answered as any other; one
// behind it cuts the connection, so that no client takes a part for the whole.
type answer struct {
	w     http.ResponseWriter
	b     []byte
	begun bool
	err   error // that of sending; nothing is sent any more
}

//nolint:gochecknoglobals // a pool is a cache without state that anyone could see
var answers = sync.Pool{New: func() any { return &answer{b: make([]byte, 0, 4096)} }}

func newAnswer(w http.ResponseWriter) *answer {
	a := answers.Get().(*answer) //nolint:forcetypeassert // the pool holds nothing else
	*a = answer{w: w, b: a.b[:0]}
	return a
}

// free gives the answer back; it must not be used any more.
func (a *answer) free() {
	if cap(a.b) <= maxPooledBuffer {
		*a = answer{b: a.b}
		answers.Put(a)
	}
}

// spill sends what was appended to b, if that is much, and returns what to go on
// appending to: the last byte stays, which those who append look at. It may be
// called between any two elements. A nil answer keeps everything.
func (a *answer) spill(b []byte) []byte {
	if a == nil || len(b) < spillBytes {
		return b
	}
	last := b[len(b)-1]
	a.send(b[:len(b)-1])
	return append(b[:0], last)
}

// send sends a piece.
func (a *answer) send(b []byte) {
	if a.err != nil {
		return
	}
	if !a.begun {
		a.begun = true
		a.w.Header()["Content-Type"] = jsonType
		a.w.WriteHeader(http.StatusOK)
	}
	if _, err := a.w.Write(b); !errors.Is(err, http.ErrBodyNotAllowed) { // as that of a HEAD is not
		a.err = err
	}
}

// end sends the rest.
func (a *answer) end() {
	if !a.begun {
		writeJSON(a.w, http.StatusOK, a.b)
		return
	}
	a.send(a.b)
}

// streamed makes an endpoint whose answer may be large.
func streamed[T any](h *handler, p *wire.Request[T], respond func(ctx context.Context, a *answer, q *T) error) http.HandlerFunc {
	return h.withBody((*handler).readJSON, func(w http.ResponseWriter, r *http.Request, body *heldBody) {
		q, err := readRequest(p, r, body.data)
		if err != nil {
			h.writeError(w, r, err)
			return
		}
		body.drop()
		a := newAnswer(w)
		defer a.free()
		h.finish(a, r, respond(r.Context(), a, q))
	})
}

// finish ends an answer, or does what is to be done about an error.
func (h *handler) finish(a *answer, r *http.Request, err error) {
	switch {
	case err != nil && !a.begun:
		h.writeError(a.w, r, err)
		return
	case err == nil:
		a.end()
	case a.err == nil && r.Context().Err() == nil:
		h.log.LogAttrs(r.Context(), slog.LevelError, "answer was cut short", slog.String("path", r.URL.Path), slog.Any("error", err))
	}
	if err != nil || a.begun && a.err != nil {
		panic(http.ErrAbortHandler) // the client must not take it for the whole
	}
}

// visitor is a [Store] that hands over what it finds one by one, as
// a Store of the root package does. Of another the handler holds whole pages.
type visitor interface {
	VisitRuns(
		ctx context.Context, p mlflow.SearchRunsParams, visit func(*mlflow.Run) error,
	) (nextPageToken string, err error)
	VisitMetricHistory(
		ctx context.Context, p mlflow.MetricHistoryParams, visit func(mlflow.Metric) error,
	) (nextPageToken string, err error)
}

func (x runEndpoints) visitRuns(
	ctx context.Context, p mlflow.SearchRunsParams, visit func(*mlflow.Run) error,
) (string, error) {
	if v, ok := x.store.of(ctx).(visitor); ok {
		return v.VisitRuns(ctx, p, visit)
	}
	page, err := x.store.of(ctx).SearchRuns(ctx, p)
	return visitPage(page, err, visit)
}

func (x metricEndpoints) visitHistory(
	ctx context.Context, p mlflow.MetricHistoryParams, visit func(mlflow.Metric) error,
) (string, error) {
	if v, ok := x.store.of(ctx).(visitor); ok {
		return v.VisitMetricHistory(ctx, p, visit)
	}
	page, err := x.store.of(ctx).MetricHistory(ctx, p)
	return visitPage(page, err, visit)
}

func visitPage[T any](page mlflow.Page[T], err error, visit func(T) error) (string, error) {
	if err != nil {
		return "", err
	}
	for _, x := range page.Items {
		if err := visit(x); err != nil {
			return "", err
		}
	}
	return page.NextPageToken, nil
}
