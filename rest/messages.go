package rest

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// What requests of MLflow 3.18's service.proto have in common.

func tagFields(t *dynamodbstore.Tag) []wire.Field { return pairFields(&t.Key, &t.Value) }

func paramFields(p *dynamodbstore.Param) []wire.Field { return pairFields(&p.Key, &p.Value) }

func pairFields(key, value *string) []wire.Field {
	return []wire.Field{wire.Text("key", key), wire.Text("value", value)}
}

func metricFields(m *dynamodbstore.Metric) []wire.Field {
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

func datasetInputFields(in *dynamodbstore.DatasetInput) []wire.Field {
	return []wire.Field{
		wire.Objects("tags", &in.Tags, tagFields),
		wire.Object("dataset", &in.Dataset, datasetFields),
	}
}

func datasetFields(d *dynamodbstore.Dataset) []wire.Field {
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
func viewTypes() []wire.Choice[dynamodbstore.ViewType] {
	return []wire.Choice[dynamodbstore.ViewType]{
		{Name: "ACTIVE_ONLY", Number: 1, Value: dynamodbstore.ViewActiveOnly},
		{Name: "DELETED_ONLY", Number: 2, Value: dynamodbstore.ViewDeletedOnly},
		{Name: "ALL", Number: 3, Value: dynamodbstore.ViewAll},
	}
}

func runStatuses() []wire.Choice[dynamodbstore.RunStatus] {
	return []wire.Choice[dynamodbstore.RunStatus]{
		{Name: "RUNNING", Number: 1, Value: dynamodbstore.StatusRunning},
		{Name: "SCHEDULED", Number: 2, Value: dynamodbstore.StatusScheduled},
		{Name: "FINISHED", Number: 3, Value: dynamodbstore.StatusFinished},
		{Name: "FAILED", Number: 4, Value: dynamodbstore.StatusFailed},
		{Name: "KILLED", Number: 5, Value: dynamodbstore.StatusKilled},
	}
}
