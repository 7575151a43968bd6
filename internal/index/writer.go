package index

import "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"

// Writer puts and removes index rows of one workspace.
type Writer struct{ *workspace.View }

// New returns the Writer of a workspace.
func New(v *workspace.View) *Writer { return &Writer{v} }
