package dynamodbstore

import (
	"context"
	"math"

	"golang.org/x/time/rate"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// passOptions are the options of a pass over many items.
type passOptions struct {
	unitsPerSecond float64        // 0: no bound
	report         func(progress) // from one goroutine; may be nil
	restart        bool
}

// progress says how far a pass has come.
type progress struct {
	seen    int64 // items looked at
	changed int64 // items written or removed, or that would be in a dry run
	// total is about how many items the pass will look at; 0: not known.
	total int64
	units table.Units // spent so far
	// doing says what the pass does instead of looking at items; mostly "".
	doing string
}

// pass counts and slows down one pass.
type pass struct {
	opts    passOptions
	meter   table.Meter
	limiter *rate.Limiter // nil: no limit
	paid    float64       // units that the limiter knows of
	at      progress
}

// newPass returns a pass and the context in which its table calls are counted.
func newPass(ctx context.Context, opts passOptions) (*pass, context.Context, error) {
	if opts.unitsPerSecond < 0 || math.IsNaN(opts.unitsPerSecond) || math.IsInf(opts.unitsPerSecond, 0) {
		return nil, nil, invalidf("Units per second must be a positive number or 0, not %g.", opts.unitsPerSecond)
	}
	p := &pass{opts: opts}
	if opts.unitsPerSecond > 0 {
		p.limiter = rate.NewLimiter(rate.Limit(opts.unitsPerSecond), int(math.Ceil(opts.unitsPerSecond)))
	}
	return p, table.WithMeter(ctx, &p.meter), nil
}

// step records what has been done and waits until the units that were spent
// are within the bound. Call it after every few table calls.
func (p *pass) step(ctx context.Context, seen, changed int64) error {
	p.at.seen += seen
	p.at.changed += changed
	p.at.units = p.meter.Units()
	if p.opts.report != nil {
		p.opts.report(p.at)
	}
	if p.limiter == nil {
		return ctx.Err()
	}
	due := int(math.Ceil(p.at.units.Read + p.at.units.Write - p.paid))
	p.paid += float64(due)
	for due > 0 {
		n := min(due, p.limiter.Burst())
		// It waits for no more than the bucket holds, so it fails only because
		// the context has ended or would end before.
		if p.limiter.WaitN(ctx, n) != nil {
			if err := ctx.Err(); err != nil {
				return err
			}
			return context.DeadlineExceeded
		}
		due -= n
	}
	return ctx.Err()
}
