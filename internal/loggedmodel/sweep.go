package loggedmodel

import (
	"context"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/garbage"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// gcModels is how many logged models a collection remembers. What it forgets it
// reads again.
const gcModels = 1 << 16

// Sweep is a collection's sweep of logged models.
type Sweep struct {
	*garbage.Collection
	s           *Store
	experiments *experiment.Sweep
	logged      *lru.Cache[string, bool] // whether a logged model is gone
}

// Sweep returns the sweep of a collection.
func (s *Store) Sweep(c *garbage.Collection, e *experiment.Sweep) (*Sweep, error) {
	logged, err := lru.New[string, bool](gcModels)
	return &Sweep{c, s, e, logged}, err
}

// Kinds implements [garbage.Sweep].
func (w *Sweep) Kinds() []keys.Kind {
	return []keys.Kind{keys.KindLoggedModel, keys.KindLoggedModelPart, keys.KindLoggedModelList}
}

// Meet implements [garbage.Sweep].
func (w *Sweep) Meet(ctx context.Context, it garbage.Item) (bool, error) {
	if it.Kind == keys.KindLoggedModel {
		return false, w.meetLoggedModel(ctx, it)
	}
	return w.isOrphanOfLoggedModel(ctx, it)
}

// meetLoggedModel deletes a logged model if it is to go.
func (w *Sweep) meetLoggedModel(ctx context.Context, it garbage.Item) error {
	m, err := Decode(it.Logged, it.Item)
	if err != nil || m == nil {
		return err
	}
	e, err := w.experiments.Fate(ctx, m.Exp, true)
	if err != nil {
		return err
	}
	if !w.loggedModelDoomed(m, e) {
		w.logged.Add(m.ID, false)
		return nil
	}
	_, _, err = w.loggedModel(ctx, m.ID)
	return err
}

// loggedModelDoomed reports whether a logged model goes with its experiment, or
// because all goes that was deleted before the cutoff.
func (w *Sweep) loggedModelDoomed(m *Document, e *experiment.Fate) bool {
	return e.Gone || m.Stage == mlflow.StageDeleted && w.Everything && w.IsOld(m.Updated)
}

// isOrphanOfLoggedModel reports whether the model or the experiment of an item
// is gone.
func (w *Sweep) isOrphanOfLoggedModel(ctx context.Context, it garbage.Item) (bool, error) {
	if it.Experiment != "" {
		e, err := w.experiments.Fate(ctx, it.Experiment, true)
		if err != nil || e.Gone {
			return err == nil, err
		}
	}
	gone, known, err := w.loggedModel(ctx, it.Logged)
	if err == nil && !known {
		w.Report.Left++
	}
	return gone, err
}

// loggedModel reports whether a logged model is gone, for good if so; known is
// false for one that may be under creation. 1 RCU for each 4 KB of its document.
func (w *Sweep) loggedModel(ctx context.Context, id string) (gone, known bool, err error) {
	if gone, ok := w.logged.Get(id); ok {
		return gone, true, nil
	}
	for attempt := 0; ; attempt++ {
		gone, known, moved, err := w.tryLoggedModel(ctx, id)
		if err != nil {
			return false, false, err
		}
		if !moved {
			if known {
				w.logged.Add(id, gone)
			}
			return gone, known, nil
		}
		if err := document.BackOff(ctx, attempt); err != nil {
			return false, false, err
		}
	}
}

// tryLoggedModel is one try of loggedModel. moved: it has changed meanwhile.
func (w *Sweep) tryLoggedModel(ctx context.Context, id string) (gone, known, moved bool, err error) {
	it, found, err := w.s.Table.Get(ctx, w.s.Keys.LoggedModel(id), table.Strong)
	if err != nil {
		return false, false, false, err
	}
	if !found {
		if w.s.IsYoung(garbage.Begun(strings.TrimPrefix(id, "m-"))) {
			return false, false, false, nil
		}
		moved, err = w.buryLoggedModel(ctx, id, table.Absent())
		return true, true, moved, err
	}
	m, err := Decode(id, it)
	if err != nil || m == nil { // a tombstone
		return m == nil, true, false, err
	}
	e, err := w.experiments.Fate(ctx, m.Exp, true)
	if err != nil || !w.loggedModelDoomed(m, e) {
		return false, true, false, err
	}
	// Artifacts go first, so that a crash leaves none that nobody knows of.
	if w.DeleteArtifacts != nil && !w.DryRun {
		if err := w.DeleteArtifacts(ctx, ArtifactURI(e.Artifact, id)); err != nil {
			return false, false, false, err
		}
	}
	if moved, err = w.buryLoggedModel(ctx, id, m.IsRev()); err == nil && !moved {
		w.Count(keys.KindLoggedModel)
	}
	return true, true, moved, err
}

// buryLoggedModel puts a tombstone in the place of a document. Atomic. It
// reports whether the document was not as cond says. 1 WCU for each KB.
func (w *Sweep) buryLoggedModel(ctx context.Context, id string, cond table.Cond) (moved bool, err error) {
	if w.DryRun {
		return false, nil
	}
	err = w.s.Table.Put(ctx, table.Put{Item: w.s.Tombstone(id), Cond: cond})
	w.s.Forget(id)
	if _, isLost := document.AsConditionError(err); isLost {
		return true, nil
	}
	return false, err
}
