package dynamodbstore

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// LifecycleStage tells whether an experiment or run is deleted. See
// [mlflow.LifecycleStage].
type LifecycleStage = mlflow.LifecycleStage

// The two stages.
const (
	StageActive  = mlflow.StageActive
	StageDeleted = mlflow.StageDeleted
)

// ViewType chooses entities by lifecycle stage. See [mlflow.ViewType].
type ViewType = mlflow.ViewType

// The views, numbered as MLflow's ViewType less one.
const (
	ViewActiveOnly  = mlflow.ViewActiveOnly
	ViewDeletedOnly = mlflow.ViewDeletedOnly
	ViewAll         = mlflow.ViewAll
)

// RunStatus is the status of a run. See [mlflow.RunStatus].
type RunStatus = mlflow.RunStatus

// The statuses of MLflow.
const (
	StatusRunning   = mlflow.StatusRunning
	StatusScheduled = mlflow.StatusScheduled
	StatusFinished  = mlflow.StatusFinished
	StatusFailed    = mlflow.StatusFailed
	StatusKilled    = mlflow.StatusKilled
)

// Tag is a key and value that can be changed. Its fields: [mlflow.Tag].
type Tag = mlflow.Tag

// Param is a key and value that is written once. Its fields: [mlflow.Param].
type Param = mlflow.Param

// Metric is one point of a metric. Its fields: [mlflow.Metric].
type Metric = mlflow.Metric

// Experiment groups runs. Its fields: [mlflow.Experiment].
type Experiment = mlflow.Experiment

// RunInfo is what a run is, without its data. Its fields: [mlflow.RunInfo].
type RunInfo = mlflow.RunInfo

// Run is one run with its latest metrics, params, tags and inputs, each sorted
// by key. Its fields: [mlflow.Run].
type Run = mlflow.Run

// RunInputs is what a run used. Its fields: [mlflow.RunInputs].
type RunInputs = mlflow.RunInputs

// ModelOutput is a model that a run made. Its fields: [mlflow.ModelOutput].
type ModelOutput = mlflow.ModelOutput

// DatasetInput is a dataset that a run used, with tags such as its context. Its
// fields: [mlflow.DatasetInput].
type DatasetInput = mlflow.DatasetInput

// Dataset describes a dataset; its name and digest identify it within an
// experiment. Its fields: [mlflow.Dataset].
type Dataset = mlflow.Dataset

// Page is one page of a listing. Its fields: [mlflow.Page].
type Page[T any] = mlflow.Page[T]

// DefaultExperimentID is the id of the experiment that always exists.
const DefaultExperimentID = mlflow.DefaultExperimentID

// LoggedModel is a model that was logged to an experiment. Its fields:
// [mlflow.LoggedModel].
type LoggedModel = mlflow.LoggedModel

// LoggedModelStatus tells whether a logged model can be used. See
// [mlflow.LoggedModelStatus].
type LoggedModelStatus = mlflow.LoggedModelStatus

// The statuses of MLflow.
const (
	LoggedModelUnspecified = mlflow.LoggedModelUnspecified
	LoggedModelPending     = mlflow.LoggedModelPending
	LoggedModelReady       = mlflow.LoggedModelReady
	LoggedModelFailed      = mlflow.LoggedModelFailed
)

// CreateLoggedModelParams describes a new logged model. Its fields:
// [mlflow.CreateLoggedModelParams].
type CreateLoggedModelParams = mlflow.CreateLoggedModelParams

// SearchLoggedModelsParams selects logged models that are not deleted. Its
// fields: [mlflow.SearchLoggedModelsParams].
type SearchLoggedModelsParams = mlflow.SearchLoggedModelsParams

// DatasetFilter names datasets. Its fields: [mlflow.DatasetFilter].
type DatasetFilter = mlflow.DatasetFilter

// LoggedModelOrder is one part of an order of logged models. Its fields:
// [mlflow.LoggedModelOrder].
type LoggedModelOrder = mlflow.LoggedModelOrder

// DatasetSummary says that runs of an experiment have used a dataset. Its
// fields: [mlflow.DatasetSummary].
type DatasetSummary = mlflow.DatasetSummary

// RegisteredModel is a name under which versions of a model, or of a prompt,
// are kept. Its fields: [mlflow.RegisteredModel].
type RegisteredModel = mlflow.RegisteredModel

// ModelAlias is another name for one version of a registered model. Its fields:
// [mlflow.ModelAlias].
type ModelAlias = mlflow.ModelAlias

// ModelStage is the stage of a model version. See [mlflow.ModelStage].
type ModelStage = mlflow.ModelStage

// The stages of MLflow.
const (
	StageNone       = mlflow.StageNone
	StageStaging    = mlflow.StageStaging
	StageProduction = mlflow.StageProduction
	StageArchived   = mlflow.StageArchived
)

// ModelVersion is one version of a registered model. Its fields:
// [mlflow.ModelVersion].
type ModelVersion = mlflow.ModelVersion

// ModelVersionStatus tells whether a version can be used. See
// [mlflow.ModelVersionStatus].
type ModelVersionStatus = mlflow.ModelVersionStatus

// VersionReady is the status of every version that this store makes.
const VersionReady = mlflow.VersionReady

// CreateRegisteredModelParams describes a new registered model. Its fields:
// [mlflow.CreateRegisteredModelParams].
type CreateRegisteredModelParams = mlflow.CreateRegisteredModelParams

// UpdateRegisteredModelParams changes a registered model. Its fields:
// [mlflow.UpdateRegisteredModelParams].
type UpdateRegisteredModelParams = mlflow.UpdateRegisteredModelParams

// CreateModelVersionParams describes a new version. Its fields:
// [mlflow.CreateModelVersionParams].
type CreateModelVersionParams = mlflow.CreateModelVersionParams

// UpdateModelVersionParams changes a version. Its fields:
// [mlflow.UpdateModelVersionParams].
type UpdateModelVersionParams = mlflow.UpdateModelVersionParams

// TransitionModelVersionParams moves a version to another stage. Its fields:
// [mlflow.TransitionModelVersionParams].
type TransitionModelVersionParams = mlflow.TransitionModelVersionParams

// SearchRegisteredModelsParams searches registered models. Its fields:
// [mlflow.SearchRegisteredModelsParams].
type SearchRegisteredModelsParams = mlflow.SearchRegisteredModelsParams

// SearchModelVersionsParams searches model versions. Its fields:
// [mlflow.SearchModelVersionsParams].
type SearchModelVersionsParams = mlflow.SearchModelVersionsParams

// DefaultWorkspace is the workspace of a Store that is told no other.
const DefaultWorkspace = mlflow.DefaultWorkspace

// Workspace is a part of a table that has experiments, models and names of its own.
// Its fields: [mlflow.Workspace].
type Workspace = mlflow.Workspace

// TraceArchival says where and when traces of a workspace are archived. Its fields:
// [mlflow.TraceArchival].
type TraceArchival = mlflow.TraceArchival

// UpdateWorkspaceParams change a workspace. Their fields:
// [mlflow.UpdateWorkspaceParams].
type UpdateWorkspaceParams = mlflow.UpdateWorkspaceParams

// WorkspaceDeletion says what a deletion of a workspace does with what is in it.
type WorkspaceDeletion = mlflow.WorkspaceDeletion

// The ways to delete a workspace.
const (
	DeleteRestrict   = mlflow.DeleteRestrict
	DeleteCascade    = mlflow.DeleteCascade
	DeleteSetDefault = mlflow.DeleteSetDefault
)
