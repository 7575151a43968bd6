package rest

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// UnimplementedStore is a [Store] whose methods all answer NOT_IMPLEMENTED, with
// status 501. Embed it in a Store of your own, so that methods which a later
// version adds to the interface do not break it.
type UnimplementedStore struct{}

var _ Store = UnimplementedStore{}

// unimplemented is the error of a method that a store does not have.
func unimplemented(method string) error {
	return &mlflow.Error{Code: mlflow.CodeNotImplemented, Message: "The store has no " + method + "."}
}

// CreateExperiment answers NOT_IMPLEMENTED.
func (UnimplementedStore) CreateExperiment(context.Context, mlflow.CreateExperimentParams) (string, error) {
	return "", unimplemented("CreateExperiment")
}

// GetExperiment answers NOT_IMPLEMENTED.
func (UnimplementedStore) GetExperiment(context.Context, string) (*mlflow.Experiment, error) {
	return nil, unimplemented("GetExperiment")
}

// GetExperimentByName answers NOT_IMPLEMENTED.
func (UnimplementedStore) GetExperimentByName(context.Context, string) (*mlflow.Experiment, error) {
	return nil, unimplemented("GetExperimentByName")
}

// RenameExperiment answers NOT_IMPLEMENTED.
func (UnimplementedStore) RenameExperiment(context.Context, string, string) error {
	return unimplemented("RenameExperiment")
}

// DeleteExperiment answers NOT_IMPLEMENTED.
func (UnimplementedStore) DeleteExperiment(context.Context, string) error {
	return unimplemented("DeleteExperiment")
}

// RestoreExperiment answers NOT_IMPLEMENTED.
func (UnimplementedStore) RestoreExperiment(context.Context, string) error {
	return unimplemented("RestoreExperiment")
}

// SetExperimentTag answers NOT_IMPLEMENTED.
func (UnimplementedStore) SetExperimentTag(context.Context, string, mlflow.Tag) error {
	return unimplemented("SetExperimentTag")
}

// DeleteExperimentTag answers NOT_IMPLEMENTED.
func (UnimplementedStore) DeleteExperimentTag(context.Context, string, string) error {
	return unimplemented("DeleteExperimentTag")
}

// SearchExperiments answers NOT_IMPLEMENTED.
func (UnimplementedStore) SearchExperiments(
	context.Context, mlflow.SearchExperimentsParams,
) (mlflow.Page[*mlflow.Experiment], error) {
	return mlflow.Page[*mlflow.Experiment]{}, unimplemented("SearchExperiments")
}

// CreateRun answers NOT_IMPLEMENTED.
func (UnimplementedStore) CreateRun(context.Context, mlflow.CreateRunParams) (*mlflow.Run, error) {
	return nil, unimplemented("CreateRun")
}

// GetRun answers NOT_IMPLEMENTED.
func (UnimplementedStore) GetRun(context.Context, string) (*mlflow.Run, error) {
	return nil, unimplemented("GetRun")
}

// UpdateRun answers NOT_IMPLEMENTED.
func (UnimplementedStore) UpdateRun(context.Context, mlflow.UpdateRunParams) (*mlflow.RunInfo, error) {
	return nil, unimplemented("UpdateRun")
}

// DeleteRun answers NOT_IMPLEMENTED.
func (UnimplementedStore) DeleteRun(context.Context, string) error {
	return unimplemented("DeleteRun")
}

// RestoreRun answers NOT_IMPLEMENTED.
func (UnimplementedStore) RestoreRun(context.Context, string) error {
	return unimplemented("RestoreRun")
}

// LogMetric answers NOT_IMPLEMENTED.
func (UnimplementedStore) LogMetric(context.Context, string, mlflow.Metric) error {
	return unimplemented("LogMetric")
}

// LogParam answers NOT_IMPLEMENTED.
func (UnimplementedStore) LogParam(context.Context, string, mlflow.Param) error {
	return unimplemented("LogParam")
}

// LogBatch answers NOT_IMPLEMENTED.
func (UnimplementedStore) LogBatch(context.Context, mlflow.LogBatchParams) error {
	return unimplemented("LogBatch")
}

// SetTag answers NOT_IMPLEMENTED.
func (UnimplementedStore) SetTag(context.Context, string, mlflow.Tag) error {
	return unimplemented("SetTag")
}

// DeleteTag answers NOT_IMPLEMENTED.
func (UnimplementedStore) DeleteTag(context.Context, string, string) error {
	return unimplemented("DeleteTag")
}

// LogInputs answers NOT_IMPLEMENTED.
func (UnimplementedStore) LogInputs(context.Context, mlflow.LogInputsParams) error {
	return unimplemented("LogInputs")
}

// LogOutputs answers NOT_IMPLEMENTED.
func (UnimplementedStore) LogOutputs(context.Context, string, []mlflow.ModelOutput) error {
	return unimplemented("LogOutputs")
}

