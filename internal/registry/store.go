// Package registry keeps registered models, their versions, stages and aliases. A
// model is one document; each change of a version changes it too, so that no two
// versions get one number and no name is taken twice.
package registry

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/groupcommit"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// Store keeps the registered models of one workspace.
type Store struct {
	reader
	*Shared
	index *index.Writer
}

// reader reads registered models, versions and what they have elsewhere, and says
// which rows lead to them.
type reader struct{ *workspace.View }

// Shared is what the Stores of all workspaces of a table have in common.
type Shared struct {
	models *groupcommit.Committer[workspace.ID, task]
}

// NewShared returns what Stores share.
func NewShared() *Shared {
	return &Shared{groupcommit.New(workspace.WriteTimeout, flush)}
}

// Close waits for changes under way, and refuses further ones.
func (s *Shared) Close() { s.models.Close() }

// WaitWritten waits for changes whose callers have gone.
func (s *Shared) WaitWritten() { s.models.Wait() }

// New returns the Store of a workspace.
func New(v *workspace.View, shared *Shared, w *index.Writer) *Store {
	return &Store{reader: reader{v}, Shared: shared, index: w}
}
