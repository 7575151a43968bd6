package upkeep

import (
	"context"
	"errors"
	"math"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/registry"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// gcModel is what a pass knows of a registered model.
type gcModel struct {
	gone bool            // for good
	doc  *registry.Model // nil if it is gone, or may be under creation
	uids map[string]bool // of its versions, nil until they were asked for
	read int64           // when those were read, ms
}

// meetModelItem decides about an item of a registered model. Documents and
// pointers are deleted with the model, at once, so only what stands around them
// can be left over: by a deletion, a creation or a renaming that was
// interrupted.
func (c *collection) meetModelItem(ctx context.Context, it scanned) (garbage bool, err error) {
	m, err := c.model(ctx, it.Model)
	if err != nil || m.gone {
		return err == nil, err
	}
	if m.doc == nil {
		c.Report.Left++
		return false, nil
	}
	switch it.Kind {
	case keys.KindVersionOverflow:
		return c.isOverflowOfNoVersion(ctx, it, m)
	case keys.KindVersionIndex:
		return false, c.removeStaleVersionIndex(ctx, it, m)
	case keys.KindModelTrigram:
		return false, c.removeStaleModelTrigram(ctx, it, m)
	default:
		return false, nil
	}
}

// modelTombstone takes the place of the pointer of a model that is gone for
// good, see the notes on tombstones. It names no model.
func (s *Store) modelTombstone(id string) table.Item {
	return table.NewItem(s.Keys.ModelPointer(id),
		table.Attr{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		s.ExpiresIn(workspace.TombstoneAge))
}

// model says what becomes of a model, by strong reads of its pointer and its
// document, which are written and deleted together. 2 RCU for a small model.
func (c *collection) model(ctx context.Context, id string) (*gcModel, error) {
	if known, ok := c.models.Get(id); ok {
		return known, nil
	}
	for attempt := 0; ; attempt++ {
		m, err := c.tryModel(ctx, id)
		if err != nil {
			return nil, err
		}
		if m != nil {
			if m.gone || m.doc != nil {
				c.models.Add(id, m)
			}
			return m, nil
		}
		if err := document.BackOff(ctx, attempt); err != nil {
			return nil, err
		}
	}
}

// tryModel is one try of model: nil if it has changed meanwhile.
func (c *collection) tryModel(ctx context.Context, id string) (*gcModel, error) {
	pointer, found, err := c.s.Table.Get(ctx, c.s.Keys.ModelPointer(id), table.Strong)
	if err != nil {
		return nil, err
	}
	name := pointer.Str(keys.Name)
	switch {
	case name != "":
		doc, err := c.s.registry.Load(ctx, name)
		if err != nil || doc == nil || doc.ID != id { // renamed, or deleted
			return nil, err
		}
		return &gcModel{doc: doc}, nil
	case found: // a tombstone
		return &gcModel{gone: true}, nil
	case c.s.IsYoung(runBegun(id)):
		return &gcModel{}, nil
	case c.p.DryRun:
		return &gcModel{gone: true}, nil
	}
	err = c.s.Table.Put(ctx, table.Put{Item: c.s.modelTombstone(id), Cond: table.Absent()})
	if _, isLost := document.AsConditionError(err); isLost {
		return nil, nil //nolint:nilnil // it has changed
	}
	return &gcModel{gone: true}, err
}

// isOverflowOfNoVersion reports whether an item is of a version that was never
// made, or that is deleted. Creations that take longer than [AbandonedAfter]
// fail, so an id is decided once it is that old; not by versions that were read
// before, however long a pass goes on: those of a version that was made since
// are not among them.
func (c *collection) isOverflowOfNoVersion(ctx context.Context, it scanned, m *gcModel) (bool, error) {
	begun := runBegun(it.UID)
	if c.s.IsYoung(begun) {
		c.Report.Left++
		return false, nil
	}
	if m.uids == nil || m.read-begun < workspace.AbandonedAfter.Milliseconds() {
		read := c.s.NowMillis()
		uids, err := c.versionUIDs(ctx, m.doc.ID)
		if err != nil {
			return false, err
		}
		m.uids, m.read = uids, read
	}
	return !m.uids[it.UID], nil
}

// versionUIDs reads the ids of the creations of all versions of a model. 1 RCU
// for each 4 KB of their rows.
func (c *collection) versionUIDs(ctx context.Context, model string) (map[string]bool, error) {
	uids := map[string]bool{}
	from, to := keys.VersionRange(math.MaxInt)
	for row, err := range table.Items(ctx, c.s.Table, table.Query{PK: c.s.Keys.ModelPK(model), From: from, To: to}) {
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
func (c *collection) removeStaleVersionIndex(ctx context.Context, it scanned, m *gcModel) error {
	written := it.Num(keys.Created)
	if c.s.IsYoung(written) {
		return nil
	}
	row, found, err := c.s.Table.Get(ctx, c.s.Keys.ModelVersion(m.doc.ID, it.Version), table.Strong)
	if err != nil {
		return err
	}
	if found {
		v, err := registry.DecodeVersion(row)
		if err != nil || slices.Contains(c.s.registry.VersionIndex(m.doc.ID, v), it.Key) {
			return err
		}
	}
	return c.removeIf(ctx, it, table.Attr{Name: keys.Created, Value: table.Number(written)})
}

// removeStaleModelTrigram removes a trigram row that is not of the model's name.
// One that was written for a revision to come may be that of a renaming under
// way: a revision in between makes that write its rows anew. Then the row is
// removed on the condition that it is as it was. Atomic each.
func (c *collection) removeStaleModelTrigram(ctx context.Context, it scanned, m *gcModel) error {
	if slices.Contains(c.s.registry.Trigrams(m.doc), it.Key) {
		return nil
	}
	rev := it.Num(keys.Rev)
	if rev > m.doc.Rev && !c.p.DryRun {
		doc, err := c.s.registry.Mutate(ctx, m.doc.Name, registry.ErrNoModel(m.doc.Name), func(_ context.Context, cur *registry.Model) (*registry.Model, error) {
			return cur.Clone(), nil
		})
		c.models.Remove(it.Model)
		if errors.Is(err, mlflow.ErrNotFound) {
			return nil // the next pass knows what has become of it
		}
		if err != nil || doc.ID != it.Model || slices.Contains(c.s.registry.Trigrams(doc), it.Key) {
			return err
		}
	}
	return c.removeIf(ctx, it, table.Attr{Name: keys.Rev, Value: table.Number(rev)})
}
