package upkeep

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/fence"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/loggedmodel"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/registry"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/tracking"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// Areas are the parts of one workspace that a [Store] works with.
type Areas struct {
	Settings     *settings.Store
	Index        *index.Writer
	Experiments  *experiment.Store
	Rows         *run.Rows
	LoggedModels *loggedmodel.Store
	Registry     *registry.Store
	Fence        *fence.Store
	Tracking     *tracking.Store
}

// Store makes passes over all that a workspace has.
type Store struct {
	*workspace.View
	settings     *settings.Store
	index        *index.Writer
	experiments  *experiment.Store
	rows         *run.Rows
	loggedmodels *loggedmodel.Store
	registry     *registry.Store
	fence        *fence.Store
	tracking     *tracking.Store
}

// New returns the Store of a workspace.
func New(v *workspace.View, a Areas) *Store {
	return &Store{
		View: v, settings: a.Settings, index: a.Index, experiments: a.Experiments, rows: a.Rows,
		loggedmodels: a.LoggedModels, registry: a.Registry, fence: a.Fence, tracking: a.Tracking,
	}
}
