package rest

import (
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// appendRun appends a run. A run that was just created comes without outputs.
// What is large goes to the answer in between, if there is one.
func appendRun(b []byte, r *mlflow.Run, depth int, created bool, a *answer) []byte {
	b = append(b, '{')
	b = appendRunInfo(wire.AppendKey(b, depth+1, "info"), &r.Info, depth+1)

	b = append(wire.AppendKey(b, depth+1, "data"), '{')
	b = appendMetrics(b, depth+2, r.Metrics, a)
	b = appendParams(b, depth+2, r.Params, a)
	b = appendTags(b, depth+2, r.Tags)
	b = wire.CloseObject(b, depth+1)

	b = appendInputs(wire.AppendKey(b, depth+1, "inputs"), &r.Inputs, depth+1)
	if !created {
		b = appendOutputs(wire.AppendKey(b, depth+1, "outputs"), r.Outputs, depth+1)
	}
	return wire.CloseObject(b, depth)
}

func appendRunInfo(b []byte, i *mlflow.RunInfo, depth int) []byte {
	b = append(b, '{')
	b = wire.AppendStringField(b, depth+1, "run_uuid", i.RunID)
	b = wire.AppendStringField(b, depth+1, "experiment_id", i.ExperimentID)
	b = wire.AppendStringField(b, depth+1, "run_name", i.Name)
	b = wire.AppendStringField(b, depth+1, "user_id", i.UserID)
	b = wire.AppendStringField(b, depth+1, "status", string(i.Status))
	b = wire.AppendIntField(b, depth+1, "start_time", i.StartTime)
	if i.EndTime != nil && *i.EndTime != 0 { // MLflow takes 0 for none here, not in filters
		b = wire.AppendIntField(b, depth+1, "end_time", *i.EndTime)
	}
	b = wire.AppendStringField(b, depth+1, "artifact_uri", i.ArtifactURI)
	b = wire.AppendStringField(b, depth+1, "lifecycle_stage", string(i.LifecycleStage))
	b = wire.AppendStringField(b, depth+1, "run_id", i.RunID)
	return wire.CloseObject(b, depth)
}

// appendMetrics appends an array of metrics, or nothing if there are none.
func appendMetrics(b []byte, depth int, metrics []mlflow.Metric, a *answer) []byte {
	if len(metrics) == 0 {
		return b
	}
	b = append(wire.AppendKey(b, depth, "metrics"), '[')
	for i := range metrics {
		b = a.spill(appendMetric(b, depth+1, &metrics[i]))
	}
	return wire.CloseArray(b, depth)
}

// appendParams appends an array of params, or nothing if there are none.
func appendParams(b []byte, depth int, params []mlflow.Param, a *answer) []byte {
	if len(params) == 0 {
		return b
	}
	b = append(wire.AppendKey(b, depth, "params"), '[')
	for i := range params {
		b = a.spill(appendPair(b, depth+1, params[i].Key, params[i].Value))
	}
	return wire.CloseArray(b, depth)
}

// appendMetric appends an element of an array of metrics.
func appendMetric(b []byte, depth int, m *mlflow.Metric) []byte {
	b = appendPoint(append(wire.AppendItem(b, depth), '{'), depth+1, m)
	if m.DatasetName != "" {
		b = wire.AppendStringField(b, depth+1, "dataset_name", m.DatasetName)
	}
	if m.DatasetDigest != "" {
		b = wire.AppendStringField(b, depth+1, "dataset_digest", m.DatasetDigest)
	}
	if m.ModelID != "" {
		b = wire.AppendStringField(b, depth+1, "model_id", m.ModelID)
	}
	return append(wire.Newline(b, depth), '}')
}

// appendPoint appends the members that every point of a metric has. It is
// spelled out because histories are long.
func appendPoint(b []byte, depth int, m *mlflow.Metric) []byte {
	b = wire.Newline(b, depth)
	b = append(b, `"key": `...)
	b = pyrepr.AppendJSON(b, m.Key)
	b = append(b, ',')
	b = wire.Newline(b, depth)
	b = append(b, `"value": `...)
	b = wire.AppendDouble(b, m.Value)
	b = append(b, ',')
	b = wire.Newline(b, depth)
	b = append(b, `"timestamp": `...)
	b = strconv.AppendInt(b, m.Timestamp, 10)
	b = append(b, ',')
	b = wire.Newline(b, depth)
	b = append(b, `"step": `...)
	return strconv.AppendInt(b, m.Step, 10)
}

func appendInputs(b []byte, in *mlflow.RunInputs, depth int) []byte {
	b = append(b, '{')
	b = wire.AppendList(b, depth+1, "dataset_inputs", in.Datasets, appendDatasetInput)
	b = wire.AppendList(b, depth+1, "model_inputs", in.Models, appendModelInput)
	return wire.CloseObject(b, depth)
}

func appendDatasetInput(b []byte, in mlflow.DatasetInput, depth int) []byte {
	b = append(b, '{')
	b = appendTags(b, depth+1, in.Tags)
	b = appendDataset(wire.AppendKey(b, depth+1, "dataset"), &in.Dataset, depth+1)
	return wire.CloseObject(b, depth)
}

func appendModelInput(b []byte, id string, depth int) []byte {
	return wire.CloseObject(wire.AppendStringField(append(b, '{'), depth+1, "model_id", id), depth)
}

func appendDataset(b []byte, d *mlflow.Dataset, depth int) []byte {
	b = append(b, '{')
	b = wire.AppendStringField(b, depth+1, "name", d.Name)
	b = wire.AppendStringField(b, depth+1, "digest", d.Digest)
	b = wire.AppendStringField(b, depth+1, "source_type", d.SourceType)
	b = wire.AppendStringField(b, depth+1, "source", d.Source)
	if d.Schema != "" {
		b = wire.AppendStringField(b, depth+1, "schema", d.Schema)
	}
	if d.Profile != "" {
		b = wire.AppendStringField(b, depth+1, "profile", d.Profile)
	}
	return wire.CloseObject(b, depth)
}

func appendOutputs(b []byte, outputs []mlflow.ModelOutput, depth int) []byte {
	b = append(b, '{')
	b = wire.AppendList(b, depth+1, "model_outputs", outputs, appendModelOutput)
	return wire.CloseObject(b, depth)
}

func appendModelOutput(b []byte, o mlflow.ModelOutput, depth int) []byte {
	b = append(b, '{')
	b = wire.AppendStringField(b, depth+1, "model_id", o.ModelID)
	b = wire.AppendIntField(b, depth+1, "step", o.Step)
	return wire.CloseObject(b, depth)
}

// appendInterval appends the points of several runs in the form of protobuf.
func appendInterval(b []byte, points []mlflow.RunMetric, a *answer) []byte {
	b = append(b, '{')
	if len(points) > 0 {
		b = append(wire.AppendKey(b, 1, "metrics"), '[')
		for i := range points {
			b = appendPoint(append(wire.AppendItem(b, 2), '{'), 3, &points[i].Metric)
			b = wire.AppendStringField(b, 3, "run_id", points[i].RunID)
			b = a.spill(append(wire.Newline(b, 2), '}'))
		}
		b = wire.CloseArray(b, 1)
	}
	return wire.CloseObject(b, 0)
}

// appendBulk appends the points of several runs in the form of Flask, which
// sorts the members and sends an empty list too.
func appendBulk(b []byte, points []mlflow.RunMetric) []byte {
	b = append(b, `{"metrics":[`...)
	for i := range points {
		m := &points[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"key":`...)
		b = pyrepr.AppendJSON(b, m.Key)
		b = append(b, `,"run_id":`...)
		b = pyrepr.AppendJSON(b, m.RunID)
		b = append(b, `,"step":`...)
		b = strconv.AppendInt(b, m.Step, 10)
		b = append(b, `,"timestamp":`...)
		b = strconv.AppendInt(b, m.Timestamp, 10)
		b = append(b, `,"value":`...)
		b = wire.AppendDouble(b, m.Value)
		b = append(b, '}')
	}
	return append(b, "]}\n"...)
}
