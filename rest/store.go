package rest

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

var _ Store = (*dynamodbstore.Store)(nil)

// Store is what the handler needs of a tracking store. Errors that clients may
// see are of type [*dynamodbstore.Error]; any other error is answered as an
// internal one and only logged.
type Store interface {
	CreateExperiment(ctx context.Context, p dynamodbstore.CreateExperimentParams) (string, error)
	GetExperiment(ctx context.Context, id string) (*dynamodbstore.Experiment, error)
	GetExperimentByName(ctx context.Context, name string) (*dynamodbstore.Experiment, error)
	RenameExperiment(ctx context.Context, id, newName string) error
	DeleteExperiment(ctx context.Context, id string) error
	RestoreExperiment(ctx context.Context, id string) error
	SetExperimentTag(ctx context.Context, id string, t dynamodbstore.Tag) error
	DeleteExperimentTag(ctx context.Context, id, key string) error
	SearchExperiments(
		ctx context.Context, p dynamodbstore.SearchExperimentsParams,
	) (dynamodbstore.Page[*dynamodbstore.Experiment], error)

	CreateRun(ctx context.Context, p dynamodbstore.CreateRunParams) (*dynamodbstore.Run, error)
	GetRun(ctx context.Context, id string) (*dynamodbstore.Run, error)
	UpdateRun(ctx context.Context, p dynamodbstore.UpdateRunParams) (*dynamodbstore.RunInfo, error)
	DeleteRun(ctx context.Context, id string) error
	RestoreRun(ctx context.Context, id string) error
	LogMetric(ctx context.Context, runID string, m dynamodbstore.Metric) error
	LogParam(ctx context.Context, runID string, p dynamodbstore.Param) error
	LogBatch(ctx context.Context, p dynamodbstore.LogBatchParams) error
	SetTag(ctx context.Context, runID string, t dynamodbstore.Tag) error
	DeleteTag(ctx context.Context, runID, key string) error
	LogInputs(ctx context.Context, p dynamodbstore.LogInputsParams) error
	LogOutputs(ctx context.Context, runID string, models []dynamodbstore.ModelOutput) error
	LogModel(ctx context.Context, runID, model string) error
	SearchRuns(ctx context.Context, p dynamodbstore.SearchRunsParams) (dynamodbstore.Page[*dynamodbstore.Run], error)
	SearchDatasets(ctx context.Context, experimentIDs []string) ([]dynamodbstore.DatasetSummary, error)

	CreateLoggedModel(ctx context.Context, p dynamodbstore.CreateLoggedModelParams) (*dynamodbstore.LoggedModel, error)
	GetLoggedModel(ctx context.Context, id string) (*dynamodbstore.LoggedModel, error)
	GetAnyLoggedModel(ctx context.Context, id string) (*dynamodbstore.LoggedModel, error)
	FinalizeLoggedModel(
		ctx context.Context, id string, status dynamodbstore.LoggedModelStatus,
	) (*dynamodbstore.LoggedModel, error)
	DeleteLoggedModel(ctx context.Context, id string) error
	SetLoggedModelTags(ctx context.Context, id string, tags []dynamodbstore.Tag) error
	DeleteLoggedModelTag(ctx context.Context, id, key string) error
	LogLoggedModelParams(ctx context.Context, id string, params []dynamodbstore.Param) error
	SearchLoggedModels(
		ctx context.Context, p dynamodbstore.SearchLoggedModelsParams,
	) (dynamodbstore.Page[*dynamodbstore.LoggedModel], error)

	MetricHistory(
		ctx context.Context, p dynamodbstore.MetricHistoryParams,
	) (dynamodbstore.Page[dynamodbstore.Metric], error)
	MetricHistoryBulk(ctx context.Context, p dynamodbstore.MetricHistoryBulkParams) ([]dynamodbstore.RunMetric, error)
	MetricHistoryBulkInterval(
		ctx context.Context, p dynamodbstore.MetricHistoryIntervalParams,
	) ([]dynamodbstore.RunMetric, error)

	ModelStore
}

// ModelStore is what the handler needs of a model registry.
type ModelStore interface {
	CreateRegisteredModel(
		ctx context.Context, p dynamodbstore.CreateRegisteredModelParams,
	) (*dynamodbstore.RegisteredModel, error)
	GetRegisteredModel(ctx context.Context, name string) (*dynamodbstore.RegisteredModel, error)
	RenameRegisteredModel(ctx context.Context, name, newName string) (*dynamodbstore.RegisteredModel, error)
	UpdateRegisteredModel(
		ctx context.Context, p dynamodbstore.UpdateRegisteredModelParams,
	) (*dynamodbstore.RegisteredModel, error)
	DeleteRegisteredModel(ctx context.Context, name string) error
	SearchRegisteredModels(
		ctx context.Context, p dynamodbstore.SearchRegisteredModelsParams,
	) (dynamodbstore.Page[*dynamodbstore.RegisteredModel], error)
	LatestVersions(ctx context.Context, name string, stages []string) ([]*dynamodbstore.ModelVersion, error)
	SetRegisteredModelTag(ctx context.Context, name string, t dynamodbstore.Tag) error
	DeleteRegisteredModelTag(ctx context.Context, name, key string) error
	SetRegisteredModelAlias(ctx context.Context, name, alias string, version int) error
	DeleteRegisteredModelAlias(ctx context.Context, name, alias string) error

	CreateModelVersion(
		ctx context.Context, p dynamodbstore.CreateModelVersionParams,
	) (*dynamodbstore.ModelVersion, error)
	GetModelVersion(ctx context.Context, name string, version int) (*dynamodbstore.ModelVersion, error)
	GetModelVersionByAlias(ctx context.Context, name, alias string) (*dynamodbstore.ModelVersion, error)
	UpdateModelVersion(
		ctx context.Context, p dynamodbstore.UpdateModelVersionParams,
	) (*dynamodbstore.ModelVersion, error)
	TransitionModelVersionStage(
		ctx context.Context, p dynamodbstore.TransitionModelVersionParams,
	) (*dynamodbstore.ModelVersion, error)
	DeleteModelVersion(ctx context.Context, name string, version int) error
	SearchModelVersions(
		ctx context.Context, p dynamodbstore.SearchModelVersionsParams,
	) (dynamodbstore.Page[*dynamodbstore.ModelVersion], error)
	ModelVersionDownloadURI(ctx context.Context, name string, version int) (string, error)
	SetModelVersionTag(ctx context.Context, name string, version int, t dynamodbstore.Tag) error
	DeleteModelVersionTag(ctx context.Context, name string, version int, key string) error
	AddModelVersionToLoggedModel(ctx context.Context, modelID, name string, version int) error
}
