package table

import (
	"context"
	"time"
)

// Wait waits for a time that has to pass for everybody, or until the context ends,
// whose error it returns then.
func Wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
