package experiment

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/garbage"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// gcExperiments is how many experiments a collection remembers. What it
// forgets it reads again.
const gcExperiments = 1 << 10

// Sweep is a collection's sweep of experiments. Those of other domains ask it
// what becomes of the experiments that their items belong to.
type Sweep struct {
	*garbage.Collection
	s     *Store
	known *lru.Cache[string, *Fate]
}

// Sweep returns the sweep of a collection.
func (s *Store) Sweep(c *garbage.Collection) (*Sweep, error) {
	known, err := lru.New[string, *Fate](gcExperiments)
	return &Sweep{c, s, known}, err
}

// Kinds implements [garbage.Sweep].
func (w *Sweep) Kinds() []keys.Kind {
	return []keys.Kind{
		keys.KindExperiment, keys.KindExperimentName, keys.KindExperimentList, keys.KindExperimentTrigram,
		keys.KindExperimentTag,
	}
}

// Meet implements [garbage.Sweep].
func (w *Sweep) Meet(ctx context.Context, it garbage.Item) (bool, error) {
	switch it.Kind {
	case keys.KindExperiment:
		return false, w.meetExperiment(ctx, it)
	case keys.KindExperimentName:
		return false, w.meetName(ctx, it.Item)
	case keys.KindExperimentList:
		return w.isOldListRow(ctx, it)
	case keys.KindExperimentTrigram:
		return w.IsOrphan(ctx, it, it.Time)
	default:
		return w.IsOrphan(ctx, it, it.Num(keys.Created))
	}
}

// IsGone implements [garbage.Owner].
func (w *Sweep) IsGone(id string) bool {
	known, ok := w.known.Get(id)
	return ok && known.Gone
}

// Forget makes the sweep read an experiment again.
func (w *Sweep) Forget(id string) { w.known.Remove(id) }

// CheckNamed implements [garbage.Named].
func (w *Sweep) CheckNamed(ctx context.Context) (pending bool, err error) {
	var active, young []string
	for _, id := range slices.Sorted(maps.Keys(w.NamedExperiments)) {
		it, e, err := w.Read(ctx, id)
		switch {
		case err != nil:
			return false, err
		case e == nil && it.IsZero():
			return false, ErrNotFound(id)
		case e == nil:
			continue
		case id == mlflow.DefaultExperimentID:
			return false, failure.Invalidf("The default experiment cannot be deleted permanently.")
		case e.Stage != mlflow.StageDeleted:
			active = append(active, id)
		case !w.IsOld(e.Updated):
			young = append(young, id)
		}
		pending = true
	}
	// Texts and order of the checks are those of MLflow.
	// Source: MLflow 3.17, cli/__init__.py, gc.
	if active != nil {
		return false, failure.Invalidf("Experiments %s are not in the deleted lifecycle stage. "+
			"Only experiments in the deleted lifecycle stage can be hard-deleted.", garbage.PythonList(active))
	}
	if young != nil {
		return false, failure.Invalidf("Experiments %s are not older than the required age. "+
			"Only experiments older than %s can be deleted.", garbage.PythonList(young), garbage.FormatAge(*w.OlderThan))
	}
	return pending, nil
}