// LogModel answers NOT_IMPLEMENTED.
func (UnimplementedStore) LogModel(context.Context, string, string) error {
	return unimplemented("LogModel")
}

// SearchRuns answers NOT_IMPLEMENTED.
func (UnimplementedStore) SearchRuns(
	context.Context, mlflow.SearchRunsParams,
) (mlflow.Page[*mlflow.Run], error) {
	return mlflow.Page[*mlflow.Run]{}, unimplemented("SearchRuns")
}

// SearchDatasets answers NOT_IMPLEMENTED.
func (UnimplementedStore) SearchDatasets(context.Context, []string) ([]mlflow.DatasetSummary, error) {
	return nil, unimplemented("SearchDatasets")
}

// CreateLoggedModel answers NOT_IMPLEMENTED.
func (UnimplementedStore) CreateLoggedModel(
	context.Context, mlflow.CreateLoggedModelParams,
) (*mlflow.LoggedModel, error) {
	return nil, unimplemented("CreateLoggedModel")
}

// GetLoggedModel answers NOT_IMPLEMENTED.
func (UnimplementedStore) GetLoggedModel(context.Context, string) (*mlflow.LoggedModel, error) {
	return nil, unimplemented("GetLoggedModel")
}

// GetAnyLoggedModel answers NOT_IMPLEMENTED.
func (UnimplementedStore) GetAnyLoggedModel(context.Context, string) (*mlflow.LoggedModel, error) {
	return nil, unimplemented("GetAnyLoggedModel")
}

// FinalizeLoggedModel answers NOT_IMPLEMENTED.
func (UnimplementedStore) FinalizeLoggedModel(
	context.Context, string, mlflow.LoggedModelStatus,
) (*mlflow.LoggedModel, error) {
	return nil, unimplemented("FinalizeLoggedModel")
}

// DeleteLoggedModel answers NOT_IMPLEMENTED.
func (UnimplementedStore) DeleteLoggedModel(context.Context, string) error {
	return unimplemented("DeleteLoggedModel")
}

// SetLoggedModelTags answers NOT_IMPLEMENTED.
func (UnimplementedStore) SetLoggedModelTags(context.Context, string, []mlflow.Tag) error {
	return unimplemented("SetLoggedModelTags")
}

// DeleteLoggedModelTag answers NOT_IMPLEMENTED.
func (UnimplementedStore) DeleteLoggedModelTag(context.Context, string, string) error {
	return unimplemented("DeleteLoggedModelTag")
}

// LogLoggedModelParams answers NOT_IMPLEMENTED.
func (UnimplementedStore) LogLoggedModelParams(context.Context, string, []mlflow.Param) error {
	return unimplemented("LogLoggedModelParams")
}

// SearchLoggedModels answers NOT_IMPLEMENTED.
func (UnimplementedStore) SearchLoggedModels(
	context.Context, mlflow.SearchLoggedModelsParams,
) (mlflow.Page[*mlflow.LoggedModel], error) {
	return mlflow.Page[*mlflow.LoggedModel]{}, unimplemented("SearchLoggedModels")
}

// MetricHistory answers NOT_IMPLEMENTED.
func (UnimplementedStore) MetricHistory(
	context.Context, mlflow.MetricHistoryParams,
) (mlflow.Page[mlflow.Metric], error) {
	return mlflow.Page[mlflow.Metric]{}, unimplemented("MetricHistory")
}

// MetricHistoryBulk answers NOT_IMPLEMENTED.
func (UnimplementedStore) MetricHistoryBulk(
	context.Context, mlflow.MetricHistoryBulkParams,
) ([]mlflow.RunMetric, error) {
	return nil, unimplemented("MetricHistoryBulk")
}

// MetricHistoryBulkInterval answers NOT_IMPLEMENTED.
func (UnimplementedStore) MetricHistoryBulkInterval(
	context.Context, mlflow.MetricHistoryIntervalParams,
) ([]mlflow.RunMetric, error) {
	return nil, unimplemented("MetricHistoryBulkInterval")
}

// CreateRegisteredModel answers NOT_IMPLEMENTED.
func (UnimplementedStore) CreateRegisteredModel(
	context.Context, mlflow.CreateRegisteredModelParams,
) (*mlflow.RegisteredModel, error) {
	return nil, unimplemented("CreateRegisteredModel")
}

// GetRegisteredModel answers NOT_IMPLEMENTED.
func (UnimplementedStore) GetRegisteredModel(context.Context, string) (*mlflow.RegisteredModel, error) {
	return nil, unimplemented("GetRegisteredModel")
}

// RenameRegisteredModel answers NOT_IMPLEMENTED.
func (UnimplementedStore) RenameRegisteredModel(
	context.Context, string, string,
) (*mlflow.RegisteredModel, error) {
	return nil, unimplemented("RenameRegisteredModel")
}

