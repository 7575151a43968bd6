package history

import (
	"log/slog"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workqueue"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// Store keeps the histories of metrics of one workspace.
type Store struct {
	*workspace.View
	*Shared
}

// Shared is what the Stores of all workspaces of a table have in common.
type Shared struct {
	rollups *workqueue.Queue
}

// NewShared returns what Stores share.
func NewShared(logger *slog.Logger) *Shared {
	return &Shared{workqueue.New("roll up history", rollUpWorkers, logger)}
}

// Close waits for the histories that are being rolled up, and rolls up no more.
func (s *Shared) Close() { s.rollups.Close() }

// WaitRolledUp waits until the histories that wait for it are rolled up.
func (s *Shared) WaitRolledUp() { s.rollups.Wait() }

// New returns the Store of a workspace.
func New(v *workspace.View, shared *Shared) *Store { return &Store{View: v, Shared: shared} }
