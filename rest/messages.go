package rest

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// What requests of MLflow 3.18's service.proto have in common.

func tagFields(t *mlflow.Tag) []wire.Field { return pairFields(&t.Key, &t.Value) }

func paramFields(p *mlflow.Param) []wire.Field { return pairFields(&p.Key, &p.Value) }

func pairFields(key, value *string) []wire.Field {
	return []wire.Field{wire.Text("key", key), wire.Text("value", value)}
}

func metricFields(m *mlflow.Metric) []wire.Field {
	return []wire.Field{
		wire.Text("key", &m.Key),
		wire.Double("value", &m.Value),
		wire.Int64("timestamp", &m.Timestamp),
		wire.Int64("step", &m.Step),
		wire.Text("dataset_name", &m.DatasetName),
		wire.Text("dataset_digest", &m.DatasetDigest),
		wire.Text("model_id", &m.ModelID),
		wire.Text("run_id", new(string)), // it is that of the batch
	}
}

func datasetInputFields(in *mlflow.DatasetInput) []wire.Field {
	return []wire.Field{
		wire.Objects("tags", &in.Tags, tagFields),
		wire.Object("dataset", &in.Dataset, datasetFields),
	}
}

func datasetFields(d *mlflow.Dataset) []wire.Field {
	return []wire.Field{
		wire.Text("name", &d.Name),
		wire.Text("digest", &d.Digest),
		wire.Text("source_type", &d.SourceType),
		wire.Text("source", &d.Source),
		wire.Text("schema", &d.Schema),
		wire.Text("profile", &d.Profile),
	}
}

// viewTypes are what a ViewType says, which MLflow counts from one.
func viewTypes() []wire.Choice[mlflow.ViewType] {
	return []wire.Choice[mlflow.ViewType]{
		{Name: "ACTIVE_ONLY", Number: 1, Value: mlflow.ViewActiveOnly},
		{Name: "DELETED_ONLY", Number: 2, Value: mlflow.ViewDeletedOnly},
		{Name: "ALL", Number: 3, Value: mlflow.ViewAll},
	}
}

func runStatuses() []wire.Choice[mlflow.RunStatus] {
	return []wire.Choice[mlflow.RunStatus]{
		{Name: "RUNNING", Number: 1, Value: mlflow.StatusRunning},
		{Name: "SCHEDULED", Number: 2, Value: mlflow.StatusScheduled},
		{Name: "FINISHED", Number: 3, Value: mlflow.StatusFinished},
		{Name: "FAILED", Number: 4, Value: mlflow.StatusFailed},
		{Name: "KILLED", Number: 5, Value: mlflow.StatusKilled},
	}
}
