// Package tracking does what callers want of runs: creates them, logs params, tags,
// metrics, inputs and outputs, ends, deletes and restores them, and reads their
// histories.
package tracking

import (
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/dataset"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/fence"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/groupcommit"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/history"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/loggedmodel"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// cachedUses is how many dataset uses are known to be there.
const cachedUses = 4096

// Areas are the parts of one workspace that a [Store] works with.
type Areas struct {
	Settings     *settings.Store
	Experiments  *experiment.Store
	Rows         *run.Rows
	Histories    *history.Store
	Datasets     *dataset.Store
	LoggedModels *loggedmodel.Store
	Fence        *fence.Store
}

// Store does what callers want of the runs of one workspace.
type Store struct {
	*workspace.View
	*Shared
	settings     *settings.Store
	experiments  *experiment.Store
	rows         *run.Rows
	histories    *history.Store
	datasets     *dataset.Store
	loggedmodels *loggedmodel.Store
	fence        *fence.Store
}

// Shared is what the Stores of all workspaces of a table have in common.
type Shared struct {
	metrics *groupcommit.Committer[workspace.ID, *metricChange]
	uses    *lru.Cache[string, struct{}] // keys of dataset uses that are there
}

// NewShared returns what Stores share.
func NewShared() (*Shared, error) {
	uses, err := lru.New[string, struct{}](cachedUses)
	return &Shared{groupcommit.New(workspace.WriteTimeout, flushMetrics), uses}, err
}

// Close waits for metrics that are being written, and refuses further ones.
func (s *Shared) Close() { s.metrics.Close() }

// WaitWritten waits for metrics whose callers have gone.
func (s *Shared) WaitWritten() { s.metrics.Wait() }

// New returns the Store of a workspace.
func New(v *workspace.View, shared *Shared, a Areas) *Store {
	return &Store{
		View: v, Shared: shared, settings: a.Settings, experiments: a.Experiments, rows: a.Rows,
		histories: a.Histories, datasets: a.Datasets, loggedmodels: a.LoggedModels, fence: a.Fence,
	}
}
