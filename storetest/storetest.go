// Package storetest is the conformance suite of a tracking store: whatever
// has the shape of [Store] can be held to what MLflow's own store answers.
//
//	func TestConformance(t *testing.T) {
//		storetest.Run(t, storetest.Harness{New: func(t *testing.T) storetest.Store { … }})
//	}
package storetest

import (
	"cmp"
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Store is what the suite drives; *dynamodbstore.Store has it.
type Store interface {
	CreateExperiment(ctx context.Context, p mlflow.CreateExperimentParams) (string, error)
	GetExperiment(ctx context.Context, id string) (*mlflow.Experiment, error)
	GetExperimentByName(ctx context.Context, name string) (*mlflow.Experiment, error)
	RenameExperiment(ctx context.Context, id, name string) error
	DeleteExperiment(ctx context.Context, id string) error
	RestoreExperiment(ctx context.Context, id string) error
	SetExperimentTag(ctx context.Context, id string, t mlflow.Tag) error
	DeleteExperimentTag(ctx context.Context, id, key string) error
	SearchExperiments(ctx context.Context, p mlflow.SearchExperimentsParams) (
		mlflow.Page[*mlflow.Experiment], error)

	CreateRun(ctx context.Context, p mlflow.CreateRunParams) (*mlflow.Run, error)
	GetRun(ctx context.Context, id string) (*mlflow.Run, error)
	UpdateRun(ctx context.Context, p mlflow.UpdateRunParams) (*mlflow.RunInfo, error)
	DeleteRun(ctx context.Context, id string) error
	RestoreRun(ctx context.Context, id string) error
	SearchRuns(ctx context.Context, p mlflow.SearchRunsParams) (mlflow.Page[*mlflow.Run], error)

	LogMetric(ctx context.Context, run string, m mlflow.Metric) error
	LogParam(ctx context.Context, run string, p mlflow.Param) error
	LogBatch(ctx context.Context, p mlflow.LogBatchParams) error
	SetTag(ctx context.Context, run string, t mlflow.Tag) error
	DeleteTag(ctx context.Context, run, key string) error
	LogInputs(ctx context.Context, p mlflow.LogInputsParams) error

	MetricHistory(ctx context.Context, p mlflow.MetricHistoryParams) (
		mlflow.Page[mlflow.Metric], error)
	MetricHistoryBulk(ctx context.Context, p mlflow.MetricHistoryBulkParams) ([]mlflow.RunMetric, error)
	MetricHistoryBulkInterval(ctx context.Context, p mlflow.MetricHistoryIntervalParams) (
		[]mlflow.RunMetric, error)

	Registry
	LoggedModels
}

// Registry is the model registry of a Store.
type Registry interface {
	CreateRegisteredModel(ctx context.Context, p mlflow.CreateRegisteredModelParams) (
		*mlflow.RegisteredModel, error)
	GetRegisteredModel(ctx context.Context, name string) (*mlflow.RegisteredModel, error)
	UpdateRegisteredModel(ctx context.Context, p mlflow.UpdateRegisteredModelParams) (
		*mlflow.RegisteredModel, error)
	RenameRegisteredModel(ctx context.Context, name, newName string) (*mlflow.RegisteredModel, error)
	DeleteRegisteredModel(ctx context.Context, name string) error
	SetRegisteredModelTag(ctx context.Context, name string, t mlflow.Tag) error
	DeleteRegisteredModelTag(ctx context.Context, name, key string) error
	SetRegisteredModelAlias(ctx context.Context, name, alias string, version int) error
	DeleteRegisteredModelAlias(ctx context.Context, name, alias string) error
	SearchRegisteredModels(ctx context.Context, p mlflow.SearchRegisteredModelsParams) (
		mlflow.Page[*mlflow.RegisteredModel], error)

	CreateModelVersion(ctx context.Context, p mlflow.CreateModelVersionParams) (*mlflow.ModelVersion, error)
	GetModelVersion(ctx context.Context, name string, version int) (*mlflow.ModelVersion, error)
	GetModelVersionByAlias(ctx context.Context, name, alias string) (*mlflow.ModelVersion, error)
	LatestVersions(ctx context.Context, name string, stages []string) ([]*mlflow.ModelVersion, error)
	ModelVersionDownloadURI(ctx context.Context, name string, version int) (string, error)
	UpdateModelVersion(ctx context.Context, p mlflow.UpdateModelVersionParams) (*mlflow.ModelVersion, error)
	TransitionModelVersionStage(ctx context.Context, p mlflow.TransitionModelVersionParams) (
		*mlflow.ModelVersion, error)
	DeleteModelVersion(ctx context.Context, name string, version int) error
	SetModelVersionTag(ctx context.Context, name string, version int, t mlflow.Tag) error
	DeleteModelVersionTag(ctx context.Context, name string, version int, key string) error
	SearchModelVersions(ctx context.Context, p mlflow.SearchModelVersionsParams) (
		mlflow.Page[*mlflow.ModelVersion], error)
}

// LoggedModels are the logged models of a Store, and what runs say of models and
// datasets.
type LoggedModels interface {
	CreateLoggedModel(ctx context.Context, p mlflow.CreateLoggedModelParams) (*mlflow.LoggedModel, error)
	GetLoggedModel(ctx context.Context, id string) (*mlflow.LoggedModel, error)
	GetAnyLoggedModel(ctx context.Context, id string) (*mlflow.LoggedModel, error)
	FinalizeLoggedModel(ctx context.Context, id string, status mlflow.LoggedModelStatus) (
		*mlflow.LoggedModel, error)
	DeleteLoggedModel(ctx context.Context, id string) error
	SetLoggedModelTags(ctx context.Context, id string, tags []mlflow.Tag) error
	DeleteLoggedModelTag(ctx context.Context, id, key string) error
	LogLoggedModelParams(ctx context.Context, id string, params []mlflow.Param) error
	AddModelVersionToLoggedModel(ctx context.Context, id, name string, version int) error
	SearchLoggedModels(ctx context.Context, p mlflow.SearchLoggedModelsParams) (
		mlflow.Page[*mlflow.LoggedModel], error)

	LogOutputs(ctx context.Context, run string, models []mlflow.ModelOutput) error
	SearchDatasets(ctx context.Context, experimentIDs []string) ([]mlflow.DatasetSummary, error)
}

// Harness makes the stores of one implementation.
type Harness struct {
	// New returns an empty store, which has experiment 0 alone. It registers
	// its own cleanup. Cases run in parallel, each on a store of its own.
	New func(t *testing.T) Store
	// LongParams is how many params of 6 KB one run gets, at least 100.
	// Default: 10,000, which are 60 MB; fewer are for slow stores.
	LongParams int
}

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	t.Helper()
	for _, group := range []struct {
		name  string
		cases []testCase
	}{
		{"experiments", experimentCases()},
		{"runs", runCases()},
		{"lifecycle", lifecycleCases()},
		{"metrics", metricCases()},
		{"inputs", inputCases()},
		{"search", searchCases()},
		{"registry", registryCases()},
		{"registry search", registrySearchCases()},
		{"logged models", loggedModelCases()},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, c := range group.cases {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					c.test(bundle{t, h.New(t), cmp.Or(h.LongParams, 10000)})
				})
			}
		})
	}
}

