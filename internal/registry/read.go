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
		whole, err := s.WholeModel(ctx, m, kind)
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

// WholeModel returns a document with what stands in items of its own; of one
// kind only, unless kind is "".
func (s *reader) WholeModel(ctx context.Context, m *Model, kind string) (*Model, error) {
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
			if docs, err = s.ModelsByID(ctx, []string{m.ID}); err != nil {
				return nil, err
			}
		}
		if len(docs) == 0 { // or it is gone by now
			if latest, err = s.wholeVersions(ctx, m, latest); err != nil {
				return nil, err
			}
			whole, err := s.WholeModel(ctx, m, "")
			if err != nil {
				return nil, err
			}
			return whole.entity(latest), nil
		}
		m = docs[0]
	}
}

// ModelEntities shows models. Latest versions that their models
// have no copy of are read a hundred at a time.
func (s *reader) ModelEntities(ctx context.Context, docs []*Model) ([]*mlflow.RegisteredModel, error) {
	var elsewhere []table.Key
	for _, m := range docs {
		for _, n := range m.latest(func(int) bool { return true }) {
			if m.copyOf(n) == nil {
				elsewhere = append(elsewhere, s.Keys.ModelVersion(m.ID, n))
			}
		}
	}
	rows, err := s.versionRows(ctx, elsewhere)
	if err != nil {
		return nil, err
	}
	out := make([]*mlflow.RegisteredModel, len(docs))
	for i, m := range docs {
		m = m.Clone()
		for j := range m.stages {
			info := &m.stages[j]
			if row := rows[s.Keys.ModelVersion(m.ID, info.latest)]; info.copied == nil && row != nil && row.rev <= m.Rev {
				info.copied = row
			}
		}
		if out[i], err = s.modelEntity(ctx, m); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// changedVersion shows a version that was just written, with its aliases.
func (s *reader) changedVersion(ctx context.Context, m *Model, v *Version) (*mlflow.ModelVersion, error) {
	m, err := s.WholeModel(ctx, m, keys.AliasPrefix)
	if err != nil {
		return nil, err
	}
	if v, err = s.WholeVersion(ctx, m.ID, v); err != nil {
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
