package tracking

import (
	"context"
	"errors"
	"hash/maphash"
	"maps"
	"slices"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/garbage"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// gcRuns is how many runs a collection remembers. What it forgets it reads
// again.
const gcRuns = 1 << 16

// Sweep is a collection's sweep of runs and of what belongs to them.
type Sweep struct {
	*garbage.Collection
	s           *Store
	experiments *experiment.Sweep
	runs        *lru.Cache[string, *runFate]
	indexed     *lru.Cache[string, *indexSet]
	seed        maphash.Seed // of the hashes of index rows
}

// Sweep returns the sweep of a collection.
func (s *Store) Sweep(c *garbage.Collection, e *experiment.Sweep) (*Sweep, error) {
	runs, err := lru.New[string, *runFate](gcRuns)
	indexed, indexedErr := lru.New[string, *indexSet](gcIndexed)
	return &Sweep{c, s, e, runs, indexed, maphash.MakeSeed()}, errors.Join(err, indexedErr)
}

// Kinds implements [garbage.Sweep].
func (w *Sweep) Kinds() []keys.Kind {
	return []keys.Kind{
		keys.KindRun, keys.KindRunMetrics, keys.KindRunOverflow, keys.KindHistory, keys.KindRunList, keys.KindOpenRun,
		keys.KindDeletedRun, keys.KindRunIndex, keys.KindRunTrigram,
	}
}

// Meet implements [garbage.Sweep].
func (w *Sweep) Meet(ctx context.Context, it garbage.Item) (bool, error) {
	if it.Kind == keys.KindRun {
		return false, w.meetRun(ctx, it)
	}
	return w.isOrphan(ctx, it)
}

// CheckNamed implements [garbage.Named].
func (w *Sweep) CheckNamed(ctx context.Context) (pending bool, err error) {
	for _, id := range slices.Sorted(maps.Keys(w.NamedRuns)) {
		left, err := w.checkRun(ctx, id)
		if err != nil {
			return false, err
		}
		pending = pending || left
	}
	return pending, nil
}

// DeleteNamed implements [garbage.Named].
func (w *Sweep) DeleteNamed(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(w.NamedRuns)) {
		if _, err := w.runOf(ctx, id, ""); err != nil {
			return err
		}
		if err := w.Step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// checkRun is CheckNamed for one run.
func (w *Sweep) checkRun(ctx context.Context, id string) (pending bool, err error) {
	it, h, err := w.readRun(ctx, id)
	if err != nil || h == nil && !it.IsZero() {
		return false, err
	}
	if h == nil {
		return false, run.ErrNotFound(id)
	}
	_, e, err := w.experiments.Read(ctx, h.Exp)
	switch {
	case err != nil:
		return false, err
	case e == nil:
		return false, run.ErrNotFound(id)
	case h.Stage(experiment.StateOf(e)) != mlflow.StageDeleted:
		return false, failure.Invalidf("Run %s is not in `deleted` lifecycle stage. "+
			"Only runs in `deleted` lifecycle stage can be deleted.", id)
	case !w.IsOld(deletedAt(h, e)):
		return false, failure.Invalidf("Run %s is not older than the required age. "+
			"Only runs older than %s can be deleted.", id, garbage.FormatAge(*w.OlderThan))
	}
	return true, nil
}

// deletedAt is when a deleted run was deleted, by itself or with its
// experiment, in ms.
func deletedAt(h *run.Head, e *experiment.Document) int64 {
	if h.Mark == run.MarkDeleted && h.MarkGen == e.Gen {
		return h.Changed
	}
	return e.Updated
}

// runDoomed reports whether a run is to be deleted for good.
func (w *Sweep) runDoomed(h *run.Head, e *experiment.Document) bool {
	return h.Stage(experiment.StateOf(e)) == mlflow.StageDeleted && w.IsOld(deletedAt(h, e)) &&
		(w.Everything || w.NamedRuns[h.ID])
}

// isOrphan reports whether the run or the experiment of an item is gone.
func (w *Sweep) isOrphan(ctx context.Context, it garbage.Item) (bool, error) {
	r, err := w.runOf(ctx, it.Run, it.Experiment)
	if err != nil || r != nil && r.gone {
		return err == nil && (!r.unlisted || it.Kind != keys.KindRunList), err
	}
	if it.Experiment != "" {
		e, err := w.experiments.Fate(ctx, it.Experiment, true)
		if err != nil || e.Gone {
			return err == nil, err
		}
	}
	if r == nil {
		w.Report.Left++
	}
	return false, nil
}

// meetRun deletes a run if that is asked for or if its experiment is gone.
func (w *Sweep) meetRun(ctx context.Context, it garbage.Item) error {
	h, err := run.DecodeHead(it.Run, it.Item)
	if err != nil || h == nil {
		return err
	}
	r, err := w.runOf(ctx, it.Run, h.Exp)
	if err == nil && w.DryRun && r != nil && r.gone {
		w.Report.Runs++
	}
	return err
}

// Look implements [garbage.Looker]: it looks up the runs of a page that the pass
// does not know, as they were a moment ago: those that live need no better look.
// 0.5 RCU for each 4 KB of a head.
func (w *Sweep) Look(ctx context.Context, items []garbage.Item) error {
	var wanted []table.Key
	seen := map[string]bool{}
	for _, it := range items {
		if it.Run == "" || seen[it.Run] || w.runs.Contains(it.Run) {
			continue
		}
		seen[it.Run] = true
		if it.Kind == keys.KindRun {
			if err := w.knowRun(ctx, it.Run, it.Item); err != nil {
				return err
			}
			continue
		}
		wanted = append(wanted, w.s.Keys.Run(it.Run))
	}
	for some := range slices.Chunk(wanted, table.MaxBatchGet) {
		heads, err := w.s.Table.BatchGet(ctx, some, table.Eventual)
		if err != nil {
			return err
		}
		for _, it := range heads {
			if err := w.knowRun(ctx, keys.Classify(it.Key).Run, it); err != nil {
				return err
			}
		}
		if err := w.Step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// knowRun notes a run that lives.
func (w *Sweep) knowRun(ctx context.Context, id string, it table.Item) error {
	h, err := run.DecodeHead(id, it)
	if err != nil || h == nil {
		return err
	}
	e, err := w.experiments.Fate(ctx, h.Exp, true)
	if err == nil && !e.Gone && (e.Doc == nil || !w.runDoomed(h, e.Doc)) {
		w.runs.Add(id, &runFate{})
	}
	return err
}
