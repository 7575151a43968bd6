package dynamo

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Table is a [table.Table] on DynamoDB.
type Table struct {
	api    API
	name   string
	opts   Options
	closed atomic.Bool
}

var _ table.Table = (*Table)(nil)

// New returns the named table. It makes no call.
func New(client API, name string, opts Options) *Table {
	return &Table{api: client, name: name, opts: opts.withDefaults()}
}

// Close makes every later call return [table.ErrClosed]. The client stays
// open, since it was not opened here.
func (t *Table) Close() error {
	if t.closed.Swap(true) {
		return table.ErrClosed
	}
	return nil
}

// use is called before each operation.
func (t *Table) use(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if t.closed.Load() {
		return table.ErrClosed
	}
	return nil
}

// now returns the time that items expire by, in epoch seconds.
func (t *Table) now() int64 { return t.opts.Clock().Unix() }

// try calls f until it does not fail with a conflict, with growing pauses,
// and returns its error classified. A conflict that outlasts the attempts is
// an error that wraps [table.ErrConflict]; what outlasts CallTimeout one that
// wraps [table.ErrUnavailable].
func try[T any](ctx context.Context, t *Table, f func(ctx context.Context) (T, error)) (T, error) {
	call, cancel := context.WithTimeout(ctx, t.opts.CallTimeout)
	defer cancel()
	for attempt := 1; ; attempt++ {
		out, err := f(call)
		if err == nil {
			return out, nil
		}
		err = classify(ctx, err)
		if !errors.Is(err, table.ErrConflict) || attempt >= t.opts.ConflictAttempts {
			return out, err
		}
		if err := t.pause(ctx, attempt); err != nil {
			return out, err
		}
	}
}

// pause waits before try number attempt+1, twice as long as the time before, up to
// MaxDelay, less a random part of up to a half.
func (t *Table) pause(ctx context.Context, attempt int) error {
	const maxShift = 20
	d := min(t.opts.MinDelay<<min(attempt-1, maxShift), t.opts.MaxDelay)
	d -= rand.N(d/2 + 1)
	return table.Wait(ctx, d)
}

// units returns the units of one table in a reply.
func units(cc *types.ConsumedCapacity) float64 {
	if cc == nil || cc.CapacityUnits == nil {
		return 0
	}
	return *cc.CapacityUnits
}
