package rest

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

func appendLoggedModel(b []byte, m *mlflow.LoggedModel, depth int) []byte {
	b = append(b, '{')
	b = append(wire.AppendKey(b, depth+1, "info"), '{')
	b = wire.AppendStringField(b, depth+2, "model_id", m.ID)
	b = wire.AppendStringField(b, depth+2, "experiment_id", m.ExperimentID)
	b = wire.AppendStringField(b, depth+2, "name", m.Name)
	b = wire.AppendIntField(b, depth+2, "creation_timestamp_ms", m.CreationTime)
	b = wire.AppendIntField(b, depth+2, "last_updated_timestamp_ms", m.LastUpdateTime)
	b = wire.AppendStringField(b, depth+2, "artifact_uri", m.ArtifactURI)
	b = wire.AppendStringField(b, depth+2, "status", string(m.Status))
	b = wire.AppendStringField(b, depth+2, "model_type", m.ModelType)
	b = wire.AppendStringField(b, depth+2, "source_run_id", m.SourceRunID)
	b = appendTags(b, depth+2, m.Tags)
	b = wire.CloseObject(b, depth+1)

	b = append(wire.AppendKey(b, depth+1, "data"), '{')
	b = appendParams(b, depth+2, m.Params, nil)
	b = wire.AppendList(b, depth+2, "metrics", m.Metrics, appendModelPoint)
	return wire.CloseObject(wire.CloseObject(b, depth+1), depth)
}

// appendModelPoint appends a point of a metric of a logged model.
func appendModelPoint(b []byte, p mlflow.RunMetric, depth int) []byte {
	b = appendPoint(append(b, '{'), depth+1, &p.Metric)
	if p.DatasetName != "" {
		b = wire.AppendStringField(b, depth+1, "dataset_name", p.DatasetName)
		b = wire.AppendStringField(b, depth+1, "dataset_digest", p.DatasetDigest)
	}
	b = wire.AppendStringField(b, depth+1, "model_id", p.ModelID)
	b = wire.AppendStringField(b, depth+1, "run_id", p.RunID)
	return append(wire.Newline(b, depth), '}')
}
