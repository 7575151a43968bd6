package registry

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Check returns what is wrong with the items of the registered models of
// a workspace, and the rows that they have to have.
func (s *Store) Check(ctx context.Context) (rows []table.Key, err error) {
	for m, err := range s.ModelsInOrder(ctx, NameRange{}) {
		if err != nil {
			return nil, err
		}
		more, err := s.checkModel(ctx, m)
		if err != nil {
			return nil, fmt.Errorf("model %s: %w", m.Name, err)
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

func (s *Store) checkModel(ctx context.Context, m *Model) (rows []table.Key, err error) {
	names, err := s.namesOfModels(ctx, []string{m.ID})
	if err != nil || !slices.Equal(names, []string{m.Name}) {
		return nil, fmt.Errorf("its pointer says %q (%w)", names, err)
	}
	var counted [stageCount]stageInfo
	from, to := keys.VersionRange(1 << 40)
	for it, err := range table.Items(ctx, s.Table, table.Query{PK: s.Keys.ModelPK(m.ID), From: from, To: to}) {
		if err != nil {
			return nil, err
		}
		v, err := DecodeVersion(it)
		if err != nil {
			return nil, err
		}
		if v.rev > m.Rev || v.staged > v.rev || v.version > m.last {
			return nil, fmt.Errorf("version %d of revision %d, staged in %d", v.version, v.rev, v.staged)
		}
		if c := m.copyOf(v.version); c != nil && !reflect.DeepEqual(encodeVersion(it.Key, c), encodeVersion(it.Key, v)) {
			return nil, fmt.Errorf("the copy of version %d differs", v.version)
		}
		stage, _ := m.stageOf(v)
		counted[stage].count++
		counted[stage].set(v)
		rows = append(rows, s.VersionIndex(m.ID, v)...)
	}
	for i, info := range counted {
		known := m.stages[i]
		if info.latest != known.latest || info.count != known.count || (info.copied == nil) != (known.copied == nil) {
			return nil, fmt.Errorf("stage %s is %v, the document says %v", stages()[i], info, known)
		}
	}
	return append(rows, s.Trigrams(m)...), nil
}
