package experiment

import (
	"context"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
)

// SortedIDs returns experiment ids in their canonical form, each once.
func SortedIDs(ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = validate.CanonicalID(id)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// States reads the states of those experiments that exist.
func (s *Store) States(ctx context.Context, ids []string) ([]*State, error) {
	ids = SortedIDs(ids)
	ks := make([]table.Key, len(ids))
	byPK := make(map[string]string, len(ids))
	for i, id := range ids {
		ks[i] = s.Keys.Experiment(id)
		byPK[ks[i].PK] = id
	}
	read := s.Clock()
	items, err := s.Table.BatchGet(ctx, ks, table.Strong)
	if err != nil {
		return nil, err
	}
	states := make([]*State, 0, len(items))
	for _, it := range items {
		e, err := Decode(byPK[it.Key.PK], it)
		if err != nil {
			return nil, err
		}
		if e == nil {
			continue
		}
		st := StateOf(e)
		s.rememberState(e.ID, st, read)
		states = append(states, st)
	}
	return states, nil
}
