package dynamodbstore

import (
	"context"
	"math"
	"time"

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

// WithPass sets how many items a page of a pass has, and how it waits.
func WithPass(page int, wait func(ctx context.Context, d time.Duration) error) Option {
	return func(o *options) { o.PassPage, o.Wait = page, wait }
}

// WaitSettled waits until the runs that searches have queued are settled.
func WaitSettled(s *Store) { s.shared.fence.WaitSettled() }

// WaitWritten waits for group commits whose callers have gone.
func WaitWritten(s *Store) {
	s.shared.fence.WaitWritten()
	s.shared.tracking.WaitWritten()
	s.shared.registry.WaitWritten()
}

// ListOnly returns a Store like s whose searches use no index.
func ListOnly(s *Store) *Store {
	v := *s.view
	v.ListOnly = true
	return s.in(&v)
}

// WaitRolledUp waits until the histories that wait for it are rolled up.
func WaitRolledUp(s *Store) { s.shared.histories.WaitRolledUp() }

// StopRollUps refuses further work, as a process does that ends.
func StopRollUps(s *Store) { s.shared.histories.Close() }

// CheckModels returns what is wrong with the items of the registered models of
// a workspace, and the rows that they have to have.
func CheckModels(ctx context.Context, s *Store) (rows []table.Key, err error) {
	return s.registry.Check(ctx)
}
