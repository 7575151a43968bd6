package dynamodbstore

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// CreateExperimentParams describes a new experiment. Its fields:
// [mlflow.CreateExperimentParams].
type CreateExperimentParams = mlflow.CreateExperimentParams

// SearchExperimentsParams selects experiments. Its fields:
// [mlflow.SearchExperimentsParams].
type SearchExperimentsParams = mlflow.SearchExperimentsParams

// CreateRunParams describes a new run. Its fields: [mlflow.CreateRunParams].
type CreateRunParams = mlflow.CreateRunParams

// UpdateRunParams changes a run; what is zero stays. Its fields:
// [mlflow.UpdateRunParams].
type UpdateRunParams = mlflow.UpdateRunParams

// LogBatchParams is a batch of data for one run: at most 1,000 metrics, 100
// params and 100 tags, 1,000 in all. Its fields: [mlflow.LogBatchParams].
type LogBatchParams = mlflow.LogBatchParams

// LogInputsParams attaches inputs to a run. Its fields:
// [mlflow.LogInputsParams].
type LogInputsParams = mlflow.LogInputsParams

// SearchRunsParams selects runs. Its fields: [mlflow.SearchRunsParams].
type SearchRunsParams = mlflow.SearchRunsParams

// MetricHistoryParams selects points of one metric of a run. Its fields:
// [mlflow.MetricHistoryParams].
type MetricHistoryParams = mlflow.MetricHistoryParams

// MetricHistoryBulkParams selects points of one metric of several runs. Its
// fields: [mlflow.MetricHistoryBulkParams].
type MetricHistoryBulkParams = mlflow.MetricHistoryBulkParams

// MetricHistoryIntervalParams selects sampled points of one metric of several
// runs. Its fields: [mlflow.MetricHistoryIntervalParams].
type MetricHistoryIntervalParams = mlflow.MetricHistoryIntervalParams

// RunMetric is a point of a metric with its run. Its fields:
// [mlflow.RunMetric].
type RunMetric = mlflow.RunMetric

// WithTimesAsGiven returns a context in whose calls times are taken as they are
// given: zero is the beginning of 1970, and a run that ends without an end time
// has none. So does MLflow's REST API; package rest uses it. Without it a zero
// time means now, see [CreateRunParams], [UpdateRunParams] and [Metric].
func WithTimesAsGiven(ctx context.Context) context.Context { return mlflow.WithTimesAsGiven(ctx) }
