package rest

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// appendLoggedModelAnswer appends an answer that is one logged model.
func appendLoggedModelAnswer(b []byte, m *dynamodbstore.LoggedModel, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return wire.CloseObject(appendLoggedModel(append(wire.AppendKey(append(b, '{'), 1, "model"), '{'), m, 1), 0), nil
}

// appendLoggedModel appends the members of a logged model to an object that
// was opened at a depth, and closes it.
func appendLoggedModel(b []byte, m *dynamodbstore.LoggedModel, depth int) []byte {
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
	if len(m.Params) > 0 {
		b = append(wire.AppendKey(b, depth+2, "params"), '[')
		for i := range m.Params {
			b = appendPair(b, depth+3, m.Params[i].Key, m.Params[i].Value)
		}
		b = wire.CloseArray(b, depth+2)
	}
	b = appendModelPoints(b, depth+2, m.Metrics)
	return wire.CloseObject(wire.CloseObject(b, depth+1), depth)
}

// appendModelPoints appends the metrics of a logged model, or nothing if there
// are none.
func appendModelPoints(b []byte, depth int, points []dynamodbstore.RunMetric) []byte {
	if len(points) == 0 {
		return b
	}
	b = append(wire.AppendKey(b, depth, "metrics"), '[')
	for i := range points {
		p := &points[i]
		b = appendPoint(append(wire.AppendItem(b, depth+1), '{'), depth+2, &p.Metric)
		if p.DatasetName != "" {
			b = wire.AppendStringField(b, depth+2, "dataset_name", p.DatasetName)
			b = wire.AppendStringField(b, depth+2, "dataset_digest", p.DatasetDigest)
		}
		b = wire.AppendStringField(b, depth+2, "model_id", p.ModelID)
		b = wire.AppendStringField(b, depth+2, "run_id", p.RunID)
		b = append(wire.Newline(b, depth+1), '}')
	}
	return wire.CloseArray(b, depth)
}

func appendLoggedModels(b []byte, page dynamodbstore.Page[*dynamodbstore.LoggedModel], a *answer) []byte {
	return appendPage(b, "models", page, func(b []byte, m *dynamodbstore.LoggedModel, depth int) []byte {
		return appendLoggedModel(append(b, '{'), m, depth)
	}, a)
}
