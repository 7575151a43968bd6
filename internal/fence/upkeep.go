package fence

import (
	"context"
	"errors"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/upkeep"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Upkeep is what backfills do with runs. What is up to date is recognised by its
// list row and head, and costs their reading.
func (s *Store) Upkeep() upkeep.Area {
	b := backfill{s}
	return upkeep.Area{Tags: upkeep.Work{Runs: b.recodeRuns}, Trigrams: upkeep.Work{Runs: b.reindexRuns}}
}

// backfill brings runs up to the settings.
type backfill struct{ *Store }

// recodeRuns brings a page of runs up to the tag patterns: heads, then index rows.
func (b backfill) recodeRuns(ctx context.Context, exp string, rows []table.Item) (upkeep.Run, error) {
	cfg, err := b.settings.Fresh(ctx)
	if err != nil {
		return nil, err
	}
	heads, err := b.HeadItems(ctx, rows)
	if err != nil {
		return nil, err
	}
	match, spec := settings.OfExperiment(cfg.Matchers, exp), cfg.IndexSpec(exp)
	return func(ctx context.Context, id string, row table.Item) (int64, error) {
		head, ok := heads[b.Keys.RunPK(id)]
		recoded := ok && document.TagsDiffer(head, match)
		if recoded {
			if err := b.recodeHead(ctx, id); err != nil {
				return 0, err
			}
		}
		reindexed, err := b.reindexListed(ctx, id, row, spec)
		return upkeep.Count(recoded || reindexed), err
	}, nil
}

// reindexRuns brings the index rows of a page of runs up to the settings.
func (b backfill) reindexRuns(ctx context.Context, exp string, _ []table.Item) (upkeep.Run, error) {
	cfg, err := b.settings.Fresh(ctx)
	if err != nil {
		return nil, err
	}
	spec := cfg.IndexSpec(exp)
	return func(ctx context.Context, id string, row table.Item) (int64, error) {
		reindexed, err := b.reindexListed(ctx, id, row, spec)
		return upkeep.Count(reindexed), err
	}, nil
}

// reindexListed is reindexRun, unless the list row of the run says that there is
// nothing to do.
func (b backfill) reindexListed(ctx context.Context, id string, row table.Item, spec []string) (bool, error) {
	if isIndexed(row, spec) {
		return false, nil
	}
	return b.reindexRun(ctx, id)
}

// isIndexed reports whether a list row says that the run has all its index
// rows.
func isIndexed(row table.Item, spec []string) bool {
	list, ok := row.Get(keys.Indexed)
	return ok && row.Str(keys.State) == keys.StateClosed && slices.Equal(list.Strings(), spec)
}

// recodeHead writes the head of a run as it is, so that its tags stand where
// the patterns put them. The run stays in its generation, open or closed, and
// its time of change. Atomic; a run that is gone by now stays gone.
// 2 requests, 1 RCU for each 4 KB and 1 WCU for each KB of the head.
func (b backfill) recodeHead(ctx context.Context, id string) error {
	d := b.HeadDocument(id)
	d.Cached = nil
	_, err := b.MutateHead(ctx, id, d, func(cur *run.Head) (*run.Head, bool, error) { return cur.Clone(), false, nil })
	if errors.Is(err, mlflow.ErrNotFound) {
		return nil
	}
	return err
}
