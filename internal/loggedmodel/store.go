package loggedmodel

import (
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// cachedDocuments is how many documents of logged models are held, each below
// 20 KB but for what has no limit: names, types and runs.
const cachedDocuments = 512

// Store keeps the logged models of one workspace.
type Store struct {
	*workspace.View
	*Shared
	settings    *settings.Store
	experiments *experiment.Store
}

// Shared is what the Stores of all workspaces of a table have in common.
type Shared struct {
	documents *lru.Cache[workspace.ID, *Document]
}

// NewShared returns what Stores share.
func NewShared() (*Shared, error) {
	documents, err := lru.New[workspace.ID, *Document](cachedDocuments)
	return &Shared{documents}, err
}

// New returns the Store of a workspace.
func New(v *workspace.View, shared *Shared, s *settings.Store, e *experiment.Store) *Store {
	return &Store{View: v, Shared: shared, settings: s, experiments: e}
}
