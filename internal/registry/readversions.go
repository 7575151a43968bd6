package registry

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// versionsOf returns those of some versions of a model that there are, in the
// order in which they are asked for, without what stands in items of its own.
// current: all are there and as they were when the document was read.
func (s *reader) versionsOf(ctx context.Context, m *Model, wanted []int) (out []*Version, current bool, err error) {
	var elsewhere []table.Key
	for _, n := range wanted {
		if m.copyOf(n) == nil {
			elsewhere = append(elsewhere, s.Keys.ModelVersion(m.ID, n))
		}
	}
	rows, err := s.versionRows(ctx, elsewhere)
	if err != nil {
		return nil, false, err
	}
	current = true
	for _, n := range wanted {
		v := m.copyOf(n)
		if v == nil {
			v = rows[s.Keys.ModelVersion(m.ID, n)]
		}
		if v == nil || v.rev > m.Rev {
			current = false
		}
		if v != nil {
			out = append(out, v)
		}
	}
	return out, current, nil
}

// wholeVersions returns versions with what stands in items of its own.
func (s *reader) wholeVersions(ctx context.Context, m *Model, versions []*Version) ([]*Version, error) {
	out := make([]*Version, len(versions))
	var err error
	for i, v := range versions {
		if out[i], err = s.WholeVersion(ctx, m.ID, v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// versionRows reads rows of versions, without what stands elsewhere.
func (s *reader) versionRows(ctx context.Context, wanted []table.Key) (map[table.Key]*Version, error) {
	rows := make(map[table.Key]*Version, len(wanted))
	if len(wanted) == 0 {
		return rows, nil
	}
	items, err := s.Table.BatchGet(ctx, wanted, table.Strong)
	if err != nil {
		return nil, err
	}
	for _, it := range items {
		if rows[it.Key], err = DecodeVersion(it); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// WholeVersion returns a version with what stands in items of its own.
func (s *reader) WholeVersion(ctx context.Context, model string, v *Version) (*Version, error) {
	if !v.frozen {
		return v, nil
	}
	from, to := keys.VersionOverflowRange(v.uid)
	c := v.clone()
	var err error
	c.notes, err = s.wholeNotes(ctx, v.notes, model, from, to)
	return c, err
}

// AllVersions returns all versions of a model, and the document that goes with
// them, which is read anew if versions have changed since; none if the model is
// gone.
func (s *reader) AllVersions(ctx context.Context, m *Model) (*Model, []*Version, error) {
	if copies, ok := m.onlyCopies(); ok {
		return m, copies, nil
	}
	for attempt := 0; ; attempt++ {
		var versions []*Version
		current := true
		from, to := keys.VersionRange(m.last)
		for it, err := range table.Items(ctx, s.Table, table.Query{PK: s.Keys.ModelPK(m.ID), From: from, To: to}) {
			if err != nil {
				return nil, nil, err
			}
			v, err := DecodeVersion(it)
			if err != nil {
				return nil, nil, err
			}
			versions, current = append(versions, v), current && v.rev <= m.Rev
		}
		if current || attempt == tornReads {
			return m, versions, nil
		}
		docs, err := s.ModelsByID(ctx, []string{m.ID})
		if err != nil || len(docs) == 0 {
			return m, nil, err
		}
		m = docs[0]
	}
}

// onlyCopies returns the copies of versions that a document has, if there are
// no other versions.
func (m *Model) onlyCopies() ([]*Version, bool) {
	var copies []*Version
	count := 0
	for i := range m.stages {
		if count += m.stages[i].count; m.stages[i].copied != nil {
			copies = append(copies, m.stages[i].copied)
		}
	}
	return copies, len(copies) == count
}

// SomeVersions visits some versions, of which it is given the numbers by the ids
// of their models, model by model: with the document that goes with them, which is
// read anew if versions have changed since; none if the model is gone. 1 RCU for
// each 4 KB of each version that its document has no copy of.
func (s *reader) SomeVersions(ctx context.Context, docs []*Model, numbers map[string][]int,
	visit func(*Model, []*Version) error,
) error {
	var wanted []table.Key
	for _, m := range docs {
		for _, n := range numbers[m.ID] {
			if m.copyOf(n) == nil {
				wanted = append(wanted, s.Keys.ModelVersion(m.ID, n))
			}
		}
	}
	rows, err := s.versionRows(ctx, wanted)
	if err != nil {
		return err
	}
	for _, m := range docs {
		var found []*Version
		for _, n := range numbers[m.ID] {
			v := m.copyOf(n)
			if v == nil {
				v = rows[s.Keys.ModelVersion(m.ID, n)]
			}
			if v != nil {
				found = append(found, v)
			}
		}
		if m.isOlderThan(found) {
			if m, found, err = s.versionsAgain(ctx, m, numbers[m.ID]); err != nil {
				return err
			}
		}
		if err := visit(m, found); err != nil {
			return err
		}
	}
	return nil
}

// isOlderThan reports whether versions have changed since a document was read.
func (m *Model) isOlderThan(versions []*Version) bool {
	return slices.ContainsFunc(versions, func(v *Version) bool { return v.rev > m.Rev })
}

// versionsAgain reads a model and some of its versions, of which one has changed
// since the model was read: all of them, since a transition changes several. None
// if the model is gone.
func (s *reader) versionsAgain(ctx context.Context, m *Model, numbers []int) (*Model, []*Version, error) {
	for attempt := 0; ; attempt++ {
		docs, err := s.ModelsByID(ctx, []string{m.ID})
		if err != nil || len(docs) == 0 {
			return m, nil, err
		}
		m = docs[0]
		found, _, err := s.versionsOf(ctx, m, numbers)
		if err != nil || !m.isOlderThan(found) || attempt == tornReads {
			return m, found, err
		}
	}
}

// VersionEntities shows versions, without their aliases.
func (s *reader) VersionEntities(ctx context.Context, found []VersionView) ([]*mlflow.ModelVersion, error) {
	out := make([]*mlflow.ModelVersion, len(found))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(versionReaders)
	for i, row := range found {
		if !row.frozen {
			out[i] = row.Model.versionEntity(row.Version)
			continue
		}
		g.Go(func() error {
			v, err := s.WholeVersion(gctx, row.Model.ID, row.Version)
			if err == nil {
				out[i] = row.Model.versionEntity(v)
			}
			return err
		})
	}
	return out, g.Wait()
}

// versionReaders bounds the requests at a time for what of versions stands in
// items of its own.
const versionReaders = 8
