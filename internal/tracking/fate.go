package tracking

import (
	"context"

	"github.com/google/uuid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/garbage"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// runFate is what a pass knows of a run.
type runFate struct {
	gone      bool // for good; in a dry run: it would be
	artifacts bool // are removed
	unlisted  bool // its list row went with its head, and is counted
}

// readRun reads a run's head: its item, zero if there is none, and the head,
// nil for a tombstone.
func (w *Sweep) readRun(ctx context.Context, id string) (table.Item, *run.Head, error) {
	it, found, err := w.s.Table.Get(ctx, w.s.Keys.Run(id), table.Strong)
	if err != nil || !found {
		return table.Item{}, nil, err
	}
	h, err := run.DecodeHead(id, it)
	return it, h, err
}

// runOf says what becomes of a run, by a strong read, and deletes it if that
// is asked for or if its experiment is gone. exp is the experiment that a row
// of the run says it belongs to, if known. nil: it may be under creation.
func (w *Sweep) runOf(ctx context.Context, id, exp string) (*runFate, error) {
	known, ok := w.runs.Get(id)
	for attempt := 0; !ok; attempt++ {
		r, moved, err := w.tryRun(ctx, id)
		if err != nil {
			return nil, err
		}
		if r == nil && !moved {
			return nil, nil //nolint:nilnil // nil is what may be under creation
		}
		if r != nil {
			w.runs.Add(id, r)
			known, ok = r, true
		} else if err := document.BackOff(ctx, attempt); err != nil {
			return nil, err
		}
	}
	if !known.gone || known.artifacts || exp == "" {
		return known, nil
	}
	e, err := w.experiments.Fate(ctx, exp, true)
	if err != nil {
		return nil, err
	}
	return known, w.removeArtifacts(ctx, known, id, e)
}

// tryRun is one try of runOf. moved: the run has changed meanwhile.
func (w *Sweep) tryRun(ctx context.Context, id string) (r *runFate, moved bool, err error) {
	it, h, err := w.readRun(ctx, id)
	if err != nil {
		return nil, false, err
	}
	switch {
	case h != nil:
		e, err := w.experiments.Fate(ctx, h.Exp, true)
		if err != nil {
			return nil, false, err
		}
		if e.Gone || e.Doc != nil && w.runDoomed(h, e.Doc) {
			r, err = w.deleteRun(ctx, h, e)
			return r, r == nil, err
		}
		return &runFate{}, false, nil
	case !it.IsZero(): // a tombstone
		return &runFate{gone: true}, false, nil
	case w.s.IsYoung(garbage.Begun(id)):
		return nil, false, nil
	}
	if !w.DryRun {
		if buried, err := w.s.fence.Bury(ctx, id); err != nil || !buried {
			return nil, true, err
		}
	}
	return &runFate{gone: true}, false, nil
}

// deleteRun deletes a run for good, unless it or its experiment has changed
// since it was read: then it returns nil. Artifacts go first, so that a crash
// leaves none that nobody knows of; then a tombstone takes the place of the
// head, on the condition that run and experiment are as they were. The list row,
// which searches believe without a look at the head, goes in the same
// transaction. Everything else of it is garbage from then on. 2 WCU for each KB
// of head and list row, and 2 for the check of a living experiment.
func (w *Sweep) deleteRun(ctx context.Context, h *run.Head, e *experiment.Fate) (*runFate, error) {
	if !e.Gone { // it may have been restored since it was remembered
		_, doc, err := w.experiments.Read(ctx, h.Exp)
		if err != nil {
			return nil, err
		}
		if doc == nil || doc.Rev != e.Doc.Rev {
			w.experiments.Forget(h.Exp)
			return nil, nil //nolint:nilnil // it has changed
		}
	}
	r := &runFate{gone: true}
	if err := w.removeArtifacts(ctx, r, h.ID, e); err != nil || w.DryRun {
		return r, err
	}
	put := table.Put{Item: w.s.rows.Tombstone(h.ID), Cond: h.IsRev()}
	row := w.s.Keys.RunRow(h.Exp, h.Start, h.ID)
	ops := []table.Op{put, table.Delete{Key: row}}
	if !e.Gone {
		ops = append(ops, table.Check{
			Key:  w.s.Keys.Experiment(h.Exp),
			Cond: table.Equal(table.Attr{Name: keys.Gen, Value: table.Number(e.Doc.Gen)}),
		})
	}
	err := w.s.Table.Transact(ctx, uuid.NewString(), ops...)
	w.s.fence.ForgetRun(h.ID)
	if document.IsCanceled(err) {
		w.experiments.Forget(h.Exp)
		return nil, nil //nolint:nilnil // it has changed
	}
	if err == nil {
		w.Report.Runs++
		w.Count(keys.Classify(row).Kind)
		r.unlisted = true
	}
	return r, err
}

// removeArtifacts removes a run's artifacts, if somebody can.
func (w *Sweep) removeArtifacts(ctx context.Context, r *runFate, id string, e *experiment.Fate) error {
	r.artifacts = true
	if w.DeleteArtifacts == nil {
		return nil
	}
	if !w.DryRun {
		if err := w.DeleteArtifacts(ctx, experiment.RunArtifactURI(e.Artifact, id)); err != nil {
			r.artifacts = false
			return err
		}
	}
	w.Report.Artifacts++
	return nil
}
