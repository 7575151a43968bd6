package runsearch

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/fence"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/tracking"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// Store finds runs of one workspace.
type Store struct {
	*workspace.View
	settings    *settings.Store
	experiments *experiment.Store
	fence       *fence.Store
	tracking    *tracking.Store
}

// New returns the Store of a workspace.
func New(
	v *workspace.View, s *settings.Store, e *experiment.Store, f *fence.Store, t *tracking.Store,
) *Store {
	return &Store{View: v, settings: s, experiments: e, fence: f, tracking: t}
}
