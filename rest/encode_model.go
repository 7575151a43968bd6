package rest

import (
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

func appendModel(b []byte, m *mlflow.RegisteredModel, depth int) []byte {
	b = append(b, '{')
	b = wire.AppendStringField(b, depth+1, "name", m.Name)
	b = wire.AppendIntField(b, depth+1, "creation_timestamp", m.CreationTime)
	b = wire.AppendIntField(b, depth+1, "last_updated_timestamp", m.LastUpdateTime)
	if m.Description != "" {
		b = wire.AppendStringField(b, depth+1, "description", m.Description)
	}
	b = wire.AppendList(b, depth+1, "latest_versions", m.LatestVersions, appendVersion)
	b = appendTags(b, depth+1, m.Tags)
	b = wire.AppendList(b, depth+1, "aliases", m.Aliases, appendModelAlias)
	return wire.CloseObject(b, depth)
}

func appendModelAlias(b []byte, a mlflow.ModelAlias, depth int) []byte {
	b = append(b, '{')
	b = wire.AppendStringField(b, depth+1, "alias", a.Alias)
	b = wire.AppendStringField(b, depth+1, "version", strconv.Itoa(a.Version))
	return wire.CloseObject(b, depth)
}

// appendVersion appends a version. The logged model is not said, as MLflow's SQL
// store does not keep it.
func appendVersion(b []byte, v *mlflow.ModelVersion, depth int) []byte {
	b = append(b, '{')
	b = wire.AppendStringField(b, depth+1, "name", v.Name)
	b = wire.AppendStringField(b, depth+1, "version", strconv.Itoa(v.Version))
	b = wire.AppendIntField(b, depth+1, "creation_timestamp", v.CreationTime)
	b = wire.AppendIntField(b, depth+1, "last_updated_timestamp", v.LastUpdateTime)
	b = wire.AppendStringField(b, depth+1, "current_stage", string(v.Stage))
	if !v.Undescribed {
		b = wire.AppendStringField(b, depth+1, "description", v.Description)
	}
	b = wire.AppendStringField(b, depth+1, "source", v.Source)
	b = wire.AppendStringField(b, depth+1, "run_id", v.RunID)
	b = wire.AppendStringField(b, depth+1, "status", string(v.Status))
	if v.StatusMessage != "" {
		b = wire.AppendStringField(b, depth+1, "status_message", v.StatusMessage)
	}
	b = appendTags(b, depth+1, v.Tags)
	b = wire.AppendStringField(b, depth+1, "run_link", v.RunLink)
	b = wire.AppendList(b, depth+1, "aliases", v.Aliases, appendText)
	return wire.CloseObject(b, depth)
}

func appendText(b []byte, s string, _ int) []byte { return pyrepr.AppendJSON(b, s) }
