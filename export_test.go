package dynamodbstore

import (
	"context"
	"math"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/fence"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/history"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// TimesAsGiven is [WithTimesAsGiven] for all calls of a Store.
func TimesAsGiven() Option { return func(o *options) { o.TimesAsGiven = true } }

// SettleIdle settles a run as a search that came across it would.
func SettleIdle(ctx context.Context, s *Store, run string) error {
	return s.fence.SettleIdle(ctx, fence.IdleRun{ID: run, Part: 1, Gen: math.MaxInt64})
}

// RunIndexKeys returns the keys of the index rows that a run has to have.
func RunIndexKeys(ctx context.Context, s *Store, id string) ([]table.Key, error) {
	l, err := s.fence.Load(ctx, id)
	if err != nil {
		return nil, err
	}
	rules, err := s.fence.IndexRules(ctx, l.Head.Exp)
	if err != nil {
		return nil, err
	}
	return run.New(s.view).Index(l.Packed(), rules), nil
}

// ExperimentIndexKeys returns the keys of the trigram rows that an experiment
// has to have.
func ExperimentIndexKeys(ctx context.Context, s *Store, id string) ([]table.Key, error) {
	e, err := s.experiments.LoadWhole(ctx, id)
	if err != nil {
		return nil, err
	}
	cfg, err := s.settings.Fresh(ctx)
	if err != nil {
		return nil, err
	}
	return s.experiments.Trigrams(e, cfg.TrigramFieldsWritten()), nil
}

// WithSmallSearches makes searches read a few rows at a time, so that small
// tables take every path of every plan.
func WithSmallSearches() Option {
	return func(o *options) {
		o.Limits = workspace.Limits{
			Held:    workspace.DefaultSearchLimits().Held,
			Scanned: 5, Probe: 2, Probes: 2, Collected: 3, Merged: 2, Least: 1, Most: 2, Sorted: 2, Dense: 1,
		}
	}
}

// RollUp rolls up all records of a run, whether it pays or not.
func RollUp(ctx context.Context, s *Store, run string) error {
	return s.histories.RollUp(ctx, run, history.Worth{Waste: math.MinInt, Blocks: math.Inf(1)})
}

// MergeBlocks merges all blocks of a metric that there are two of on a level.
func MergeBlocks(ctx context.Context, s *Store, run, metric string) error {
	var blocks []table.Item
	err := s.histories.EachBlock(ctx, run, metric, history.AllSteps(), func(it table.Item) error {
		blocks = append(blocks, it)
		return nil
	})
	if err != nil {
		return err
	}
	return s.histories.Merge(ctx, run, metric, blocks, 2)
}

// WithScanLimit makes searches stop after that many runs.
func WithScanLimit(n int) Option { return func(o *options) { o.Limits.Scanned = n } }

// SettleNow settles a run however lately it has changed.
func SettleNow(ctx context.Context, s *Store, run string) error {
	l, err := s.fence.Load(ctx, run)
	if err != nil || l == nil {
		return err
	}
	return s.fence.SettleLoaded(table.DeferSync(ctx), fence.IdleRun{Exp: l.Head.Exp, ID: run, Part: 1, Gen: math.MaxInt64}, l)
}

// WithHeldBytes makes pages end where their runs take so many bytes.
func WithHeldBytes(n int) Option { return func(o *options) { o.Limits.Held = n } }
