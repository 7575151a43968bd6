package dynamodbstore

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/google/uuid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Tombstones.
//
// Rows whose document is missing may be those of a creation under way, which
// writes the document last. So before anything of a run or an experiment is
// removed, a tombstone takes the place of its document: put if absent, or in
// place of a document on the condition that it has not changed. A creator that
// is alive after all finds its place taken and fails; a change or restoration
// of the document at the same moment wins, or finds no document. Ids are never
// used again, so what has a tombstone stays gone, and everything that belongs
// to it can be removed without a condition.

// tombstoneAge is how long a tombstone stays: far longer than any creation
// takes.
const tombstoneAge = 24 * time.Hour

// deletedExperimentAge is how long the tombstone of an experiment stays that
// was deleted on request: it knows where the artifacts of its runs are, which
// a collection that was interrupted still has to remove.
const deletedExperimentAge = 30 * 24 * time.Hour

func (s *Store) runTombstone(id string) table.Item {
	return table.NewItem(s.ks.Run(id),
		table.Attr{Name: keys.Version, Value: table.Number(schemaVersion)},
		table.Attr{Name: keys.Status, Value: table.String(tombstoneStatus)},
		s.expiresIn(tombstoneAge))
}

// buryRun puts a tombstone where a run has no head, and reports whether there
// is one then. Atomic. 1 request, 1 WCU.
func (s *Store) buryRun(ctx context.Context, id string) (bool, error) {
	err := s.t.Put(ctx, table.Put{Item: s.runTombstone(id), Cond: table.Absent()})
	if lost, isLost := asConditionError(err); isLost {
		return lost.Item.Str(keys.Status) == tombstoneStatus, nil
	}
	return err == nil, err
}

// experimentTombstone is a tombstone that remembers where the experiment kept
// its artifacts, unless that is "".
func (s *Store) experimentTombstone(id, artifact string) table.Item {
	attrs := []table.Attr{
		{Name: keys.Version, Value: table.Number(schemaVersion)},
		{Name: keys.Stage, Value: table.String(tombstoneStage)},
	}
	if artifact == "" {
		return table.NewItem(s.ks.Experiment(id), append(attrs, s.expiresIn(tombstoneAge))...)
	}
	return table.NewItem(s.ks.Experiment(id), append(attrs,
		table.Attr{Name: keys.Artifact, Value: table.String(artifact)}, s.expiresIn(deletedExperimentAge))...)
}

// buryExperiment is buryRun for an experiment.
func (s *Store) buryExperiment(ctx context.Context, id string) (bool, error) {
	err := s.t.Put(ctx, table.Put{Item: s.experimentTombstone(id, ""), Cond: table.Absent()})
	if lost, isLost := asConditionError(err); isLost {
		return lost.Item.Str(keys.Stage) == tombstoneStage, nil
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
