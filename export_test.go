package dynamodbstore

import (
	"context"
	"math"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// TimesAsGiven is [WithTimesAsGiven] for all calls of a Store.
func TimesAsGiven() Option { return func(o *options) { o.timesAsGiven = true } }

// SettleIdle settles a run as a search that came across it would.
func SettleIdle(ctx context.Context, s *Store, run string) error {
	return s.settleIdle(ctx, idleRun{id: run, part: 1, gen: math.MaxInt64})
}

// WaitSettled waits until the runs that searches have queued are settled.
func WaitSettled(s *Store) { s.settling.wait() }

// WaitWritten waits for group commits whose callers have gone.
func WaitWritten(s *Store) {
	s.heads.wait()
	s.metrics.wait()
	s.models.wait()
}

// RunIndexKeys returns the keys of the index rows that a run has to have.
func RunIndexKeys(ctx context.Context, s *Store, run string) ([]table.Key, error) {
	l, err := s.loadRun(ctx, run)
	if err != nil {
		return nil, err
	}
	rules, err := s.indexRules(ctx, l.head.exp)
	if err != nil {
		return nil, err
	}
	return s.runIndexKeys(l.packed(), rules), nil
}

// ExperimentIndexKeys returns the keys of the trigram rows that an experiment
// has to have.
func ExperimentIndexKeys(ctx context.Context, s *Store, id string) ([]table.Key, error) {
	e, err := s.fullExperiment(ctx, id)
	if err != nil {
		return nil, err
	}
	cfg, err := s.settings.fresh(ctx)
	if err != nil {
		return nil, err
	}
	return s.experimentTrigrams(e, cfg.trigramFieldsWritten()), nil
}

// WithSmallSearches makes searches read a few rows at a time, so that small
// tables take every path of every plan.
func WithSmallSearches() Option {
	return func(o *options) {
		o.limits = searchLimits{
			held:    defaultSearchLimits().held,
			scanned: 5, probe: 2, probes: 2, collected: 3, merged: 2, least: 1, most: 2, sorted: 2, dense: 1,
		}
	}
}

// ListOnly returns a Store like s whose searches use no index.
func ListOnly(s *Store) *Store {
	c, v := *s, *s.view
	v.listOnly = true
	c.view = &v
	return &c
}

// RollUp rolls up all records of a run, whether it pays or not.
func RollUp(ctx context.Context, s *Store, run string) error {
	return s.rollUp(ctx, run, worth{math.MinInt, math.Inf(1)})
}

// MergeBlocks merges all blocks of a metric that there are two of on a level.
func MergeBlocks(ctx context.Context, s *Store, run, metric string) error {
	var blocks []table.Item
	err := s.eachBlock(ctx, run, metric, allSteps(), func(it table.Item) error {
		blocks = append(blocks, it)
		return nil
	})
	if err != nil {
		return err
	}
	return s.merge(ctx, run, metric, blocks, 2)
}

// WaitRolledUp waits until the histories that wait for it are rolled up.
func WaitRolledUp(s *Store) { s.rollups.wait() }

// StopRollUps refuses further work, as a process does that ends.
func StopRollUps(s *Store) { s.rollups.close() }

// WithScanLimit makes searches stop after that many runs.
func WithScanLimit(n int) Option { return func(o *options) { o.limits.scanned = n } }

// SettleNow settles a run however lately it has changed.
func SettleNow(ctx context.Context, s *Store, run string) error {
	l, err := s.loadRun(ctx, run)
	if err != nil || l == nil {
		return err
	}
	return s.settleLoaded(table.DeferSync(ctx), idleRun{exp: l.head.exp, id: run, part: 1, gen: math.MaxInt64}, l)
}

// WithHeldBytes makes pages end where their runs take so many bytes.
func WithHeldBytes(n int) Option { return func(o *options) { o.limits.held = n } }
