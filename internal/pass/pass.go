// Package pass counts and slows down passes over many items.
package pass

import (
	"context"
	"math"

	"golang.org/x/time/rate"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Options are the options of a pass over many items.
type Options struct {
	UnitsPerSecond float64        // 0: no bound
	Report         func(Progress) // from one goroutine; may be nil
	Restart        bool
}

// Progress says how far a pass has come.
type Progress struct {
	Seen    int64 // items looked at
	Changed int64 // items written or removed, or that would be in a dry run
	// Total is about how many items the pass will look at; 0: not known.
	Total int64
	Units table.Units // spent so far
	// Doing says what the pass does instead of looking at items; mostly "".
	Doing string
}

// Pass counts and slows down one pass.
type Pass struct {
	opts    Options
	meter   table.Meter
	limiter *rate.Limiter // nil: no limit
	paid    float64       // units that the limiter knows of
	At      Progress
}

// New returns a pass and the context in which its table calls are counted.
func New(ctx context.Context, opts Options) (*Pass, context.Context, error) {
	if opts.UnitsPerSecond < 0 || math.IsNaN(opts.UnitsPerSecond) || math.IsInf(opts.UnitsPerSecond, 0) {
		return nil, nil, failure.Invalidf("Units per second must be a positive number or 0, not %g.", opts.UnitsPerSecond)
	}
	p := &Pass{opts: opts}
	if opts.UnitsPerSecond > 0 {
		p.limiter = rate.NewLimiter(rate.Limit(opts.UnitsPerSecond), int(math.Ceil(opts.UnitsPerSecond)))
	}
	return p, table.WithMeter(ctx, &p.meter), nil
}

// Units returns what has been spent so far.
func (p *Pass) Units() table.Units { return p.meter.Units() }

// Step records what has been done and waits until the units that were spent
// are within the bound. Call it after every few table calls.
func (p *Pass) Step(ctx context.Context, seen, changed int64) error {
	p.At.Seen += seen
	p.At.Changed += changed
	p.At.Units = p.meter.Units()
	if p.opts.Report != nil {
		p.opts.Report(p.At)
	}
	if p.limiter == nil {
		return ctx.Err()
	}
	due := int(math.Ceil(p.At.Units.Read + p.At.Units.Write - p.paid))
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
