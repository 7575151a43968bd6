package rest

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Store is what the handler needs of a tracking store. Errors that clients may
// see are of type [*mlflow.Error]; any other error is answered as an
// internal one and only logged.
type Store interface {
	CreateExperiment(ctx context.Context, p mlflow.CreateExperimentParams) (string, error)
	GetExperiment(ctx context.Context, id string) (*mlflow.Experiment, error)
	GetExperimentByName(ctx context.Context, name string) (*mlflow.Experiment, error)
	RenameExperiment(ctx context.Context, id, newName string) error
	DeleteExperiment(ctx context.Context, id string) error
	RestoreExperiment(ctx context.Context, id string) error
	SetExperimentTag(ctx context.Context, id string, t mlflow.Tag) error
	DeleteExperimentTag(ctx context.Context, id, key string) error
	SearchExperiments(
		ctx context.Context, p mlflow.SearchExperimentsParams,
	) (mlflow.Page[*mlflow.Experiment], error)

	CreateRun(ctx context.Context, p mlflow.CreateRunParams) (*mlflow.Run, error)
	GetRun(ctx context.Context, id string) (*mlflow.Run, error)
	UpdateRun(ctx context.Context, p mlflow.UpdateRunParams) (*mlflow.RunInfo, error)
	DeleteRun(ctx context.Context, id string) error
	RestoreRun(ctx context.Context, id string) error
	LogMetric(ctx context.Context, runID string, m mlflow.Metric) error
	LogParam(ctx context.Context, runID string, p mlflow.Param) error
	LogBatch(ctx context.Context, p mlflow.LogBatchParams) error
	SetTag(ctx context.Context, runID string, t mlflow.Tag) error
	DeleteTag(ctx context.Context, runID, key string) error
	LogInputs(ctx context.Context, p mlflow.LogInputsParams) error
	LogOutputs(ctx context.Context, runID string, models []mlflow.ModelOutput) error
	LogModel(ctx context.Context, runID, model string) error
	SearchRuns(ctx context.Context, p mlflow.SearchRunsParams) (mlflow.Page[*mlflow.Run], error)
	SearchDatasets(ctx context.Context, experimentIDs []string) ([]mlflow.DatasetSummary, error)

	CreateLoggedModel(ctx context.Context, p mlflow.CreateLoggedModelParams) (*mlflow.LoggedModel, error)
	GetLoggedModel(ctx context.Context, id string) (*mlflow.LoggedModel, error)
	GetAnyLoggedModel(ctx context.Context, id string) (*mlflow.LoggedModel, error)
	FinalizeLoggedModel(
		ctx context.Context, id string, status mlflow.LoggedModelStatus,
	) (*mlflow.LoggedModel, error)
	DeleteLoggedModel(ctx context.Context, id string) error
	SetLoggedModelTags(ctx context.Context, id string, tags []mlflow.Tag) error
	DeleteLoggedModelTag(ctx context.Context, id, key string) error
	LogLoggedModelParams(ctx context.Context, id string, params []mlflow.Param) error
	SearchLoggedModels(
		ctx context.Context, p mlflow.SearchLoggedModelsParams,
	) (mlflow.Page[*mlflow.LoggedModel], error)

	MetricHistory(
		ctx context.Context, p mlflow.MetricHistoryParams,
	) (mlflow.Page[mlflow.Metric], error)
	MetricHistoryBulk(ctx context.Context, p mlflow.MetricHistoryBulkParams) ([]mlflow.RunMetric, error)
	MetricHistoryBulkInterval(
		ctx context.Context, p mlflow.MetricHistoryIntervalParams,
	) ([]mlflow.RunMetric, error)

	ModelStore
}

// ModelStore is what the handler needs of a model registry.
type ModelStore interface {
	CreateRegisteredModel(
		ctx context.Context, p mlflow.CreateRegisteredModelParams,
	) (*mlflow.RegisteredModel, error)
	GetRegisteredModel(ctx context.Context, name string) (*mlflow.RegisteredModel, error)
	RenameRegisteredModel(ctx context.Context, name, newName string) (*mlflow.RegisteredModel, error)
	UpdateRegisteredModel(
		ctx context.Context, p mlflow.UpdateRegisteredModelParams,
	) (*mlflow.RegisteredModel, error)
	DeleteRegisteredModel(ctx context.Context, name string) error
	SearchRegisteredModels(
		ctx context.Context, p mlflow.SearchRegisteredModelsParams,
	) (mlflow.Page[*mlflow.RegisteredModel], error)
	LatestVersions(ctx context.Context, name string, stages []string) ([]*mlflow.ModelVersion, error)
	SetRegisteredModelTag(ctx context.Context, name string, t mlflow.Tag) error
	DeleteRegisteredModelTag(ctx context.Context, name, key string) error
	SetRegisteredModelAlias(ctx context.Context, name, alias string, version int) error
	DeleteRegisteredModelAlias(ctx context.Context, name, alias string) error

	CreateModelVersion(
		ctx context.Context, p mlflow.CreateModelVersionParams,
	) (*mlflow.ModelVersion, error)
	GetModelVersion(ctx context.Context, name string, version int) (*mlflow.ModelVersion, error)
	GetModelVersionByAlias(ctx context.Context, name, alias string) (*mlflow.ModelVersion, error)
	UpdateModelVersion(
		ctx context.Context, p mlflow.UpdateModelVersionParams,
	) (*mlflow.ModelVersion, error)
	TransitionModelVersionStage(
		ctx context.Context, p mlflow.TransitionModelVersionParams,
	) (*mlflow.ModelVersion, error)
	DeleteModelVersion(ctx context.Context, name string, version int) error
	SearchModelVersions(
		ctx context.Context, p mlflow.SearchModelVersionsParams,
	) (mlflow.Page[*mlflow.ModelVersion], error)
	ModelVersionDownloadURI(ctx context.Context, name string, version int) (string, error)
	SetModelVersionTag(ctx context.Context, name string, version int, t mlflow.Tag) error
	DeleteModelVersionTag(ctx context.Context, name string, version int, key string) error
	AddModelVersionToLoggedModel(ctx context.Context, modelID, name string, version int) error
}
