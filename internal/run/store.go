package run

import "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"

// Rows makes the items that runs of one workspace have besides their heads. It
// reads and writes none.
type Rows struct{ *workspace.View }

// New returns the Rows of a workspace.
func New(v *workspace.View) *Rows { return &Rows{v} }
