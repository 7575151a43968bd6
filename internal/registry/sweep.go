package registry

import (
	"context"
	"errors"
	"math"
	"slices"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/garbage"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// gcModels is how many models a collection remembers. What it forgets it reads
// again.
const gcModels = 1 << 10

// Sweep is a collection's sweep of registered models and their versions.
type Sweep struct {
	*garbage.Collection
	s      *Store
	models *lru.Cache[string, *fate]
}

// Sweep returns the sweep of a collection.
func (s *Store) Sweep(c *garbage.Collection) (*Sweep, error) {
	models, err := lru.New[string, *fate](gcModels)
	return &Sweep{c, s, models}, err
}

// Kinds implements [garbage.Sweep]. Documents and pointers are not among them:
// they are deleted at once.
func (w *Sweep) Kinds() []keys.Kind {
	return []keys.Kind{
		keys.KindModelOverflow, keys.KindModelVersion, keys.KindVersionOverflow, keys.KindVersionIndex,
		keys.KindModelTrigram,
	}
}

// fate is what a pass knows of a registered model.
type fate struct {
	gone bool            // for good
	doc  *Model          // nil if it is gone, or may be under creation
	uids map[string]bool // of its versions, nil until they were asked for
	read int64           // when those were read, ms
}

// Meet decides about an item of a registered model. Documents and
// pointers are deleted with the model, at once, so only what stands around them
// can be left over: by a deletion, a creation or a renaming that was
// interrupted.
func (w *Sweep) Meet(ctx context.Context, it garbage.Item) (garbage bool, err error) {
	m, err := w.model(ctx, it.Model)
	if err != nil || m.gone {
		return err == nil, err
	}
	if m.doc == nil {
		w.Report.Left++
		return false, nil
	}
	switch it.Kind {
	case keys.KindVersionOverflow:
		return w.isOverflowOfNoVersion(ctx, it, m)
	case keys.KindVersionIndex:
		return false, w.removeStaleVersionIndex(ctx, it, m)
	case keys.KindModelTrigram:
		return false, w.removeStaleModelTrigram(ctx, it, m)
	default:
		return false, nil
	}
}

// tombstone takes the place of the pointer of a model that is gone for
// good, see the notes on tombstones. It names no model.
func (s *Store) tombstone(id string) table.Item {
	return table.NewItem(s.Keys.ModelPointer(id),
		table.Attr{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		s.ExpiresIn(workspace.TombstoneAge))
}

// model says what becomes of a model, by strong reads of its pointer and its
// document, which are written and deleted together. 2 RCU for a small model.
func (w *Sweep) model(ctx context.Context, id string) (*fate, error) {
	if known, ok := w.models.Get(id); ok {
		return known, nil
	}
	for attempt := 0; ; attempt++ {
		m, err := w.tryModel(ctx, id)
		if err != nil {
			return nil, err
		}
		if m != nil {
			if m.gone || m.doc != nil {
				w.models.Add(id, m)
			}
			return m, nil
		}
		if err := document.BackOff(ctx, attempt); err != nil {
			return nil, err
		}
	}
}

// tryModel is one try of model: nil if it has changed meanwhile.
func (w *Sweep) tryModel(ctx context.Context, id string) (*fate, error) {
	pointer, found, err := w.s.Table.Get(ctx, w.s.Keys.ModelPointer(id), table.Strong)
	if err != nil {
		return nil, err
	}
	name := pointer.Str(keys.Name)
	switch {
	case name != "":
		doc, err := w.s.Load(ctx, name)
		if err != nil || doc == nil || doc.ID != id { // renamed, or deleted
			return nil, err
		}
		return &fate{doc: doc}, nil
	case found: // a tombstone
		return &fate{gone: true}, nil
	case w.s.IsYoung(garbage.Begun(id)):
		return &fate{}, nil
	case w.DryRun:
		return &fate{gone: true}, nil
	}
	err = w.s.Table.Put(ctx, table.Put{Item: w.s.tombstone(id), Cond: table.Absent()})
	if _, isLost := document.AsConditionError(err); isLost {
		return nil, nil //nolint:nilnil // it has changed
	}
	return &fate{gone: true}, err
}

// isOverflowOfNoVersion reports whether an item is of a version that was never
// made, or that is deleted. Creations that take longer than [AbandonedAfter]
// fail, so an id is decided once it is that old; not by versions that were read
// before, however long a pass goes on: those of a version that was made since
// are not among them.
func (w *Sweep) isOverflowOfNoVersion(ctx context.Context, it garbage.Item, m *fate) (bool, error) {
	begun := garbage.Begun(it.UID)
	if w.s.IsYoung(begun) {
		w.Report.Left++
		return false, nil
	}
	if m.uids == nil || m.read-begun < workspace.AbandonedAfter.Milliseconds() {
		read := w.s.NowMillis()
		uids, err := w.versionUIDs(ctx, m.doc.ID)
		if err != nil {
			return false, err
		}
		m.uids, m.read = uids, read
	}
	return !m.uids[it.UID], nil
}

// versionUIDs reads the ids of the creations of all versions of a model. 1 RCU
// for each 4 KB of their rows.
func (w *Sweep) versionUIDs(ctx context.Context, model string) (map[string]bool, error) {
	uids := map[string]bool{}
	from, to := keys.VersionRange(math.MaxInt)
	for row, err := range table.Items(ctx, w.s.Table, table.Query{PK: w.s.Keys.ModelPK(model), From: from, To: to}) {
		if err != nil {
			return nil, err
		}
		uids[row.Str(keys.UID)] = true
	}
	return uids, nil
}

// removeStaleVersionIndex removes an index row that does not lead to a version
// of that run or source: the number was taken by another creator, or the
// version is deleted. The condition is the time at which the row was written: a
// creator that has its number still to get may write the same row again.
// Atomic.
func (w *Sweep) removeStaleVersionIndex(ctx context.Context, it garbage.Item, m *fate) error {
	written := it.Num(keys.Created)
	if w.s.IsYoung(written) {
		return nil
	}
	row, found, err := w.s.Table.Get(ctx, w.s.Keys.ModelVersion(m.doc.ID, it.Version), table.Strong)
	if err != nil {
		return err
	}
	if found {
		v, err := DecodeVersion(row)
		if err != nil || slices.Contains(w.s.VersionIndex(m.doc.ID, v), it.Key) {
			return err
		}
	}
	return w.RemoveIf(ctx, it, table.Attr{Name: keys.Created, Value: table.Number(written)})
}

// removeStaleModelTrigram removes a trigram row that is not of the model's name.
// One that was written for a revision to come may be that of a renaming under
// way: a revision in between makes that write its rows anew. Then the row is
// removed on the condition that it is as it was. Atomic each.
func (w *Sweep) removeStaleModelTrigram(ctx context.Context, it garbage.Item, m *fate) error {
	if slices.Contains(w.s.Trigrams(m.doc), it.Key) {
		return nil
	}
	rev := it.Num(keys.Rev)
	if rev > m.doc.Rev && !w.DryRun {
		doc, err := w.s.Mutate(ctx, m.doc.Name, ErrNoModel(m.doc.Name), func(_ context.Context, cur *Model) (*Model, error) {
			return cur.Clone(), nil
		})
		w.models.Remove(it.Model)
		if errors.Is(err, mlflow.ErrNotFound) {
			return nil // the next pass knows what has become of it
		}
		if err != nil || doc.ID != it.Model || slices.Contains(w.s.Trigrams(doc), it.Key) {
			return err
		}
	}
	return w.RemoveIf(ctx, it, table.Attr{Name: keys.Rev, Value: table.Number(rev)})
}
