// Package modelsearch finds registered models and versions: by names, by trigrams of
// names, by runs and sources, or by looking at all.
package modelsearch

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/page"
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

// values are what was found, without its places in the order.
func values[T any](found []page.Found[T]) []T {
	out := make([]T, len(found))
	for i, f := range found {
		out[i] = f.Value
	}
	return out
}