type testCase struct {
	name string
	test func(b bundle)
}

// bundle is a test with its store.
type bundle struct {
	t *testing.T
	Store
	longParams int
}

func (b bundle) ctx() context.Context { return mlflow.WithTimesAsGiven(b.t.Context()) }

// fails requires an error of that code and exact text; a text that ends in …
// is a beginning.
func (b bundle) fails(err error, code mlflow.Code, text string) {
	b.t.Helper()
	var e *mlflow.Error
	require.ErrorAs(b.t, err, &e)
	require.Equal(b.t, code, e.Code, e.Message)
	if n := len(text) - len("…"); n >= 0 && text[n:] == "…" {
		require.GreaterOrEqual(b.t, len(e.Message), n)
		require.Equal(b.t, text[:n], e.Message[:n])
		return
	}
	require.Equal(b.t, text, e.Message)
}

// ok requires that there is no error.
func (b bundle) ok(err error) {
	b.t.Helper()
	require.NoError(b.t, err)
}

func (b bundle) experiment(name string) string {
	b.t.Helper()
	id, err := b.CreateExperiment(b.ctx(), mlflow.CreateExperimentParams{Name: name})
	b.ok(err)
	return id
}

// run makes a run that began at start.
func (b bundle) run(exp string, start int64) string {
	b.t.Helper()
	r, err := b.CreateRun(b.ctx(), mlflow.CreateRunParams{
		ExperimentID: exp, UserID: "u", Name: fmt.Sprintf("run-%d", start), StartTime: start,
	})
	b.ok(err)
	return r.Info.RunID
}

func (b bundle) finish(run string) {
	b.t.Helper()
	end := int64(99)
	_, err := b.UpdateRun(b.ctx(), mlflow.UpdateRunParams{
		RunID: run, Status: mlflow.StatusFinished, EndTime: &end,
	})
	b.ok(err)
}

func (b bundle) get(run string) *mlflow.Run {
	b.t.Helper()
	r, err := b.GetRun(b.ctx(), run)
	b.ok(err)
	return r
}

// search returns the ids of all runs that match, page by page.
func (b bundle) search(p mlflow.SearchRunsParams) []string {
	b.t.Helper()
	ids := []string{}
	for {
		page, err := b.SearchRuns(b.ctx(), p)
		b.ok(err)
		for _, r := range page.Items {
			ids = append(ids, r.Info.RunID)
		}
		if p.PageToken = page.NextPageToken; p.PageToken == "" {
			return ids
		}
	}
}
