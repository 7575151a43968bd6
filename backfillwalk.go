package dynamodbstore

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// walk brings everything behind a place up to the settings. What is up to date
// is recognised by its list row and head, and costs their reading.
func (b *backfill) walk(ctx context.Context, r *round) error {
	var heads map[string]table.Item
	var cfg *configuration
	w := &walk{
		s: b.s, p: b.p, only: b.params.experimentID, experiment: b.experiment,
		page: func(ctx context.Context, _ string, rows []table.Item) (err error) {
			if cfg, err = b.s.settings.fresh(ctx); err == nil && b.tags {
				heads, err = b.s.headItems(ctx, rows)
			}
			return err
		},
		run: func(ctx context.Context, exp, id string, row table.Item) (int64, error) {
			changed := false
			if head, ok := heads[b.s.ks.RunPK(id)]; ok && tagsDiffer(head, ofExperiment(cfg.matchers, exp)) {
				changed = true
				if err := b.s.recodeHead(ctx, id); err != nil {
					return 0, err
				}
			}
			if isIndexed(row, cfg.indexSpec(exp)) {
				return count(changed), nil
			}
			reindexed, err := b.s.reindexRun(ctx, id)
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
		changed, err := b.s.reindexExperiment(ctx, id)
		return count(changed), err
	}
	it, found, err := b.s.t.Get(ctx, b.s.ks.Experiment(id), table.Strong)
	if err != nil || !found {
		return 0, err
	}
	match, err := b.s.settings.matcher(ctx, id)
	if err != nil || !tagsDiffer(it, match) {
		return 0, err
	}
	return 1, b.s.recodeExperiment(ctx, id)
}

// tagsDiffer reports whether the tags of an item stand elsewhere than they
// would if it were written now.
func tagsDiffer(it table.Item, match tagMatcher) bool {
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
	d := s.headDocument(id)
	d.cached = nil
	_, err := s.mutateHead(ctx, id, d, func(cur *runHead) (*runHead, bool, error) { return cur.clone(), false, nil })
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// recodeExperiment is recodeHead for an experiment: one transaction with the
// rows of the lists. About 6 WCU below 1 KB.
func (s *Store) recodeExperiment(ctx context.Context, id string) error {
	err := s.mutateExperiment(ctx, id, func(e *experimentDoc) (*experimentDoc, error) { return e.clone(), nil }, nil)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
