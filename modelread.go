package dynamodbstore

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// tornReads is how often a model is read anew because versions changed between
// the reads of document and rows.
const tornReads = 8

// readModel reads a document, and those versions that pick chooses from it,
// whole, as they were at one time. A version that is not there is left out.
// missing is the error for a model that does not exist. 1 RCU for each 4 KB of
// the document and of each version that it has no copy of.
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
		wanted, err := pick(m)
		if err != nil {
			return nil, nil, err
		}
		versions, current, err := s.versionsOf(ctx, m, wanted)
		if err != nil {
			return nil, nil, err
		}
		if current || attempt == tornReads {
			return m, versions, nil
		}
		if err := backOff(ctx, attempt); err != nil {
			return nil, nil, err
		}
	}
}

// versionsOf returns those of some versions of a model that there are, whole,
// in the order in which they are asked for. current: all are there and as they
// were when the document was read.
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
		if v == nil {
			continue
		}
		if v, err = s.wholeVersion(ctx, m.id, v); err != nil {
			return nil, false, err
		}
		out = append(out, v)
	}
	return out, current, nil
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
			whole, err := s.wholeModel(ctx, m, "")
			if err != nil {
				return nil, err
			}
			return whole.entity(latest), nil
		}
		m = docs[0]
	}
}

// versionEntity shows a version with its aliases.
func (s *Store) versionEntity(ctx context.Context, m *modelDoc, v *versionDoc) (*ModelVersion, error) {
	m, err := s.wholeModel(ctx, m, keys.AliasPrefix)
	if err != nil {
		return nil, err
	}
	if v, err = s.wholeVersion(ctx, m.id, v); err != nil {
		return nil, err
	}
	e := m.versionEntity(v)
	e.Aliases = m.aliasesOf(v.version)
	return e, nil
}
