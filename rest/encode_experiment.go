package rest

import (
	"cmp"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

func appendExperiment(b []byte, e *mlflow.Experiment, depth int) []byte {
	b = append(b, '{')
	b = wire.AppendStringField(b, depth+1, "experiment_id", e.ID)
	b = wire.AppendStringField(b, depth+1, "name", e.Name)
	b = wire.AppendStringField(b, depth+1, "artifact_location", e.ArtifactLocation)
	b = wire.AppendStringField(b, depth+1, "lifecycle_stage", string(e.LifecycleStage))
	if e.LastUpdateTime != 0 {
		b = wire.AppendIntField(b, depth+1, "last_update_time", e.LastUpdateTime)
	}
	if e.CreationTime != 0 {
		b = wire.AppendIntField(b, depth+1, "creation_time", e.CreationTime)
	}
	b = appendTags(b, depth+1, e.Tags)
	b = wire.AppendStringField(b, depth+1, "workspace", cmp.Or(e.Workspace, mlflow.DefaultWorkspace))
	return wire.CloseObject(b, depth)
}

// appendTags appends the member with tags, or nothing if there are none.
func appendTags(b []byte, depth int, tags []mlflow.Tag) []byte {
	if len(tags) == 0 {
		return b
	}
	b = append(wire.AppendKey(b, depth, "tags"), '[')
	for i := range tags {
		b = appendPair(b, depth+1, tags[i].Key, tags[i].Value)
	}
	return wire.CloseArray(b, depth)
}

func appendPair(b []byte, depth int, key, value string) []byte {
	b = append(wire.AppendItem(b, depth), '{')
	b = wire.Newline(b, depth+1)
	b = append(b, `"key": `...)
	b = pyrepr.AppendJSON(b, key)
	b = append(b, ',')
	b = wire.Newline(b, depth+1)
	b = append(b, `"value": `...)
	b = pyrepr.AppendJSON(b, value)
	b = wire.Newline(b, depth)
	return append(b, '}')
}
