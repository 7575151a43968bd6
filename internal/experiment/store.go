package experiment

import (
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// cachedStates is how many experiment states are held.
const cachedStates = 1024

// Store keeps the experiments of one workspace.
type Store struct {
	*workspace.View
	*Shared
	settings *settings.Store
	index    *index.Writer
}

// Shared is what the Stores of all workspaces of a table have in common.
type Shared struct {
	states *lru.Cache[workspace.ID, *cachedState]
}

// NewShared returns what Stores share.
func NewShared() (*Shared, error) {
	states, err := lru.New[workspace.ID, *cachedState](cachedStates)
	return &Shared{states}, err
}

// New returns the Store of a workspace.
func New(v *workspace.View, shared *Shared, s *settings.Store, w *index.Writer) *Store {
	return &Store{View: v, Shared: shared, settings: s, index: w}
}
