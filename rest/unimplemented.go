package rest

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// UnimplementedStore is a [Store] whose methods all answer NOT_IMPLEMENTED, with
// status 501. Embed it in a Store of your own, so that methods which a later
// version adds to the interface do not break it.
type UnimplementedStore struct{}

var _ Store = UnimplementedStore{}

// unimplemented is the error of a method that a store does not have.
func unimplemented(method string) error {
	return &dynamodbstore.Error{Code: dynamodbstore.CodeNotImplemented, Message: "The store has no " + method + "."}
}

// CreateExperiment answers NOT_IMPLEMENTED.
func (UnimplementedStore) CreateExperiment(context.Context, dynamodbstore.CreateExperimentParams) (string, error) {
	return "", unimplemented("CreateExperiment")
}

// GetExperiment answers NOT_IMPLEMENTED.
func (UnimplementedStore) GetExperiment(context.Context, string) (*dynamodbstore.Experiment, error) {
	return nil, unimplemented("GetExperiment")
}

// GetExperimentByName answers NOT_IMPLEMENTED.
func (UnimplementedStore) GetExperimentByName(context.Context, string) (*dynamodbstore.Experiment, error) {
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
func (UnimplementedStore) SetExperimentTag(context.Context, string, dynamodbstore.Tag) error {
	return unimplemented("SetExperimentTag")
}

// DeleteExperimentTag answers NOT_IMPLEMENTED.
func (UnimplementedStore) DeleteExperimentTag(context.Context, string, string) error {
	return unimplemented("DeleteExperimentTag")
}

// SearchExperiments answers NOT_IMPLEMENTED.
func (UnimplementedStore) SearchExperiments(
	context.Context, dynamodbstore.SearchExperimentsParams,
) (dynamodbstore.Page[*dynamodbstore.Experiment], error) {
	return dynamodbstore.Page[*dynamodbstore.Experiment]{}, unimplemented("SearchExperiments")
}

// CreateRun answers NOT_IMPLEMENTED.
func (UnimplementedStore) CreateRun(context.Context, dynamodbstore.CreateRunParams) (*dynamodbstore.Run, error) {
	return nil, unimplemented("CreateRun")
}

// GetRun answers NOT_IMPLEMENTED.
func (UnimplementedStore) GetRun(context.Context, string) (*dynamodbstore.Run, error) {
	return nil, unimplemented("GetRun")
}

// UpdateRun answers NOT_IMPLEMENTED.
func (UnimplementedStore) UpdateRun(context.Context, dynamodbstore.UpdateRunParams) (*dynamodbstore.RunInfo, error) {
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
func (UnimplementedStore) LogMetric(context.Context, string, dynamodbstore.Metric) error {
	return unimplemented("LogMetric")
}

// LogParam answers NOT_IMPLEMENTED.
func (UnimplementedStore) LogParam(context.Context, string, dynamodbstore.Param) error {
	return unimplemented("LogParam")
}

// LogBatch answers NOT_IMPLEMENTED.
func (UnimplementedStore) LogBatch(context.Context, dynamodbstore.LogBatchParams) error {
	return unimplemented("LogBatch")
}

// SetTag answers NOT_IMPLEMENTED.
func (UnimplementedStore) SetTag(context.Context, string, dynamodbstore.Tag) error {
	return unimplemented("SetTag")
}

// DeleteTag answers NOT_IMPLEMENTED.
func (UnimplementedStore) DeleteTag(context.Context, string, string) error {
	return unimplemented("DeleteTag")
}

// LogInputs answers NOT_IMPLEMENTED.
func (UnimplementedStore) LogInputs(context.Context, dynamodbstore.LogInputsParams) error {
	return unimplemented("LogInputs")
}

// LogOutputs answers NOT_IMPLEMENTED.
func (UnimplementedStore) LogOutputs(context.Context, string, []dynamodbstore.ModelOutput) error {
	return unimplemented("LogOutputs")
}

// LogModel answers NOT_IMPLEMENTED.
func (UnimplementedStore) LogModel(context.Context, string, string) error {
	return unimplemented("LogModel")
}

// SearchRuns answers NOT_IMPLEMENTED.
func (UnimplementedStore) SearchRuns(
	context.Context, dynamodbstore.SearchRunsParams,
) (dynamodbstore.Page[*dynamodbstore.Run], error) {
	return dynamodbstore.Page[*dynamodbstore.Run]{}, unimplemented("SearchRuns")
}

// SearchDatasets answers NOT_IMPLEMENTED.
func (UnimplementedStore) SearchDatasets(context.Context, []string) ([]dynamodbstore.DatasetSummary, error) {
	return nil, unimplemented("SearchDatasets")
}

// CreateLoggedModel answers NOT_IMPLEMENTED.
func (UnimplementedStore) CreateLoggedModel(
	context.Context, dynamodbstore.CreateLoggedModelParams,
) (*dynamodbstore.LoggedModel, error) {
	return nil, unimplemented("CreateLoggedModel")
}

// GetLoggedModel answers NOT_IMPLEMENTED.
func (UnimplementedStore) GetLoggedModel(context.Context, string) (*dynamodbstore.LoggedModel, error) {
	return nil, unimplemented("GetLoggedModel")
}

// GetAnyLoggedModel answers NOT_IMPLEMENTED.
func (UnimplementedStore) GetAnyLoggedModel(context.Context, string) (*dynamodbstore.LoggedModel, error) {
	return nil, unimplemented("GetAnyLoggedModel")
}

// FinalizeLoggedModel answers NOT_IMPLEMENTED.
func (UnimplementedStore) FinalizeLoggedModel(
	context.Context, string, dynamodbstore.LoggedModelStatus,
) (*dynamodbstore.LoggedModel, error) {
	return nil, unimplemented("FinalizeLoggedModel")
}

// DeleteLoggedModel answers NOT_IMPLEMENTED.
func (UnimplementedStore) DeleteLoggedModel(context.Context, string) error {
	return unimplemented("DeleteLoggedModel")
}

// SetLoggedModelTags answers NOT_IMPLEMENTED.
func (UnimplementedStore) SetLoggedModelTags(context.Context, string, []dynamodbstore.Tag) error {
	return unimplemented("SetLoggedModelTags")
}

// DeleteLoggedModelTag answers NOT_IMPLEMENTED.
func (UnimplementedStore) DeleteLoggedModelTag(context.Context, string, string) error {
	return unimplemented("DeleteLoggedModelTag")
}

// LogLoggedModelParams answers NOT_IMPLEMENTED.
func (UnimplementedStore) LogLoggedModelParams(context.Context, string, []dynamodbstore.Param) error {
	return unimplemented("LogLoggedModelParams")
}

// SearchLoggedModels answers NOT_IMPLEMENTED.
func (UnimplementedStore) SearchLoggedModels(
	context.Context, dynamodbstore.SearchLoggedModelsParams,
) (dynamodbstore.Page[*dynamodbstore.LoggedModel], error) {
	return dynamodbstore.Page[*dynamodbstore.LoggedModel]{}, unimplemented("SearchLoggedModels")
}

// MetricHistory answers NOT_IMPLEMENTED.
func (UnimplementedStore) MetricHistory(
	context.Context, dynamodbstore.MetricHistoryParams,
) (dynamodbstore.Page[dynamodbstore.Metric], error) {
	return dynamodbstore.Page[dynamodbstore.Metric]{}, unimplemented("MetricHistory")
}

// MetricHistoryBulk answers NOT_IMPLEMENTED.
func (UnimplementedStore) MetricHistoryBulk(
	context.Context, dynamodbstore.MetricHistoryBulkParams,
) ([]dynamodbstore.RunMetric, error) {
	return nil, unimplemented("MetricHistoryBulk")
}

// MetricHistoryBulkInterval answers NOT_IMPLEMENTED.
func (UnimplementedStore) MetricHistoryBulkInterval(
	context.Context, dynamodbstore.MetricHistoryIntervalParams,
) ([]dynamodbstore.RunMetric, error) {
	return nil, unimplemented("MetricHistoryBulkInterval")
}

// CreateRegisteredModel answers NOT_IMPLEMENTED.
func (UnimplementedStore) CreateRegisteredModel(
	context.Context, dynamodbstore.CreateRegisteredModelParams,
) (*dynamodbstore.RegisteredModel, error) {
	return nil, unimplemented("CreateRegisteredModel")
}

// GetRegisteredModel answers NOT_IMPLEMENTED.
func (UnimplementedStore) GetRegisteredModel(context.Context, string) (*dynamodbstore.RegisteredModel, error) {
	return nil, unimplemented("GetRegisteredModel")
}

// RenameRegisteredModel answers NOT_IMPLEMENTED.
func (UnimplementedStore) RenameRegisteredModel(
	context.Context, string, string,
) (*dynamodbstore.RegisteredModel, error) {
	return nil, unimplemented("RenameRegisteredModel")
}

// UpdateRegisteredModel answers NOT_IMPLEMENTED.
func (UnimplementedStore) UpdateRegisteredModel(
	context.Context, dynamodbstore.UpdateRegisteredModelParams,
) (*dynamodbstore.RegisteredModel, error) {
	return nil, unimplemented("UpdateRegisteredModel")
}

// DeleteRegisteredModel answers NOT_IMPLEMENTED.
func (UnimplementedStore) DeleteRegisteredModel(context.Context, string) error {
	return unimplemented("DeleteRegisteredModel")
}

// SearchRegisteredModels answers NOT_IMPLEMENTED.
func (UnimplementedStore) SearchRegisteredModels(
	context.Context, dynamodbstore.SearchRegisteredModelsParams,
) (dynamodbstore.Page[*dynamodbstore.RegisteredModel], error) {
	return dynamodbstore.Page[*dynamodbstore.RegisteredModel]{}, unimplemented("SearchRegisteredModels")
}

// LatestVersions answers NOT_IMPLEMENTED.
func (UnimplementedStore) LatestVersions(context.Context, string, []string) ([]*dynamodbstore.ModelVersion, error) {
	return nil, unimplemented("LatestVersions")
}

// SetRegisteredModelTag answers NOT_IMPLEMENTED.
func (UnimplementedStore) SetRegisteredModelTag(context.Context, string, dynamodbstore.Tag) error {
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
	context.Context, dynamodbstore.CreateModelVersionParams,
) (*dynamodbstore.ModelVersion, error) {
	return nil, unimplemented("CreateModelVersion")
}

// GetModelVersion answers NOT_IMPLEMENTED.
func (UnimplementedStore) GetModelVersion(context.Context, string, int) (*dynamodbstore.ModelVersion, error) {
	return nil, unimplemented("GetModelVersion")
}

// GetModelVersionByAlias answers NOT_IMPLEMENTED.
func (UnimplementedStore) GetModelVersionByAlias(
	context.Context, string, string,
) (*dynamodbstore.ModelVersion, error) {
	return nil, unimplemented("GetModelVersionByAlias")
}

// UpdateModelVersion answers NOT_IMPLEMENTED.
func (UnimplementedStore) UpdateModelVersion(
	context.Context, dynamodbstore.UpdateModelVersionParams,
) (*dynamodbstore.ModelVersion, error) {
	return nil, unimplemented("UpdateModelVersion")
}

// TransitionModelVersionStage answers NOT_IMPLEMENTED.
func (UnimplementedStore) TransitionModelVersionStage(
	context.Context, dynamodbstore.TransitionModelVersionParams,
) (*dynamodbstore.ModelVersion, error) {
	return nil, unimplemented("TransitionModelVersionStage")
}

// DeleteModelVersion answers NOT_IMPLEMENTED.
func (UnimplementedStore) DeleteModelVersion(context.Context, string, int) error {
	return unimplemented("DeleteModelVersion")
}

// SearchModelVersions answers NOT_IMPLEMENTED.
func (UnimplementedStore) SearchModelVersions(
	context.Context, dynamodbstore.SearchModelVersionsParams,
) (dynamodbstore.Page[*dynamodbstore.ModelVersion], error) {
	return dynamodbstore.Page[*dynamodbstore.ModelVersion]{}, unimplemented("SearchModelVersions")
}

// ModelVersionDownloadURI answers NOT_IMPLEMENTED.
func (UnimplementedStore) ModelVersionDownloadURI(context.Context, string, int) (string, error) {
	return "", unimplemented("ModelVersionDownloadURI")
}

// SetModelVersionTag answers NOT_IMPLEMENTED.
func (UnimplementedStore) SetModelVersionTag(context.Context, string, int, dynamodbstore.Tag) error {
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
