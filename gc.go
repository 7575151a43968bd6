package dynamodbstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// GCParams are the parameters of [Store.CollectGarbage]. The zero value
// removes only what has outlived its parent.
type GCParams struct {
	PassOptions
	// DryRun only reports what would be removed, and writes nothing.
	DryRun bool
	// OlderThan also deletes for good all runs and experiments that have been
	// deleted for at least that long. With RunIDs or ExperimentIDs it refuses
	// those of them that have not.
	OlderThan *time.Duration
	// RunIDs and ExperimentIDs are deleted runs, and deleted experiments with
	// all their runs, to delete for good.
	RunIDs, ExperimentIDs []string
	// DeleteArtifacts removes all that is stored under the URI of a run's
	// artifacts; what is not there is no error. An error ends the pass. nil:
	// artifacts stay.
	DeleteArtifacts func(ctx context.Context, uri string) error
}

// GCReport says what a [Store.CollectGarbage] has done.
type GCReport struct {
	DryRun  bool
	Resumed bool  // an interrupted pass was continued
	Scanned int64 // items looked at
	// Experiments and Runs were deleted for good: on request, and runs with
	// their experiment.
	Experiments, Runs int64
	// Removed counts the items removed by kind, named as in the item map of
	// the schema.
	Removed   map[string]int64
	Artifacts int64 // runs whose artifacts were removed
	// Left are items of runs and experiments that may be under creation.
	Left  int64
	Units Units
}

// CollectGarbage removes what belongs to runs and experiments that are gone or
// expired: metric history, metrics, overflow, rows of lists and indexes,
// trigrams, datasets, tag patterns; index rows that are not the document's any
// more, and old list rows. On request it deletes runs and experiments for good
// that have been deleted before, with their artifacts; the name of such an
// experiment is free at once. The default experiment is never deleted for
// good. Only items of the Store's own workspace are touched, and CONFIG.
//
// Nothing is deleted if one of RunIDs or ExperimentIDs does not exist
// (RESOURCE_DOES_NOT_EXIST) or is not deleted (INVALID_PARAMETER_VALUE).
//
// Not atomic, and safe beside servers and other passes: what is removed is
// gone for good before, see the notes on tombstones. A pass that was
// interrupted goes on where it stopped when it is called again with the same
// parameters; whatever it has done can be done again.
//
// It reads the whole table, eventually consistent: 0.5 RCU for each 4 KB,
// about as much again for the heads of runs that have history or index rows,
// and 1 WCU for each KB of an item removed.
func (s *Store) CollectGarbage(ctx context.Context, p GCParams) (GCReport, error) {
	c, ctx, err := newCollection(ctx, s, p)
	if err != nil {
		return GCReport{}, err
	}
	err = c.run(ctx)
	c.report.Units = c.pass.meter.Units()
	return c.report, failure(err)
}

// run runs the pass: what is named goes first, then the table is scanned once.
func (c *collection) run(ctx context.Context) error {
	pending, err := c.checkNamed(ctx)
	if err != nil {
		return err
	}
	if err := c.start(ctx, pending); err != nil {
		return err
	}
	if err := c.deleteNamed(ctx); err != nil {
		return err
	}
	if err := c.scan(ctx); err != nil {
		return err
	}
	if err := c.removePatterns(ctx); err != nil {
		return err
	}
	return c.finish(ctx)
}

