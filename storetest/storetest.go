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

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// Store is what the suite drives; *dynamodbstore.Store has it.
type Store interface {
	CreateExperiment(ctx context.Context, p dynamodbstore.CreateExperimentParams) (string, error)
	GetExperiment(ctx context.Context, id string) (*dynamodbstore.Experiment, error)
	GetExperimentByName(ctx context.Context, name string) (*dynamodbstore.Experiment, error)
	RenameExperiment(ctx context.Context, id, name string) error
	DeleteExperiment(ctx context.Context, id string) error
	RestoreExperiment(ctx context.Context, id string) error
	SetExperimentTag(ctx context.Context, id string, t dynamodbstore.Tag) error
	DeleteExperimentTag(ctx context.Context, id, key string) error
	SearchExperiments(ctx context.Context, p dynamodbstore.SearchExperimentsParams) (
		dynamodbstore.Page[*dynamodbstore.Experiment], error)

	CreateRun(ctx context.Context, p dynamodbstore.CreateRunParams) (*dynamodbstore.Run, error)
	GetRun(ctx context.Context, id string) (*dynamodbstore.Run, error)
	UpdateRun(ctx context.Context, p dynamodbstore.UpdateRunParams) (*dynamodbstore.RunInfo, error)
	DeleteRun(ctx context.Context, id string) error
	RestoreRun(ctx context.Context, id string) error
	SearchRuns(ctx context.Context, p dynamodbstore.SearchRunsParams) (dynamodbstore.Page[*dynamodbstore.Run], error)

	LogMetric(ctx context.Context, run string, m dynamodbstore.Metric) error
	LogParam(ctx context.Context, run string, p dynamodbstore.Param) error
	LogBatch(ctx context.Context, p dynamodbstore.LogBatchParams) error
	SetTag(ctx context.Context, run string, t dynamodbstore.Tag) error
	DeleteTag(ctx context.Context, run, key string) error
	LogInputs(ctx context.Context, p dynamodbstore.LogInputsParams) error

	MetricHistory(ctx context.Context, p dynamodbstore.MetricHistoryParams) (
		dynamodbstore.Page[dynamodbstore.Metric], error)
	MetricHistoryBulk(ctx context.Context, p dynamodbstore.MetricHistoryBulkParams) ([]dynamodbstore.RunMetric, error)
	MetricHistoryBulkInterval(ctx context.Context, p dynamodbstore.MetricHistoryIntervalParams) (
		[]dynamodbstore.RunMetric, error)

	Registry
	LoggedModels
}

// Registry is the model registry of a Store.
type Registry interface {
	CreateRegisteredModel(ctx context.Context, p dynamodbstore.CreateRegisteredModelParams) (
		*dynamodbstore.RegisteredModel, error)
	GetRegisteredModel(ctx context.Context, name string) (*dynamodbstore.RegisteredModel, error)
	UpdateRegisteredModel(ctx context.Context, p dynamodbstore.UpdateRegisteredModelParams) (
		*dynamodbstore.RegisteredModel, error)
	RenameRegisteredModel(ctx context.Context, name, newName string) (*dynamodbstore.RegisteredModel, error)
	DeleteRegisteredModel(ctx context.Context, name string) error
	SetRegisteredModelTag(ctx context.Context, name string, t dynamodbstore.Tag) error
	DeleteRegisteredModelTag(ctx context.Context, name, key string) error
	SetRegisteredModelAlias(ctx context.Context, name, alias string, version int) error
	DeleteRegisteredModelAlias(ctx context.Context, name, alias string) error
	SearchRegisteredModels(ctx context.Context, p dynamodbstore.SearchRegisteredModelsParams) (
		dynamodbstore.Page[*dynamodbstore.RegisteredModel], error)

	CreateModelVersion(ctx context.Context, p dynamodbstore.CreateModelVersionParams) (*dynamodbstore.ModelVersion, error)
	GetModelVersion(ctx context.Context, name string, version int) (*dynamodbstore.ModelVersion, error)
	GetModelVersionByAlias(ctx context.Context, name, alias string) (*dynamodbstore.ModelVersion, error)
	LatestVersions(ctx context.Context, name string, stages []string) ([]*dynamodbstore.ModelVersion, error)
	ModelVersionDownloadURI(ctx context.Context, name string, version int) (string, error)
	UpdateModelVersion(ctx context.Context, p dynamodbstore.UpdateModelVersionParams) (*dynamodbstore.ModelVersion, error)
	TransitionModelVersionStage(ctx context.Context, p dynamodbstore.TransitionModelVersionParams) (
		*dynamodbstore.ModelVersion, error)
	DeleteModelVersion(ctx context.Context, name string, version int) error
	SetModelVersionTag(ctx context.Context, name string, version int, t dynamodbstore.Tag) error
	DeleteModelVersionTag(ctx context.Context, name string, version int, key string) error
	SearchModelVersions(ctx context.Context, p dynamodbstore.SearchModelVersionsParams) (
		dynamodbstore.Page[*dynamodbstore.ModelVersion], error)
}