// UpdateRegisteredModel answers NOT_IMPLEMENTED.
func (UnimplementedStore) UpdateRegisteredModel(
	context.Context, mlflow.UpdateRegisteredModelParams,
) (*mlflow.RegisteredModel, error) {
	return nil, unimplemented("UpdateRegisteredModel")
}

// DeleteRegisteredModel answers NOT_IMPLEMENTED.
func (UnimplementedStore) DeleteRegisteredModel(context.Context, string) error {
	return unimplemented("DeleteRegisteredModel")
}

// SearchRegisteredModels answers NOT_IMPLEMENTED.
func (UnimplementedStore) SearchRegisteredModels(
	context.Context, mlflow.SearchRegisteredModelsParams,
) (mlflow.Page[*mlflow.RegisteredModel], error) {
	return mlflow.Page[*mlflow.RegisteredModel]{}, unimplemented("SearchRegisteredModels")
}

// LatestVersions answers NOT_IMPLEMENTED.
func (UnimplementedStore) LatestVersions(context.Context, string, []string) ([]*mlflow.ModelVersion, error) {
	return nil, unimplemented("LatestVersions")
}

// SetRegisteredModelTag answers NOT_IMPLEMENTED.
func (UnimplementedStore) SetRegisteredModelTag(context.Context, string, mlflow.Tag) error {
	return unimplemented("SetRegisteredModelTag")
}

// DeleteRegisteredModelTag answers NOT_IMPLEMENTED.
func (UnimplementedStore) DeleteRegisteredModelTag(context.Context, string, string) error {
	return unimplemented("DeleteRegisteredModelTag")
}

// SetRegisteredModelAlias answers NOT_IMPLEMENTED.
func (UnimplementedStore) SetRegisteredModelAlias(context.Context, string, string, int) error {
	return unimplemented("SetRegisteredModelAlias")
}

// DeleteRegisteredModelAlias answers NOT_IMPLEMENTED.
func (UnimplementedStore) DeleteRegisteredModelAlias(context.Context, string, string) error {
	return unimplemented("DeleteRegisteredModelAlias")
}

// CreateModelVersion answers NOT_IMPLEMENTED.
func (UnimplementedStore) CreateModelVersion(
	context.Context, mlflow.CreateModelVersionParams,
) (*mlflow.ModelVersion, error) {
	return nil, unimplemented("CreateModelVersion")
}

// GetModelVersion answers NOT_IMPLEMENTED.
func (UnimplementedStore) GetModelVersion(context.Context, string, int) (*mlflow.ModelVersion, error) {
	return nil, unimplemented("GetModelVersion")
}

// GetModelVersionByAlias answers NOT_IMPLEMENTED.
func (UnimplementedStore) GetModelVersionByAlias(
	context.Context, string, string,
) (*mlflow.ModelVersion, error) {
	return nil, unimplemented("GetModelVersionByAlias")
}

// UpdateModelVersion answers NOT_IMPLEMENTED.
func (UnimplementedStore) UpdateModelVersion(
	context.Context, mlflow.UpdateModelVersionParams,
) (*mlflow.ModelVersion, error) {
	return nil, unimplemented("UpdateModelVersion")
}

// TransitionModelVersionStage answers NOT_IMPLEMENTED.
func (UnimplementedStore) TransitionModelVersionStage(
	context.Context, mlflow.TransitionModelVersionParams,
) (*mlflow.ModelVersion, error) {
	return nil, unimplemented("TransitionModelVersionStage")
}

// DeleteModelVersion answers NOT_IMPLEMENTED.
func (UnimplementedStore) DeleteModelVersion(context.Context, string, int) error {
	return unimplemented("DeleteModelVersion")
}

// SearchModelVersions answers NOT_IMPLEMENTED.
func (UnimplementedStore) SearchModelVersions(
	context.Context, mlflow.SearchModelVersionsParams,
) (mlflow.Page[*mlflow.ModelVersion], error) {
	return mlflow.Page[*mlflow.ModelVersion]{}, unimplemented("SearchModelVersions")
}

// ModelVersionDownloadURI answers NOT_IMPLEMENTED.
func (UnimplementedStore) ModelVersionDownloadURI(context.Context, string, int) (string, error) {
	return "", unimplemented("ModelVersionDownloadURI")
}

// SetModelVersionTag answers NOT_IMPLEMENTED.
func (UnimplementedStore) SetModelVersionTag(context.Context, string, int, mlflow.Tag) error {
	return unimplemented("SetModelVersionTag")
}

// DeleteModelVersionTag answers NOT_IMPLEMENTED.
func (UnimplementedStore) DeleteModelVersionTag(context.Context, string, int, string) error {
	return unimplemented("DeleteModelVersionTag")
}

// AddModelVersionToLoggedModel answers NOT_IMPLEMENTED.
func (UnimplementedStore) AddModelVersionToLoggedModel(context.Context, string, string, int) error {
	return unimplemented("AddModelVersionToLoggedModel")
}