// DeleteNamed implements [garbage.Named].
func (w *Sweep) DeleteNamed(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(w.NamedExperiments)) {
		if _, err := w.Fate(ctx, id, true); err != nil {
			return err
		}
		if err := w.Step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// IsOrphan reports whether the experiment of an item is gone. What is written
// before the document proves that there was one only when it was begun long
// ago, in ms.
func (w *Sweep) IsOrphan(ctx context.Context, it garbage.Item, begun int64) (bool, error) {
	e, err := w.Fate(ctx, it.Experiment, !w.s.IsYoung(begun))
	if err != nil {
		return false, err
	}
	if !e.Gone && e.Doc == nil {
		w.Report.Left++
	}
	return e.Gone, nil
}

// meetExperiment deletes an experiment if that is asked for.
func (w *Sweep) meetExperiment(ctx context.Context, it garbage.Item) error {
	doc, err := Decode(it.Experiment, it.Item)
	if err != nil || doc == nil || !w.isDoomed(doc) {
		return err
	}
	_, err = w.Fate(ctx, it.Experiment, true)
	return err
}

// meetName removes the name of an experiment that is gone, on the condition
// that it is that experiment's still. Atomic. A name is written with its
// document, so it is never that of a creation under way.
func (w *Sweep) meetName(ctx context.Context, it table.Item) error {
	id := it.Str(keys.ExpID)
	e, err := w.Fate(ctx, id, true)
	if err != nil || !e.Gone {
		return err
	}
	if !w.DryRun {
		deleted, err := w.s.index.DeleteIf(ctx, it.Key, table.Attr{Name: keys.ExpID, Value: table.String(id)})
		if err != nil || !deleted { // else it has been taken again
			return err
		}
	}
	w.Count(keys.KindExperimentName)
	return nil
}

// isOldListRow reports whether a list row is of an experiment that is gone, or
// of an update before the one that the document knows of: times of updates
// only grow, so it never becomes right again.
func (w *Sweep) isOldListRow(ctx context.Context, it garbage.Item) (bool, error) {
	e, err := w.Fate(ctx, it.Experiment, true)
	if err != nil {
		return false, err
	}
	return e.Gone || e.Doc != nil && it.Updated && it.Time < e.Doc.Updated, nil
}

// Fate is what a pass knows of an experiment.
type Fate struct {
	Gone     bool      // for good; in a dry run: it would be
	Doc      *Document // nil if there is none
	Artifact string    // where its runs keep their artifacts
}

// Read reads an experiment: its item, zero if there is none, and the
// document, nil for a tombstone.
func (w *Sweep) Read(ctx context.Context, id string) (table.Item, *Document, error) {
	it, found, err := w.s.Table.Get(ctx, w.s.Keys.Experiment(id), table.Strong)
	if err != nil || !found {
		return table.Item{}, nil, err
	}
	e, err := Decode(id, it)
	return it, e, err
}

// Fate says what becomes of an experiment, by a strong read, and deletes
// it if that is asked for. existed says that it must have had a document once;
// if it is gone, a tombstone makes that final. Without that proof it may be
// under creation.
func (w *Sweep) Fate(ctx context.Context, id string, existed bool) (*Fate, error) {
	if known, ok := w.known.Get(id); ok {
		return known, nil
	}
	for attempt := 0; ; attempt++ {
		e, err := w.try(ctx, id, existed)
		if err != nil {
			return nil, err
		}
		if e != nil {
			if e.Gone || e.Doc != nil {
				w.known.Add(id, e)
			}
			return e, nil
		}
		if err := document.BackOff(ctx, attempt); err != nil {
			return nil, err
		}
	}
}

// try is one try of Fate: nil if it has changed meanwhile.
func (w *Sweep) try(ctx context.Context, id string, existed bool) (*Fate, error) {
	it, doc, err := w.Read(ctx, id)
	if err != nil {
		return nil, err
	}
	e := &Fate{Doc: doc, Artifact: it.Str(keys.Artifact)}
	if e.Artifact == "" { // the best guess for one that expired
		e.Artifact = validate.AppendURIPath(w.s.ArtifactRoot, id)
	}
	switch {
	case doc != nil && !w.isDoomed(doc):
		return e, nil
	case doc != nil:
		e.Gone, e.Doc = true, nil
		return w.remove(ctx, doc, e)
	case !it.IsZero(): // a tombstone
		e.Gone = true
	case id != mlflow.DefaultExperimentID && existed: // Init would make the default one anew, with its old runs
		e.Gone = true
		if !w.DryRun {
			if buried, err := w.s.bury(ctx, id); err != nil || !buried {
				return nil, err
			}
		}
	}
	return e, nil
}

// remove deletes an experiment for good, unless it has changed since
// it was read: then it returns nil. One transaction puts a tombstone in the
// place of the document and removes name and list rows, so the name is free at
// once. Everything else of it is garbage from then on, which this pass or, after
// a crash, the next one removes. 1 request, 8 WCU for a small experiment.
func (w *Sweep) remove(ctx context.Context, doc *Document, e *Fate) (*Fate, error) {
	w.Report.Experiments++
	rows := []table.Key{
		w.s.Keys.ExperimentName(doc.Name),
		w.s.Keys.ExperimentCreated(doc.Created, doc.ID), w.s.Keys.ExperimentUpdated(doc.Updated, doc.ID),
	}
	if w.DryRun {
		return e, nil // the scan counts the rows
	}
	ops := []table.Op{table.Put{Item: w.s.tombstone(doc.ID, doc.Artifact), Cond: doc.IsRev()}}
	for _, k := range rows {
		ops = append(ops, table.Delete{Key: k})
	}
	err := w.s.Table.Transact(ctx, uuid.NewString(), ops...)
	w.s.ForgetState(doc.ID)
	if err != nil {
		w.Report.Experiments--
		if document.IsCanceled(err) {
			return nil, nil //nolint:nilnil // it has changed
		}
		return nil, err
	}
	for _, k := range rows {
		w.Count(keys.Classify(k).Kind)
	}
	return e, nil
}

// isDoomed reports whether an experiment is to be deleted for good.
func (w *Sweep) isDoomed(e *Document) bool {
	return e.Stage == mlflow.StageDeleted && e.ID != mlflow.DefaultExperimentID && w.IsOld(e.Updated) &&
		(w.Everything || w.NamedExperiments[e.ID])
}
