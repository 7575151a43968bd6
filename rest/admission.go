package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// DefaultMaxRequests is how many JSON requests a handler works on at a time.
const DefaultMaxRequests = 1000

// admissionWait is how long a request waits for others to end. It is short
// beside the timeouts of clients, and as long as a burst of throttling takes.
const admissionWait = 2 * time.Second

// admitted bounds how many requests an endpoint and all others of the handler
// work on. It comes before the body is read, so that what slow requests hold in
// memory is bounded, and what waits for them holds next to nothing.
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
		return &dynamodbstore.Error{
			Code:    dynamodbstore.CodeTemporarilyUnavailable,
			Message: "The server has too many requests under way, please try again later.",
		}
	case <-ctx.Done():
		return ctx.Err()
	}
}
