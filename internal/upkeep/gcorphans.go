package upkeep

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/google/uuid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// deletedExperimentAge is how long the tombstone of an experiment stays that
// was deleted on request: it knows where the artifacts of its runs are, which
// a collection that was interrupted still has to remove.
const deletedExperimentAge = 30 * 24 * time.Hour

// experimentTombstone is a tombstone that remembers where the experiment kept
// its artifacts, unless that is "".
func (s *Store) experimentTombstone(id, artifact string) table.Item {
	attrs := []table.Attr{
		{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		{Name: keys.Stage, Value: table.String(document.TombstoneStage)},
	}
	if artifact == "" {
		return table.NewItem(s.Keys.Experiment(id), append(attrs, s.ExpiresIn(workspace.TombstoneAge))...)
	}
	return table.NewItem(s.Keys.Experiment(id), append(attrs,
		table.Attr{Name: keys.Artifact, Value: table.String(artifact)}, s.ExpiresIn(deletedExperimentAge))...)
}

// buryExperiment is Bury for an experiment.
func (s *Store) buryExperiment(ctx context.Context, id string) (bool, error) {
	err := s.Table.Put(ctx, table.Put{Item: s.experimentTombstone(id, ""), Cond: table.Absent()})
	if lost, isLost := document.AsConditionError(err); isLost {
		return lost.Item.Str(keys.Stage) == document.TombstoneStage, nil
	}
	return err == nil, err
}

// runBegun returns when the id of a run was made, in ms; 0 for an id that is
// no UUID of version 7.
func runBegun(id string) int64 {
	raw, err := hex.DecodeString(id)
	if err != nil {
		return 0
	}
	u, err := uuid.FromBytes(raw)
	if err != nil || u.Version() != 7 {
		return 0
	}
	sec, nsec := u.Time().UnixTime()
	return time.Unix(sec, nsec).UnixMilli()
}
