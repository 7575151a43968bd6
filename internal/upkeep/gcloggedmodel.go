package upkeep

import (
	"context"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/loggedmodel"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// meetLoggedModel deletes a logged model if it is to go.
func (c *collection) meetLoggedModel(ctx context.Context, it scanned) error {
	m, err := loggedmodel.Decode(it.Logged, it.Item)
	if err != nil || m == nil {
		return err
	}
	e, err := c.experiment(ctx, m.Exp, true)
	if err != nil {
		return err
	}
	if !c.loggedModelDoomed(m, e) {
		c.logged.Add(m.ID, false)
		return nil
	}
	_, _, err = c.loggedModel(ctx, m.ID)
	return err
}

// loggedModelDoomed reports whether a logged model goes with its experiment, or
// because all goes that was deleted before the cutoff.
func (c *collection) loggedModelDoomed(m *loggedmodel.Document, e *gcExperiment) bool {
	return e.gone || m.Stage == mlflow.StageDeleted && c.everything && c.isOld(m.Updated)
}

// isOrphanOfLoggedModel reports whether the model or the experiment of an item
// is gone.
func (c *collection) isOrphanOfLoggedModel(ctx context.Context, it scanned) (bool, error) {
	if it.Experiment != "" {
		e, err := c.experiment(ctx, it.Experiment, true)
		if err != nil || e.gone {
			return err == nil, err
		}
	}
	gone, known, err := c.loggedModel(ctx, it.Logged)
	if err == nil && !known {
		c.Report.Left++
	}
	return gone, err
}

// loggedModel reports whether a logged model is gone, for good if so; known is
// false for one that may be under creation. 1 RCU for each 4 KB of its document.
func (c *collection) loggedModel(ctx context.Context, id string) (gone, known bool, err error) {
	if gone, ok := c.logged.Get(id); ok {
		return gone, true, nil
	}
	for attempt := 0; ; attempt++ {
		gone, known, moved, err := c.tryLoggedModel(ctx, id)
		if err != nil {
			return false, false, err
		}
		if !moved {
			if known {
				c.logged.Add(id, gone)
			}
			return gone, known, nil
		}
		if err := document.BackOff(ctx, attempt); err != nil {
			return false, false, err
		}
	}
}

// tryLoggedModel is one try of loggedModel. moved: it has changed meanwhile.
func (c *collection) tryLoggedModel(ctx context.Context, id string) (gone, known, moved bool, err error) {
	it, found, err := c.s.Table.Get(ctx, c.s.Keys.LoggedModel(id), table.Strong)
	if err != nil {
		return false, false, false, err
	}
	if !found {
		if c.s.IsYoung(runBegun(strings.TrimPrefix(id, "m-"))) {
			return false, false, false, nil
		}
		moved, err = c.buryLoggedModel(ctx, id, table.Absent())
		return true, true, moved, err
	}
	m, err := loggedmodel.Decode(id, it)
	if err != nil || m == nil { // a tombstone
		return m == nil, true, false, err
	}
	e, err := c.experiment(ctx, m.Exp, true)
	if err != nil || !c.loggedModelDoomed(m, e) {
		return false, true, false, err
	}
	// Artifacts go first, so that a crash leaves none that nobody knows of.
	if c.p.DeleteArtifacts != nil && !c.p.DryRun {
		if err := c.p.DeleteArtifacts(ctx, loggedmodel.ArtifactURI(e.artifact, id)); err != nil {
			return false, false, false, err
		}
	}
	if moved, err = c.buryLoggedModel(ctx, id, m.IsRev()); err == nil && !moved {
		c.count(keys.KindLoggedModel)
	}
	return true, true, moved, err
}

// buryLoggedModel puts a tombstone in the place of a document. Atomic. It
// reports whether the document was not as cond says. 1 WCU for each KB.
func (c *collection) buryLoggedModel(ctx context.Context, id string, cond table.Cond) (moved bool, err error) {
	if c.p.DryRun {
		return false, nil
	}
	err = c.s.Table.Put(ctx, table.Put{Item: c.s.loggedmodels.Tombstone(id), Cond: cond})
	c.s.loggedmodels.Forget(id)
	if _, isLost := document.AsConditionError(err); isLost {
		return true, nil
	}
	return false, err
}
