package registry

import (
	"context"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// tornReads is how often a model is read anew because versions changed between
// the reads of document and rows.
const tornReads = 8

// readModel reads a document, and those versions that pick chooses from it, as
// they were at one time, without what stands in items of its own. A version that
// is not there is left out. missing is the error for a model that does not
// exist. 1 RCU for each 4 KB of the document and of each version that it has no
// copy of.
func (s *reader) readModel(ctx context.Context, name string, missing error,
	pick func(m *Model) ([]int, error),
) (*Model, []*Version, error) {
	for attempt := 0; ; attempt++ {
		m, err := s.Load(ctx, name)
		if err != nil {
			return nil, nil, err
		}
		if m == nil {
			return nil, nil, missing
		}
		versions, current := []*Version(nil), true
		wanted, pickErr := pick(m)
		switch {
		case pickErr == nil:
			versions, current, err = s.versionsOf(ctx, m, wanted)
		case m.frozen: // what it looked for elsewhere may have gone with the model
			current, err = s.isUnchanged(ctx, m)
		}
		if err != nil {
			return nil, nil, err
		}
		if current || attempt == tornReads {
			return m, versions, pickErr
		}
		if err := document.BackOff(ctx, attempt); err != nil {
			return nil, nil, err
		}
	}
}

// readWholeModel is readModel with what stands in items of its own: of the
// versions all, of the document that of one kind, or all if kind is "". Such
// items are removed behind a version or a model that is deleted, so the document
// is read again after them. 1 RCU more for each 4 KB of those items, and as much
// again for the document if there may be any.
func (s *reader) readWholeModel(ctx context.Context, name string, missing error, kind string,
	pick func(m *Model) ([]int, error),
) (*Model, []*Version, error) {
	for attempt := 0; ; attempt++ {
		m, versions, err := s.readModel(ctx, name, missing, pick)
		if err != nil {
			return nil, nil, err
		}
		elsewhere := m.frozen || slices.ContainsFunc(versions, func(v *Version) bool { return v.frozen })
		whole, err := s.wholeModel(ctx, m, kind)
		if err != nil {
			return nil, nil, err
		}
		if versions, err = s.wholeVersions(ctx, m, versions); err != nil {
			return nil, nil, err
		}
		if !elsewhere || attempt == tornReads {
			return whole, versions, nil
		}
		if current, err := s.isUnchanged(ctx, m); err != nil || current {
			return whole, versions, err
		}
		if err := document.BackOff(ctx, attempt); err != nil {
			return nil, nil, err
		}
	}
}

// isUnchanged reports whether a document still is what stands at its name.
func (s *reader) isUnchanged(ctx context.Context, m *Model) (bool, error) {
	cur, err := s.Load(ctx, m.Name)
	return cur != nil && cur.ID == m.ID && cur.Rev == m.Rev, err
}

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
		if out[i], err = s.wholeVersion(ctx, m.ID, v); err != nil {
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

// wholeVersion returns a version with what stands in items of its own.
func (s *reader) wholeVersion(ctx context.Context, model string, v *Version) (*Version, error) {
	if !v.frozen {
		return v, nil
	}
	from, to := keys.VersionOverflowRange(v.uid)
	c := v.clone()
	var err error
	c.notes, err = s.wholeNotes(ctx, v.notes, model, from, to)
	return c, err
}

// wholeModel returns a document with what stands in items of its own; of one
// kind only, unless kind is "".
func (s *reader) wholeModel(ctx context.Context, m *Model, kind string) (*Model, error) {
	if !m.frozen {
		return m, nil
	}
	from, to := keys.ModelOverflowRange(kind)
	c := m.Clone()
	var err error
	c.notes, err = s.wholeNotes(ctx, m.notes, m.ID, from, to)
	return c, err
}

// latestOf picks the latest versions of a model's stages, lowest first.
func latestOf(m *Model) ([]int, error) { return m.latest(func(int) bool { return true }), nil }

// modelEntity shows a model, with the latest versions of its stages. It reads
// the document anew when those have changed since.
func (s *reader) modelEntity(ctx context.Context, m *Model) (*mlflow.RegisteredModel, error) {
	for attempt := 0; ; attempt++ {
		wanted, _ := latestOf(m)
		latest, current, err := s.versionsOf(ctx, m, wanted)
		if err != nil {
			return nil, err
		}
		var docs []*Model
		if !current && attempt < tornReads {
			if docs, err = s.modelsByID(ctx, []string{m.ID}); err != nil {
				return nil, err
			}
		}
		if len(docs) == 0 { // or it is gone by now
			if latest, err = s.wholeVersions(ctx, m, latest); err != nil {
				return nil, err
			}
			whole, err := s.wholeModel(ctx, m, "")
			if err != nil {
				return nil, err
			}
			return whole.entity(latest), nil
		}
		m = docs[0]
	}
}

// changedVersion shows a version that was just written, with its aliases.
func (s *reader) changedVersion(ctx context.Context, m *Model, v *Version) (*mlflow.ModelVersion, error) {
	m, err := s.wholeModel(ctx, m, keys.AliasPrefix)
	if err != nil {
		return nil, err
	}
	if v, err = s.wholeVersion(ctx, m.ID, v); err != nil {
		return nil, err
	}
	return m.aliasedVersion(v), nil
}

// aliasedVersion shows a version with its aliases.
func (m *Model) aliasedVersion(v *Version) *mlflow.ModelVersion {
	e := m.versionEntity(v)
	e.Aliases = m.aliasesOf(v.version)
	return e
}
