package table

import "context"

type deferKey struct{}

// DeferSync returns a context whose writes a table that syncs its writes in
// order may acknowledge before they are synced. Use it for all but the last
// write of an operation: the sync of a later write covers the earlier ones, so
// what is acknowledged to a caller is on disk all the same. DynamoDB ignores
// it.
func DeferSync(ctx context.Context) context.Context {
	return context.WithValue(ctx, deferKey{}, true)
}

// SyncNow returns a context whose writes are synced before they are
// acknowledged, whatever ctx says: for what others wait for too.
func SyncNow(ctx context.Context) context.Context {
	if !SyncDeferred(ctx) {
		return ctx
	}
	return context.WithValue(ctx, deferKey{}, false)
}

// SyncDeferred reports whether ctx comes from [DeferSync].
func SyncDeferred(ctx context.Context) bool {
	deferred, ok := ctx.Value(deferKey{}).(bool)
	return ok && deferred
}

// Syncer is a table whose writes can be read before they are synced.
type Syncer interface {
	// Sync returns once everything that could be read when it was called is
	// synced. It costs no units.
	Sync(ctx context.Context) error
}

// Sync waits until what has been read of t is there to stay. Call it before
// acknowledging that something was there already.
func Sync(ctx context.Context, t Table) error {
	if s, ok := t.(Syncer); ok {
		return s.Sync(ctx)
	}
	return nil
}
