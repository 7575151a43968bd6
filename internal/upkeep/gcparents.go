package upkeep

import (
	"context"

	"github.com/google/uuid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// gcExperiment is what a pass knows of an experiment.
type gcExperiment struct {
	gone     bool                 // for good; in a dry run: it would be
	doc      *experiment.Document // nil if there is none
	artifact string               // where its runs keep their artifacts
}

// gcRun is what a pass knows of a run.
type gcRun struct {
	gone      bool // for good; in a dry run: it would be
	artifacts bool // are removed
	unlisted  bool // its list row went with its head, and is counted
}

// readExperiment reads an experiment: its item, zero if there is none, and
// the document, nil for a tombstone.
func (c *collection) readExperiment(ctx context.Context, id string) (table.Item, *experiment.Document, error) {
	it, found, err := c.s.Table.Get(ctx, c.s.Keys.Experiment(id), table.Strong)
	if err != nil || !found {
		return table.Item{}, nil, err
	}
	e, err := experiment.Decode(id, it)
	return it, e, err
}

// readRun reads a run's head: its item, zero if there is none, and the head,
// nil for a tombstone.
func (c *collection) readRun(ctx context.Context, id string) (table.Item, *run.Head, error) {
	it, found, err := c.s.Table.Get(ctx, c.s.Keys.Run(id), table.Strong)
	if err != nil || !found {
		return table.Item{}, nil, err
	}
	h, err := run.DecodeHead(id, it)
	return it, h, err
}

// experiment says what becomes of an experiment, by a strong read, and deletes
// it if that is asked for. existed says that it must have had a document once;
// if it is gone, a tombstone makes that final. Without that proof it may be
// under creation.
func (c *collection) experiment(ctx context.Context, id string, existed bool) (*gcExperiment, error) {
	if known, ok := c.experiments.Get(id); ok {
		return known, nil
	}
	for attempt := 0; ; attempt++ {
		e, err := c.tryExperiment(ctx, id, existed)
		if err != nil {
			return nil, err
		}
		if e != nil {
			if e.gone || e.doc != nil {
				c.experiments.Add(id, e)
			}
			return e, nil
		}
		if err := document.BackOff(ctx, attempt); err != nil {
			return nil, err
		}
	}
}

// tryExperiment is one try of experiment: nil if it has changed meanwhile.
func (c *collection) tryExperiment(ctx context.Context, id string, existed bool) (*gcExperiment, error) {
	it, doc, err := c.readExperiment(ctx, id)
	if err != nil {
		return nil, err
	}
	e := &gcExperiment{doc: doc, artifact: it.Str(keys.Artifact)}
	if e.artifact == "" { // the best guess for one that expired
		e.artifact = validate.AppendURIPath(c.s.ArtifactRoot, id)
	}
	switch {
	case doc != nil && !c.experimentDoomed(doc):
		return e, nil
	case doc != nil:
		e.gone, e.doc = true, nil
		return c.deleteExperiment(ctx, doc, e)
	case !it.IsZero(): // a tombstone
		e.gone = true
	case id != mlflow.DefaultExperimentID && existed: // Init would make the default one anew, with its old runs
		e.gone = true
		if !c.p.DryRun {
			if buried, err := c.s.buryExperiment(ctx, id); err != nil || !buried {
				return nil, err
			}
		}
	}
	return e, nil
}

// deleteExperiment deletes an experiment for good, unless it has changed since
// it was read: then it returns nil. One transaction puts a tombstone in the
// place of the document and removes name and list rows, so the name is free at
// once. Everything else of it is garbage from then on, which this pass or, after
// a crash, the next one removes. 1 request, 8 WCU for a small experiment.
func (c *collection) deleteExperiment(ctx context.Context, doc *experiment.Document, e *gcExperiment) (*gcExperiment, error) {
	c.Report.Experiments++
	rows := []table.Key{
		c.s.Keys.ExperimentName(doc.Name),
		c.s.Keys.ExperimentCreated(doc.Created, doc.ID), c.s.Keys.ExperimentUpdated(doc.Updated, doc.ID),
	}
	if c.p.DryRun {
		return e, nil // the scan counts the rows
	}
	ops := []table.Op{table.Put{Item: c.s.experimentTombstone(doc.ID, doc.Artifact), Cond: doc.IsRev()}}
	for _, k := range rows {
		ops = append(ops, table.Delete{Key: k})
	}
	err := c.s.Table.Transact(ctx, uuid.NewString(), ops...)
	c.s.experiments.ForgetState(doc.ID)
	if err != nil {
		c.Report.Experiments--
		if document.IsCanceled(err) {
			return nil, nil //nolint:nilnil // it has changed
		}
		return nil, err
	}
	for _, k := range rows {
		c.count(keys.Classify(k).Kind)
	}
	return e, nil
}

// runOf says what becomes of a run, by a strong read, and deletes it if that
// is asked for or if its experiment is gone. exp is the experiment that a row
// of the run says it belongs to, if known. nil: it may be under creation.
func (c *collection) runOf(ctx context.Context, id, exp string) (*gcRun, error) {
	known, ok := c.runs.Get(id)
	for attempt := 0; !ok; attempt++ {
		r, moved, err := c.tryRun(ctx, id)
		if err != nil {
			return nil, err
		}
		if r == nil && !moved {
			return nil, nil //nolint:nilnil // nil is what may be under creation
		}
		if r != nil {
			c.runs.Add(id, r)
			known, ok = r, true
		} else if err := document.BackOff(ctx, attempt); err != nil {
			return nil, err
		}
	}
	if !known.gone || known.artifacts || exp == "" {
		return known, nil
	}
	e, err := c.experiment(ctx, exp, true)
	if err != nil {
		return nil, err
	}
	return known, c.removeArtifacts(ctx, known, id, e)
}

// tryRun is one try of runOf. moved: the run has changed meanwhile.
func (c *collection) tryRun(ctx context.Context, id string) (r *gcRun, moved bool, err error) {
	it, h, err := c.readRun(ctx, id)
	if err != nil {
		return nil, false, err
	}
	switch {
	case h != nil:
		e, err := c.experiment(ctx, h.Exp, true)
		if err != nil {
			return nil, false, err
		}
		if e.gone || e.doc != nil && c.runDoomed(h, e.doc) {
			r, err = c.deleteRun(ctx, h, e)
			return r, r == nil, err
		}
		return &gcRun{}, false, nil
	case !it.IsZero(): // a tombstone
		return &gcRun{gone: true}, false, nil
	case c.s.IsYoung(runBegun(id)):
		return nil, false, nil
	}
	if !c.p.DryRun {
		if buried, err := c.s.fence.Bury(ctx, id); err != nil || !buried {
			return nil, true, err
		}
	}
	return &gcRun{gone: true}, false, nil
}

// deleteRun deletes a run for good, unless it or its experiment has changed
// since it was read: then it returns nil. Artifacts go first, so that a crash
// leaves none that nobody knows of; then a tombstone takes the place of the
// head, on the condition that run and experiment are as they were. The list row,
// which searches believe without a look at the head, goes in the same
// transaction. Everything else of it is garbage from then on. 2 WCU for each KB
// of head and list row, and 2 for the check of a living experiment.
func (c *collection) deleteRun(ctx context.Context, h *run.Head, e *gcExperiment) (*gcRun, error) {
	if !e.gone { // it may have been restored since it was remembered
		_, doc, err := c.readExperiment(ctx, h.Exp)
		if err != nil {
			return nil, err
		}
		if doc == nil || doc.Rev != e.doc.Rev {
			c.experiments.Remove(h.Exp)
			return nil, nil //nolint:nilnil // it has changed
		}
	}
	r := &gcRun{gone: true}
	if err := c.removeArtifacts(ctx, r, h.ID, e); err != nil || c.p.DryRun {
		return r, err
	}
	put := table.Put{Item: c.s.rows.Tombstone(h.ID), Cond: h.IsRev()}
	row := c.s.Keys.RunRow(h.Exp, h.Start, h.ID)
	ops := []table.Op{put, table.Delete{Key: row}}
	if !e.gone {
		ops = append(ops, table.Check{
			Key:  c.s.Keys.Experiment(h.Exp),
			Cond: table.Equal(table.Attr{Name: keys.Gen, Value: table.Number(e.doc.Gen)}),
		})
	}
	err := c.s.Table.Transact(ctx, uuid.NewString(), ops...)
	c.s.fence.ForgetRun(h.ID)
	if document.IsCanceled(err) {
		c.experiments.Remove(h.Exp)
		return nil, nil //nolint:nilnil // it has changed
	}
	if err == nil {
		c.Report.Runs++
		c.count(keys.Classify(row).Kind)
		r.unlisted = true
	}
	return r, err
}

// removeArtifacts removes a run's artifacts, if somebody can.
func (c *collection) removeArtifacts(ctx context.Context, r *gcRun, id string, e *gcExperiment) error {
	r.artifacts = true
	if c.p.DeleteArtifacts == nil {
		return nil
	}
	if !c.p.DryRun {
		if err := c.p.DeleteArtifacts(ctx, experiment.RunArtifactURI(e.artifact, id)); err != nil {
			r.artifacts = false
			return err
		}
	}
	c.Report.Artifacts++
	return nil
}
