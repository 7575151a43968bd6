package dynamodbstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// gcParams are the parameters of a garbage collection.
type gcParams struct {
	passOptions
	dryRun                bool
	olderThan             *time.Duration // nil: only what is named
	runIDs, experimentIDs []string
	deleteArtifacts       func(ctx context.Context, uri string) error // may be nil
}

// gcReport says what a garbage collection has done.
type gcReport struct {
	dryRun            bool
	resumed           bool             // an interrupted pass was continued
	scanned           int64            // items looked at
	experiments, runs int64            // deleted for good
	removed           map[string]int64 // items by kind
	artifacts         int64            // runs whose artifacts were removed
	left              int64            // items of what may be under creation
	units             table.Units
}

// collectGarbage runs a collection.
func (s *Store) collectGarbage(ctx context.Context, p gcParams) (gcReport, error) {
	c, ctx, err := newCollection(ctx, s, p)
	if err != nil {
		return gcReport{}, err
	}
	err = c.run(ctx)
	c.report.units = c.pass.meter.Units()
	return c.report, err
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
			"Only experiments older than %s can be deleted.", pythonList(young), formatAge(*c.p.olderThan))
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
			"Only runs older than %s can be deleted.", id, formatAge(*c.p.olderThan))
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
func (c *collection) isOld(deleted int64) bool { return c.p.olderThan == nil || deleted <= c.cutoff }

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
