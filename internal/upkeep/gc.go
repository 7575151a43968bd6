package upkeep

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// GarbageParams are the parameters of a garbage collection.
type GarbageParams struct {
	Options
	DryRun                bool
	OlderThan             *time.Duration // nil: only what is named
	RunIDs, ExperimentIDs []string
	DeleteArtifacts       func(ctx context.Context, uri string) error // may be nil
}

// GarbageReport says what a garbage collection has done.
type GarbageReport struct {
	DryRun            bool
	Resumed           bool             // an interrupted pass was continued
	Scanned           int64            // items looked at
	Experiments, Runs int64            // deleted for good
	Removed           map[string]int64 // items by kind
	Artifacts         int64            // runs whose artifacts were removed
	Left              int64            // items of what may be under creation
	Units             table.Units
}

// CollectGarbage runs a collection.
func (s *Store) CollectGarbage(ctx context.Context, p GarbageParams) (GarbageReport, error) {
	c, ctx, err := NewCollection(ctx, s, p)
	if err != nil {
		return GarbageReport{}, err
	}
	err = c.Run(ctx)
	c.Report.Units = c.pass.meter.Units()
	return c.Report, err
}

// Run runs the pass: what is named goes first, then the table is scanned once.
func (c *collection) Run(ctx context.Context) error {
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
			return false, experiment.ErrNotFound(id)
		case e == nil:
			continue
		case id == mlflow.DefaultExperimentID:
			return false, failure.Invalidf("The default experiment cannot be deleted permanently.")
		case e.Stage != mlflow.StageDeleted:
			active = append(active, id)
		case !c.isOld(e.Updated):
			young = append(young, id)
		}
		pending = true
	}
	// Texts and order of the checks are those of MLflow.
	// Source: MLflow 3.17, cli/__init__.py, gc.
	if active != nil {
		return false, failure.Invalidf("Experiments %s are not in the deleted lifecycle stage. "+
			"Only experiments in the deleted lifecycle stage can be hard-deleted.", pythonList(active))
	}
	if young != nil {
		return false, failure.Invalidf("Experiments %s are not older than the required age. "+
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
		return false, run.ErrNotFound(id)
	}
	_, e, err := c.readExperiment(ctx, h.Exp)
	switch {
	case err != nil:
		return false, err
	case e == nil:
		return false, run.ErrNotFound(id)
	case h.Stage(experiment.StateOf(e)) != mlflow.StageDeleted:
		return false, failure.Invalidf("Run %s is not in `deleted` lifecycle stage. "+
			"Only runs in `deleted` lifecycle stage can be deleted.", id)
	case !c.isOld(deletedAt(h, e)):
		return false, failure.Invalidf("Run %s is not older than the required age. "+
			"Only runs older than %s can be deleted.", id, formatAge(*c.p.OlderThan))
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

// isOld reports whether what was deleted at the given time may go.
func (c *collection) isOld(deleted int64) bool { return c.p.OlderThan == nil || deleted <= c.cutoff }

// experimentDoomed reports whether an experiment is to be deleted for good.
func (c *collection) experimentDoomed(e *experiment.Document) bool {
	return e.Stage == mlflow.StageDeleted && e.ID != mlflow.DefaultExperimentID && c.isOld(e.Updated) &&
		(c.everything || c.namedExperiments[e.ID])
}

// runDoomed reports whether a run is to be deleted for good.
func (c *collection) runDoomed(h *run.Head, e *experiment.Document) bool {
	return h.Stage(experiment.StateOf(e)) == mlflow.StageDeleted && c.isOld(deletedAt(h, e)) &&
		(c.everything || c.namedRuns[h.ID])
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
