package dynamodbstore

import (
	"context"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// tornReads is how often a model is read anew because versions changed between
// the reads of document and rows.
const tornReads = 8

// readModel reads a document, and those versions that pick chooses from it, as
// they were at one time, without what stands in items of its own. A version that
// is not there is left out. missing is the error for a model that does not
// exist. 1 RCU for each 4 KB of the document and of each version that it has no
// copy of.
func (s *Store) readModel(ctx context.Context, name string, missing error,
	pick func(m *modelDoc) ([]int, error),
) (*modelDoc, []*versionDoc, error) {
	for attempt := 0; ; attempt++ {
		m, err := s.loadModel(ctx, name)
		if err != nil {
			return nil, nil, err
		}
		if m == nil {
			return nil, nil, missing
		}
		versions, current := []*versionDoc(nil), true
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
		if err := backOff(ctx, attempt); err != nil {
			return nil, nil, err
		}
	}
}

// readWholeModel is readModel with what stands in items of its own: of the
// versions all, of the document that of one kind, or all if kind is "". Such
// items are removed behind a version or a model that is deleted, so the document
// is read again after them. 1 RCU more for each 4 KB of those items, and as much
// again for the document if there may be any.
func (s *Store) readWholeModel(ctx context.Context, name string, missing error, kind string,
	pick func(m *modelDoc) ([]int, error),
) (*modelDoc, []*versionDoc, error) {
	for attempt := 0; ; attempt++ {
		m, versions, err := s.readModel(ctx, name, missing, pick)
		if err != nil {
			return nil, nil, err
		}
		elsewhere := m.frozen || slices.ContainsFunc(versions, func(v *versionDoc) bool { return v.frozen })
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
		if err := backOff(ctx, attempt); err != nil {
			return nil, nil, err
		}
	}
}

// isUnchanged reports whether a document still is what stands at its name.
func (s *Store) isUnchanged(ctx context.Context, m *modelDoc) (bool, error) {
	cur, err := s.loadModel(ctx, m.name)
	return cur != nil && cur.id == m.id && cur.rev == m.rev, err
}

// versionsOf returns those of some versions of a model that there are, in the
// order in which they are asked for, without what stands in items of its own.
// current: all are there and as they were when the document was read.
func (s *Store) versionsOf(ctx context.Context, m *modelDoc, wanted []int) (out []*versionDoc, current bool, err error) {
	var elsewhere []table.Key
	for _, n := range wanted {
		if m.copyOf(n) == nil {
			elsewhere = append(elsewhere, s.ks.ModelVersion(m.id, n))
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
			v = rows[s.ks.ModelVersion(m.id, n)]
		}
		if v == nil || v.rev > m.rev {
			current = false
		}
		if v != nil {
			out = append(out, v)
		}
	}
	return out, current, nil
}

// wholeVersions returns versions with what stands in items of its own.
func (s *Store) wholeVersions(ctx context.Context, m *modelDoc, versions []*versionDoc) ([]*versionDoc, error) {
	out := make([]*versionDoc, len(versions))
	var err error
	for i, v := range versions {
		if out[i], err = s.wholeVersion(ctx, m.id, v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// versionRows reads rows of versions, without what stands elsewhere.
func (s *Store) versionRows(ctx context.Context, wanted []table.Key) (map[table.Key]*versionDoc, error) {
	rows := make(map[table.Key]*versionDoc, len(wanted))
	if len(wanted) == 0 {
		return rows, nil
	}
	items, err := s.t.BatchGet(ctx, wanted, table.Strong)
	if err != nil {
		return nil, err
	}
	for _, it := range items {
		if rows[it.Key], err = decodeVersion(it); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// wholeVersion returns a version with what stands in items of its own.
func (s *Store) wholeVersion(ctx context.Context, model string, v *versionDoc) (*versionDoc, error) {
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
func (s *Store) wholeModel(ctx context.Context, m *modelDoc, kind string) (*modelDoc, error) {
	if !m.frozen {
		return m, nil
	}
	from, to := keys.ModelOverflowRange(kind)
	c := m.clone()
	var err error
	c.notes, err = s.wholeNotes(ctx, m.notes, m.id, from, to)
	return c, err
}

// latestOf picks the latest versions of a model's stages, lowest first.
func latestOf(m *modelDoc) ([]int, error) { return m.latest(func(int) bool { return true }), nil }

// modelEntity shows a model, with the latest versions of its stages. It reads
// the document anew when those have changed since.
func (s *Store) modelEntity(ctx context.Context, m *modelDoc) (*RegisteredModel, error) {
	for attempt := 0; ; attempt++ {
		wanted, _ := latestOf(m)
		latest, current, err := s.versionsOf(ctx, m, wanted)
		if err != nil {
			return nil, err
		}
		var docs []*modelDoc
		if !current && attempt < tornReads {
			if docs, err = s.modelsByID(ctx, []string{m.id}); err != nil {
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
func (s *Store) changedVersion(ctx context.Context, m *modelDoc, v *versionDoc) (*ModelVersion, error) {
	m, err := s.wholeModel(ctx, m, keys.AliasPrefix)
	if err != nil {
		return nil, err
	}
	if v, err = s.wholeVersion(ctx, m.id, v); err != nil {
		return nil, err
	}
	return m.aliasedVersion(v), nil
}

// aliasedVersion shows a version with its aliases.
func (m *modelDoc) aliasedVersion(v *versionDoc) *ModelVersion {
	e := m.versionEntity(v)
	e.Aliases = m.aliasesOf(v.version)
	return e
}
