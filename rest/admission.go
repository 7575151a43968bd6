package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// DefaultMaxRequests is how many JSON requests a handler works on at a time.
const DefaultMaxRequests = 1000

// admissionWait is how long a request waits for others to end. It is short
// beside the timeouts of clients, and as long as a burst of throttling takes.
const admissionWait = 2 * time.Second

// withBody makes an endpoint that is called with the body of the request, once
// all of it has arrived and the request is admitted: a client that is slow to
// send takes no place from others.
func (h *handler) withBody(
	read func(*handler, *http.Request) (heldBody, error), next func(http.ResponseWriter, *http.Request, *heldBody),
) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := read(h, r)
		defer body.free()
		if err == nil {
			err = h.admit(r.Context())
		}
		if err != nil {
			h.writeError(w, r, err)
			return
		}
		defer func() { <-h.slots }()
		next(w, r, &body)
	}
}

// admitted bounds how many requests an endpoint and all others of the handler
// work on. What they hold in memory before is bounded by [WithBodyMemory].
func (h *handler) admitted(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h.admit(r.Context()); err != nil {
			h.writeError(w, r, err)
			return
		}
		defer func() { <-h.slots }()
		next(w, r)
	}
}

// admit waits until there is room for a request, and takes it.
func (h *handler) admit(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(admissionWait)
	defer timer.Stop()
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-timer.C:
		// Clients repeat this whatever they ask for: nothing has been done.
		return &mlflow.Error{
			Code:    mlflow.CodeResourceExhausted,
			Message: "The server has too many requests under way, please try again later.",
		}
	case <-ctx.Done():
		return ctx.Err()
	}
}
