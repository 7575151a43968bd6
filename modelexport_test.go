package dynamodbstore

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// CheckModels returns what is wrong with the items of the registered models of
// a workspace, and the rows that they have to have.
func CheckModels(ctx context.Context, s *Store) (rows []table.Key, err error) {
	for m, err := range s.modelsInOrder(ctx, nameRange{}) {
		if err != nil {
			return nil, err
		}
		more, err := s.checkModel(ctx, m)
		if err != nil {
			return nil, fmt.Errorf("model %s: %w", m.name, err)
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

func (s *Store) checkModel(ctx context.Context, m *modelDoc) (rows []table.Key, err error) {
	names, err := s.namesOfModels(ctx, []string{m.id})
	if err != nil || !slices.Equal(names, []string{m.name}) {
		return nil, fmt.Errorf("its pointer says %q (%w)", names, err)
	}
	var stages [stageCount]stageInfo
	from, to := keys.VersionRange(1 << 40)
	for it, err := range table.Items(ctx, s.t, table.Query{PK: s.ks.ModelPK(m.id), From: from, To: to}) {
		if err != nil {
			return nil, err
		}
		v, err := decodeVersion(it)
		if err != nil {
			return nil, err
		}
		if v.rev > m.rev || v.staged > v.rev || v.version > m.last {
			return nil, fmt.Errorf("version %d of revision %d, staged in %d", v.version, v.rev, v.staged)
		}
		if c := m.copyOf(v.version); c != nil && !reflect.DeepEqual(encodeVersion(it.Key, c), encodeVersion(it.Key, v)) {
			return nil, fmt.Errorf("the copy of version %d differs", v.version)
		}
		stage, _ := m.stageOf(v)
		stages[stage].count++
		stages[stage].set(v)
		rows = append(rows, s.versionIndex(m.id, v)...)
	}
	for i, info := range stages {
		known := m.stages[i]
		if info.latest != known.latest || info.count != known.count || (info.copied == nil) != (known.copied == nil) {
			return nil, fmt.Errorf("stage %s is %v, the document says %v", m.stageNames()[i], info, known)
		}
	}
	return append(rows, s.modelTrigrams(m)...), nil
}

func (m *modelDoc) stageNames() [stageCount]ModelStage { return stages() }
