package upkeep

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// Store makes passes over all that a workspace has.
type Store struct {
	*workspace.View
	settings *settings.Store
	areas    []Area
}

// New returns the Store of a workspace. The areas work in their order.
func New(v *workspace.View, s *settings.Store, areas ...Area) *Store {
	return &Store{View: v, settings: s, areas: areas}
}
