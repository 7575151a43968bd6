package upkeep

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/fence"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/loggedmodel"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/tracking"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// Areas are the parts of one workspace that a [Store] works with.
type Areas struct {
	Settings     *settings.Store
	Experiments  *experiment.Store
	LoggedModels *loggedmodel.Store
	Fence        *fence.Store
	Tracking     *tracking.Store
}

// Store makes passes over all that a workspace has.
type Store struct {
	*workspace.View
	settings     *settings.Store
	experiments  *experiment.Store
	loggedmodels *loggedmodel.Store
	fence        *fence.Store
	tracking     *tracking.Store
}

// New returns the Store of a workspace.
func New(v *workspace.View, a Areas) *Store {
	return &Store{
		View: v, settings: a.Settings, experiments: a.Experiments, loggedmodels: a.LoggedModels,
		fence: a.Fence, tracking: a.Tracking,
	}
}
