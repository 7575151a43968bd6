package upkeep

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/fence"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/garbage"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/loggedmodel"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/tracking"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// Areas are the parts of one workspace that a [Store] works with.
type Areas struct {
	Settings     *settings.Store
	Index        *index.Writer
	Sweeps       garbage.Sweeps // of a collection
	Experiments  *experiment.Store
	LoggedModels *loggedmodel.Store
	Fence        *fence.Store
	Tracking     *tracking.Store
}

// Store makes passes over all that a workspace has.
type Store struct {
	*workspace.View
	settings     *settings.Store
	index        *index.Writer
	sweeps       garbage.Sweeps
	experiments  *experiment.Store
	loggedmodels *loggedmodel.Store
	fence        *fence.Store
	tracking     *tracking.Store
}

// New returns the Store of a workspace.
func New(v *workspace.View, a Areas) *Store {
	return &Store{
		View: v, settings: a.Settings, index: a.Index, sweeps: a.Sweeps, experiments: a.Experiments,
		loggedmodels: a.LoggedModels, fence: a.Fence, tracking: a.Tracking,
	}
}

// Collection returns a collection of garbage and the context to run it in.
func (s *Store) Collection(ctx context.Context, p garbage.Params) (*garbage.Collection, context.Context, error) {
	return garbage.New(ctx, s.View, s.settings, s.index, s.sweeps, p)
}

// CollectGarbage runs a collection.
func (s *Store) CollectGarbage(ctx context.Context, p garbage.Params) (garbage.Report, error) {
	c, ctx, err := s.Collection(ctx, p)
	if err != nil {
		return garbage.Report{}, err
	}
	err = c.Run(ctx)
	return c.Report, err
}
