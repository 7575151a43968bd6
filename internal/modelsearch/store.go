// Package modelsearch finds registered models and versions: by names, by trigrams of
// names, by runs and sources, or by looking at all.
package modelsearch

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/registry"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// Store finds registered models and versions of one workspace.
type Store struct {
	*workspace.View
	models *registry.Store
}

// New returns the Store of a workspace.
func New(v *workspace.View, models *registry.Store) *Store { return &Store{v, models} }
