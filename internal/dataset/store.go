package dataset

import (
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Store keeps the datasets of one workspace.
type Store struct {
	*workspace.View
	*Shared
	experiments *experiment.Store
}

// Shared is what the Stores of all workspaces of a table have in common.
type Shared struct {
	bodies *lru.Cache[string, mlflow.Dataset] // by their keys in the table
}

// NewShared returns what Stores share.
func NewShared() (*Shared, error) {
	bodies, err := lru.New[string, mlflow.Dataset](cachedBodies)
	return &Shared{bodies}, err
}

// New returns the Store of a workspace.
func New(v *workspace.View, shared *Shared, e *experiment.Store) *Store {
	return &Store{View: v, Shared: shared, experiments: e}
}
