package rest

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"

	"golang.org/x/sync/semaphore"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

const (
	// freeBody is as much of a body as is not counted: what a connection takes
	// anyway is more.
	freeBody = 4 << 10
	// smallBody is how large a body may become on the heap. A full batch of
	// metrics is smaller.
	smallBody = 1 << 20
	// smallStep and largeStep are by how much the share of a body grows.
	smallStep = 64 << 10
	largeStep = 1 << 20
)

// bodyMemory is what the bodies of all requests may take together. A third of it
// is kept for small ones, lest a few large ones keep everybody out.
type bodyMemory struct{ small, large *semaphore.Weighted }

func newBodyMemory(n int64) bodyMemory {
	return bodyMemory{semaphore.NewWeighted(n / 3), semaphore.NewWeighted(n - n/3)}
}

// LeastBodyMemory is the least that [WithBodyMemory] may be beside a
// [WithMaxBody], both in bytes: what the largest body and a small one take.
func LeastBodyMemory(largest int64) int64 {
	return max(3*(largest+largeStep)/2, 3*(smallBody+smallStep))
}

// heldBody is the body of a request in memory, with its share of what all bodies
// may take. What has arrived is the measure of both: the length in the header is
// only believed to be no less.
//
// It begins in a buffer on the heap. One that becomes large goes on in a region
// outside of it, which takes memory as it is written to, need not be copied to
// grow, and goes back to the system at once.
type heldBody struct {
	data   []byte
	pooled *[]byte
	region []byte
	share  int64
	of     *semaphore.Weighted
}

// readBody reads a whole body of at most limit bytes; tooLarge is the error of a
// larger one. The caller frees it, also after an error.
func (h *handler) readBody(r *http.Request, limit int64, tooLarge func(limit int64) error) (heldBody, error) {
	var b heldBody
	if r.ContentLength > limit {
		return b, tooLarge(limit)
	}
	b.pooled = getBuffer()
	b.data, b.of = *b.pooled, h.bodies.small
	in := io.LimitReader(r.Body, limit+1)
	for {
		if err := b.grow(r, h.bodies, limit); err != nil {
			return b, err
		}
		n, err := in.Read(b.data[len(b.data):min(cap(b.data), freeBody+int(b.share))])
		b.data = b.data[:len(b.data)+n]
		switch {
		case int64(len(b.data)) > limit:
			return b, tooLarge(limit)
		case err == io.EOF:
			return b, nil
		case errors.Is(err, errSlowBody):
			return b, err //nolint:wrapcheck // writeError knows it
		case err != nil:
			return b, invalid("Bad Request. The body could not be read.")
		}
	}
}

func bodyTooLarge(limit int64) error {
	return invalid("Bad Request. The body is larger than the limit of " + strconv.FormatInt(limit, 10) + " bytes.")
}

// grow makes room for more of a body of at most limit bytes.
func (b *heldBody) grow(r *http.Request, all bodyMemory, limit int64) error {
	size := len(b.data)
	if size < cap(b.data) && size < freeBody+int(b.share) {
		return nil
	}
	switch {
	case b.region != nil:
		return b.claim(r.Context(), largeStep)
	case size >= smallBody:
		return b.move(r.Context(), all, limit)
	case size >= freeBody+int(b.share):
		if err := b.claim(r.Context(), smallStep); err != nil {
			return err
		}
	}
	if size == cap(b.data) {
		next := min(4*size, smallBody)
		if n := r.ContentLength + 1; n > int64(size) && n < int64(next) {
			next = int(n)
		}
		*b.pooled = append(make([]byte, 0, next), b.data...)
		b.data = *b.pooled
	}
	return nil
}

// move moves a body out of the heap.
func (b *heldBody) move(ctx context.Context, all bodyMemory, limit int64) error {
	small := *b
	*b = heldBody{data: small.data, of: all.large}
	defer small.free()
	if err := b.claim(ctx, int64(len(small.data))+largeStep); err != nil {
		return err
	}
	var err error
	if b.region, err = newRegion(int(limit) + 1); err != nil {
		return errBodiesFull(err)
	}
	b.data = b.region[:copy(b.region, small.data)]
	return nil
}

// claim takes n bytes more. A body that does not get them in time is refused,
// and gives back what it holds: so bodies that wait for one another do not for
// long. They wait for times that differ, so that not all of them are refused.
func (b *heldBody) claim(ctx context.Context, n int64) error {
	if !b.of.TryAcquire(n) {
		wait, cancel := context.WithTimeout(ctx, admissionWait-rand.N(admissionWait/2))
		defer cancel()
		if err := b.of.Acquire(wait, n); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return errBodiesFull(nil)
		}
	}
	b.share += n
	return nil
}

func errBodiesFull(cause error) error {
	return &mlflow.Error{
		Code:    mlflow.CodeResourceExhausted,
		Message: "The server has no memory left for the bodies of requests, please try again later.",
		Err:     cause,
	}
}

// drop gives the memory of a body back, and keeps its share: what was made of
// the body takes as much.
func (b *heldBody) drop() {
	if b.pooled != nil {
		putBuffer(b.pooled)
	}
	if b.region != nil {
		freeRegion(b.region)
	}
	b.data, b.pooled, b.region = nil, nil, nil
}

// free gives back the memory of a body and its share.
func (b *heldBody) free() {
	b.drop()
	if b.share > 0 {
		b.of.Release(b.share)
	}
	b.share = 0
}
