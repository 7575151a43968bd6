package dynamodbstore

import (
	"errors"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/catalog"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/dataset"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/fence"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/garbage"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/history"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/loggedmodel"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/modelsearch"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/registry"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/runsearch"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/tracking"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/upkeep"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// Store keeps MLflow tracking data in one table. It is safe for concurrent
// use, by any number of processes on the same table.
//
// Methods return an *[Error] with MLflow's code and text for everything a
// client can mend, and the context's error when it ends. After another error a
// write may have been applied or not; repeating it is safe.
//
// A Store may go by the state that an experiment had up to a second ago when
// something is logged to a run of it, or the run is updated: after another Store
// has deleted the experiment that may succeed for a second. Nothing is refused,
// nothing made in an experiment and nothing read by what is not current.
type Store struct {
	view        *workspace.View
	shared      *shared
	createTable bool
	ofWorkspace bool // made by Workspace: another Store closes the table
	areas
}

// areas are the parts of one workspace, each of which knows those above it.
type areas struct {
	settings     *settings.Store
	experiments  *experiment.Store
	histories    *history.Store
	datasets     *dataset.Store
	loggedmodels *loggedmodel.Store
	registry     *registry.Store
	modelsearch  *modelsearch.Store
	fence        *fence.Store
	tracking     *tracking.Store
	search       *runsearch.Store
	upkeep       *upkeep.Store
	index        *index.Writer
}

// shared is what the Stores of all workspaces of a table have in common.
type shared struct {
	settings     *settings.Shared
	experiments  *experiment.Shared
	histories    *history.Shared
	datasets     *dataset.Shared
	loggedmodels *loggedmodel.Shared
	registry     *registry.Shared
	fence        *fence.Shared
	tracking     *tracking.Shared
	opened       opened
	closing      sync.Once
}

// OpenTable returns a Store on a table of this module, for the embedded table
// and for tests; it does no I/O. Close closes the table.
func OpenTable(t table.Table, opts ...Option) (*Store, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	v := o.Of(t)
	sh, err := newShared(v)
	if err != nil {
		return nil, err
	}
	s := &Store{shared: sh, createTable: o.createTable == nil || *o.createTable}
	return s.in(v), nil
}

// in returns a Store like s for another view of its table.
func (s *Store) in(v *workspace.View) *Store {
	return &Store{view: v, shared: s.shared, createTable: s.createTable, areas: newAreas(v, s.shared)}
}

func newShared(v *workspace.View) (*shared, error) {
	s := &shared{histories: history.NewShared(v.Logger), registry: registry.NewShared()}
	var errs [8]error
	s.experiments, errs[0] = experiment.NewShared()
	s.datasets, errs[1] = dataset.NewShared()
	s.loggedmodels, errs[2] = loggedmodel.NewShared()
	s.fence, errs[3] = fence.NewShared(v.Logger)
	s.tracking, errs[4] = tracking.NewShared()
	s.settings, errs[5] = settings.NewShared()
	s.opened.catalog, errs[6] = catalog.NewShared(v.Logger)
	s.opened.stores, errs[7] = lru.New[string, *Store](openWorkspaces)
	return s, errors.Join(errs[:]...)
}

// newAreas makes the parts of one workspace from the ground up.
func newAreas(v *workspace.View, sh *shared) areas {
	rows, writer := run.New(v), index.New(v)
	a := areas{index: writer, settings: settings.New(v, sh.settings), histories: history.New(v, sh.histories)}
	a.experiments = experiment.New(v, sh.experiments, a.settings, writer)
	a.datasets = dataset.New(v, sh.datasets, a.experiments)
	a.loggedmodels = loggedmodel.New(v, sh.loggedmodels, a.settings, a.experiments)
	a.registry = registry.New(v, sh.registry, writer)
	a.modelsearch = modelsearch.New(v, a.registry)
	a.fence = fence.New(v, sh.fence, a.settings, writer, a.experiments, rows)
	a.tracking = tracking.New(v, sh.tracking, tracking.Areas{
		Settings: a.settings, Experiments: a.experiments, Rows: rows, Histories: a.histories,
		Datasets: a.datasets, LoggedModels: a.loggedmodels, Fence: a.fence,
	})
	a.search = runsearch.New(v, a.settings, a.experiments, a.fence, a.tracking)
	a.upkeep = upkeep.New(v, a.settings, a.experiments.Upkeep(), a.loggedmodels.Upkeep(), a.fence.Upkeep(), a.tracking.Upkeep())
	return a
}

// sweeps makes what a collection of garbage asks about the items of each area.
func (a *areas) sweeps(c *garbage.Collection) ([]garbage.Sweep, error) {
	var errs [4]error
	experiments, err := a.experiments.Sweep(c)
	errs[0] = err
	runs, err := a.tracking.Sweep(c, experiments)
	errs[1] = err
	logged, err := a.loggedmodels.Sweep(c, experiments)
	errs[2] = err
	models, err := a.registry.Sweep(c)
	errs[3] = err
	return []garbage.Sweep{experiments, runs, dataset.NewSweep(experiments), logged, models}, errors.Join(errs[:]...)
}

// Close waits for writes under way, then closes the table if the Store opened
// it. Calls of other methods fail then with an error that wraps [ErrClosed]. A
// second Close does nothing and succeeds, and so does one of a Store that
// [Store.Workspace] has made.
func (s *Store) Close() (err error) {
	if s.ofWorkspace {
		return nil
	}
	s.shared.closing.Do(func() {
		s.shared.close()
		err = s.view.Table.Close()
	})
	return err
}

func (s *shared) close() {
	s.opened.catalog.Close()
	s.fence.StopSettling()
	s.histories.Close()
	s.tracking.Close()
	s.registry.Close()
	s.fence.Close()
}

// Health returns nil while the table may be used, and an error with
// [CodeTemporarilyUnavailable] once an embedded table could not write to its
// directory, because the disk is full for instance. Such a table serves nothing
// more: what is in memory may be more than what is on disk. Close the Store and
// open it anew; all that was acknowledged is there then. It makes no request,
// so that a table of DynamoDB is always healthy.
func (s *Store) Health() error { return failure(table.Health(s.view.Table)) }