// LoggedModels are the logged models of a Store, and what runs say of models and
// datasets.
type LoggedModels interface {
	CreateLoggedModel(ctx context.Context, p dynamodbstore.CreateLoggedModelParams) (*dynamodbstore.LoggedModel, error)
	GetLoggedModel(ctx context.Context, id string) (*dynamodbstore.LoggedModel, error)
	GetAnyLoggedModel(ctx context.Context, id string) (*dynamodbstore.LoggedModel, error)
	FinalizeLoggedModel(ctx context.Context, id string, status dynamodbstore.LoggedModelStatus) (
		*dynamodbstore.LoggedModel, error)
	DeleteLoggedModel(ctx context.Context, id string) error
	SetLoggedModelTags(ctx context.Context, id string, tags []dynamodbstore.Tag) error
	DeleteLoggedModelTag(ctx context.Context, id, key string) error
	LogLoggedModelParams(ctx context.Context, id string, params []dynamodbstore.Param) error
	AddModelVersionToLoggedModel(ctx context.Context, id, name string, version int) error
	SearchLoggedModels(ctx context.Context, p dynamodbstore.SearchLoggedModelsParams) (
		dynamodbstore.Page[*dynamodbstore.LoggedModel], error)

	LogOutputs(ctx context.Context, run string, models []dynamodbstore.ModelOutput) error
	SearchDatasets(ctx context.Context, experimentIDs []string) ([]dynamodbstore.DatasetSummary, error)
}

var _ Store = (*dynamodbstore.Store)(nil)

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

func (b bundle) ctx() context.Context { return dynamodbstore.WithTimesAsGiven(b.t.Context()) }

// fails requires an error of that code and exact text; a text that ends in …
// is a beginning.
func (b bundle) fails(err error, code dynamodbstore.Code, text string) {
	b.t.Helper()
	var e *dynamodbstore.Error
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
	id, err := b.CreateExperiment(b.ctx(), dynamodbstore.CreateExperimentParams{Name: name})
	b.ok(err)
	return id
}

// run makes a run that began at start.
func (b bundle) run(exp string, start int64) string {
	b.t.Helper()
	r, err := b.CreateRun(b.ctx(), dynamodbstore.CreateRunParams{
		ExperimentID: exp, UserID: "u", Name: fmt.Sprintf("run-%d", start), StartTime: start,
	})
	b.ok(err)
	return r.Info.RunID
}

func (b bundle) finish(run string) {
	b.t.Helper()
	end := int64(99)
	_, err := b.UpdateRun(b.ctx(), dynamodbstore.UpdateRunParams{
		RunID: run, Status: dynamodbstore.StatusFinished, EndTime: &end,
	})
	b.ok(err)
}

func (b bundle) get(run string) *dynamodbstore.Run {
	b.t.Helper()
	r, err := b.GetRun(b.ctx(), run)
	b.ok(err)
	return r
}

// search returns the ids of all runs that match, page by page.
func (b bundle) search(p dynamodbstore.SearchRunsParams) []string {
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
