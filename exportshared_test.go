package dynamodbstore

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// WaitSettled waits until the runs that searches have queued are settled.
func WaitSettled(s *Store) { s.shared.fence.WaitSettled() }

// WaitWritten waits for group commits whose callers have gone.
func WaitWritten(s *Store) {
	s.shared.fence.WaitWritten()
	s.shared.tracking.WaitWritten()
	s.shared.registry.WaitWritten()
}

// ListOnly returns a Store like s whose searches use no index.
func ListOnly(s *Store) *Store {
	v := *s.view
	v.ListOnly = true
	return s.in(&v)
}

// WaitRolledUp waits until the histories that wait for it are rolled up.
func WaitRolledUp(s *Store) { s.shared.histories.WaitRolledUp() }

// StopRollUps refuses further work, as a process does that ends.
func StopRollUps(s *Store) { s.shared.histories.Close() }

// CheckModels returns what is wrong with the items of the registered models of
// a workspace, and the rows that they have to have.
func CheckModels(ctx context.Context, s *Store) (rows []table.Key, err error) {
	return s.registry.Check(ctx)
}