// checkNamed refuses what cannot be deleted for good. pending: something of
// it has yet to be deleted; the tombstones of an earlier pass are no error.
func (c *collection) checkNamed(ctx context.Context) (pending bool, err error) {
	var active, young []string
	for _, id := range slices.Sorted(maps.Keys(c.namedExperiments)) {
		it, e, err := c.readExperiment(ctx, id)
		switch {
		case err != nil:
			return false, err
		case e == nil && it.IsZero():
			return false, errNoExperiment(id)
		case e == nil:
			continue
		case id == DefaultExperimentID:
			return false, invalidf("The default experiment cannot be deleted permanently.")
		case e.stage != StageDeleted:
			active = append(active, id)
		case !c.isOld(e.updated):
			young = append(young, id)
		}
		pending = true
	}
	// Texts and order of the checks are those of MLflow.
	// Source: MLflow 3.17, cli/__init__.py, gc.
	if active != nil {
		return false, invalidf("Experiments %s are not in the deleted lifecycle stage. "+
			"Only experiments in the deleted lifecycle stage can be hard-deleted.", pythonList(active))
	}
	if young != nil {
		return false, invalidf("Experiments %s are not older than the required age. "+
			"Only experiments older than %s can be deleted.", pythonList(young), formatAge(*c.p.OlderThan))
	}
	for _, id := range slices.Sorted(maps.Keys(c.namedRuns)) {
		left, err := c.checkRun(ctx, id)
		if err != nil {
			return false, err
		}
		pending = pending || left
	}
	return pending, nil
}

// checkRun is checkNamed for one run.
func (c *collection) checkRun(ctx context.Context, id string) (pending bool, err error) {
	it, h, err := c.readRun(ctx, id)
	if err != nil || h == nil && !it.IsZero() {
		return false, err
	}
	if h == nil {
		return false, errRunNotFound(id)
	}
	_, e, err := c.readExperiment(ctx, h.exp)
	switch {
	case err != nil:
		return false, err
	case e == nil:
		return false, errRunNotFound(id)
	case h.stage(stateOf(e)) != StageDeleted:
		return false, invalidf("Run %s is not in `deleted` lifecycle stage. "+
			"Only runs in `deleted` lifecycle stage can be deleted.", id)
	case !c.isOld(deletedAt(h, e)):
		return false, invalidf("Run %s is not older than the required age. "+
			"Only runs older than %s can be deleted.", id, formatAge(*c.p.OlderThan))
	}
	return true, nil
}

// deletedAt is when a deleted run was deleted, by itself or with its
// experiment, in ms.
func deletedAt(h *runHead, e *experimentDoc) int64 {
	if h.mark == markDeleted && h.markGen == e.gen {
		return h.changed
	}
	return e.updated
}

// isOld reports whether what was deleted at the given time may go.
func (c *collection) isOld(deleted int64) bool { return c.p.OlderThan == nil || deleted <= c.cutoff }

// experimentDoomed reports whether an experiment is to be deleted for good.
func (c *collection) experimentDoomed(e *experimentDoc) bool {
	return e.stage == StageDeleted && e.id != DefaultExperimentID && c.isOld(e.updated) &&
		(c.everything || c.namedExperiments[e.id])
}

// runDoomed reports whether a run is to be deleted for good.
func (c *collection) runDoomed(h *runHead, e *experimentDoc) bool {
	return h.stage(stateOf(e)) == StageDeleted && c.isOld(deletedAt(h, e)) &&
		(c.everything || c.namedRuns[h.id])
}

func pythonList(ids []string) string { return "['" + strings.Join(ids, "', '") + "']" }

// formatAge writes a duration as MLflow's command line takes it, such as
// 1d2h3m4s.
func formatAge(d time.Duration) string {
	var b strings.Builder
	for _, u := range []struct {
		name string
		size time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}} {
		if n := d / u.size; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			d -= n * u.size
		}
	}
	if d > 0 || b.Len() == 0 {
		b.WriteString(strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s")
	}
	return b.String()
}

// deleteNamed deletes what is named before the table is scanned.
func (c *collection) deleteNamed(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(c.namedExperiments)) {
		if _, err := c.experiment(ctx, id, true); err != nil {
			return err
		}
		if err := c.pass.step(ctx, 0, 0); err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.namedRuns)) {
		if _, err := c.runOf(ctx, id, ""); err != nil {
			return err
		}
		if err := c.pass.step(ctx, 0, 0); err != nil {
			return err
		}
	}
	return nil
}
