package experiment

import (
	"context"
	"errors"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// deletedExperimentAge is how long the tombstone of an experiment stays that
// was deleted on request: it knows where the artifacts of its runs are, which
// a collection that was interrupted still has to remove.
const deletedExperimentAge = 30 * 24 * time.Hour

// tombstone remembers where the experiment kept its artifacts, unless that
// is "".
func (s *Store) tombstone(id, artifact string) table.Item {
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

// bury is Bury of a run, for an experiment.
func (s *Store) bury(ctx context.Context, id string) (bool, error) {
	err := s.Table.Put(ctx, table.Put{Item: s.tombstone(id, ""), Cond: table.Absent()})
	if lost, isLost := document.AsConditionError(err); isLost {
		return lost.Item.Str(keys.Stage) == document.TombstoneStage, nil
	}
	return err == nil, err
}

// recode writes an experiment as it is, so that its tags stand where the
// patterns put them: one transaction with the rows of the lists. About 6 WCU below 1 KB.
func (s *Store) recode(ctx context.Context, id string) error {
	err := s.Mutate(ctx, id, func(e *Document) (*Document, error) { return e.Clone(), nil }, nil)
	if errors.Is(err, mlflow.ErrNotFound) {
		return nil
	}
	return err
}
