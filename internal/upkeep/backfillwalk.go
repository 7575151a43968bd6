package upkeep

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// walk brings everything behind a place up to the settings. What is up to date
// is recognised by its list row and head, and costs their reading.
func (b *backfill) walk(ctx context.Context, r *round) error {
	var heads map[string]table.Item
	var cfg *settings.Configuration
	w := &walk{
		s: b.s, p: b.p, only: b.params.ExperimentID, experiment: b.experiment,
		page: func(ctx context.Context, _ string, rows []table.Item) (err error) {
			if cfg, err = b.s.settings.Fresh(ctx); err == nil && b.tags {
				heads, err = b.s.headItems(ctx, rows)
			}
			return err
		},
		run: func(ctx context.Context, exp, id string, row table.Item) (int64, error) {
			changed := false
			if head, ok := heads[b.s.Keys.RunPK(id)]; ok && tagsDiffer(head, settings.OfExperiment(cfg.Matchers, exp)) {
				changed = true
				if err := b.s.recodeHead(ctx, id); err != nil {
					return 0, err
				}
			}
			if isIndexed(row, cfg.IndexSpec(exp)) {
				return count(changed), nil
			}
			reindexed, err := b.s.fence.ReindexRun(ctx, id)
			return count(changed || reindexed), err
		},
		reached: func(ctx context.Context, at place) error { return b.reached(ctx, r, at) },
	}
	return w.do(ctx, r.from)
}

func count(changed bool) int64 {
	if changed {
		return 1
	}
	return 0
}

// isIndexed reports whether a list row says that the run has all its index
// rows.
func isIndexed(row table.Item, spec []string) bool {
	list, ok := row.Get(keys.Indexed)
	return ok && row.Str(keys.State) == keys.StateClosed && slices.Equal(list.Strings(), spec)
}

// experiment brings one experiment up to the settings.
func (b *backfill) experiment(ctx context.Context, id string) (int64, error) {
	if !b.tags {
		changed, err := b.s.experiments.Reindex(ctx, id)
		return count(changed), err
	}
	it, found, err := b.s.Table.Get(ctx, b.s.Keys.Experiment(id), table.Strong)
	if err != nil || !found {
		return 0, err
	}
	match, err := b.s.settings.Matcher(ctx, id)
	if err != nil || !tagsDiffer(it, match) {
		return 0, err
	}
	return 1, b.s.experiments.Recode(ctx, id)
}

// tagsDiffer reports whether the tags of an item stand elsewhere than they
// would if it were written now.
func tagsDiffer(it table.Item, match settings.Matcher) bool {
	for _, a := range it.Attrs {
		if key, ok := strings.CutPrefix(a.Name, keys.TagAttr); ok && !match(key) {
			return true
		}
	}
	v, _ := it.Get(keys.Tags)
	for d := v.Strings(); len(d) > 0; d = d[2:] {
		if match(d[0]) {
			return true
		}
	}
	return false
}

// recodeHead writes the head of a run as it is, so that its tags stand where
// the patterns put them. The run stays in its generation, open or closed, and
// its time of change. Atomic; a run that is gone by now stays gone.
// 2 requests, 1 RCU for each 4 KB and 1 WCU for each KB of the head.
func (s *Store) recodeHead(ctx context.Context, id string) error {
	d := s.fence.HeadDocument(id)
	d.Cached = nil
	_, err := s.fence.MutateHead(ctx, id, d, func(cur *run.Head) (*run.Head, bool, error) { return cur.Clone(), false, nil })
	if errors.Is(err, mlflow.ErrNotFound) {
		return nil
	}
	return err
}
