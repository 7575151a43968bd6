package rest

import (
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

func appendOneModel(b []byte, m *dynamodbstore.RegisteredModel) []byte {
	if m == nil {
		return b
	}
	return wire.CloseObject(appendModel(wire.AppendKey(append(b, '{'), 1, "registered_model"), m, 1), 0)
}

func appendModel(b []byte, m *dynamodbstore.RegisteredModel, depth int) []byte {
	b = append(b, '{')
	b = wire.AppendStringField(b, depth+1, "name", m.Name)
	b = wire.AppendIntField(b, depth+1, "creation_timestamp", m.CreationTime)
	b = wire.AppendIntField(b, depth+1, "last_updated_timestamp", m.LastUpdateTime)
	if m.Description != "" {
		b = wire.AppendStringField(b, depth+1, "description", m.Description)
	}
	b = appendVersionList(b, "latest_versions", m.LatestVersions, depth+1)
	b = appendTags(b, depth+1, m.Tags)
	if len(m.Aliases) > 0 {
		b = append(wire.AppendKey(b, depth+1, "aliases"), '[')
		for _, a := range m.Aliases {
			b = append(wire.AppendItem(b, depth+2), '{')
			b = wire.AppendStringField(b, depth+3, "alias", a.Alias)
			b = wire.AppendStringField(b, depth+3, "version", strconv.Itoa(a.Version))
			b = wire.CloseObject(b, depth+2)
		}
		b = wire.CloseArray(b, depth+1)
	}
	return wire.CloseObject(b, depth)
}

func appendModels(b []byte, page dynamodbstore.Page[*dynamodbstore.RegisteredModel], a *answer) []byte {
	return appendPage(b, "registered_models", page, appendModel, a)
}

func appendOneVersion(b []byte, v *dynamodbstore.ModelVersion) []byte {
	if v == nil {
		return b
	}
	return wire.CloseObject(appendVersion(wire.AppendKey(append(b, '{'), 1, "model_version"), v, 1), 0)
}

// appendVersion appends a version. The logged model is not said, as MLflow's SQL
// store does not keep it.
func appendVersion(b []byte, v *dynamodbstore.ModelVersion, depth int) []byte {
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
	if len(v.Aliases) > 0 {
		b = append(wire.AppendKey(b, depth+1, "aliases"), '[')
		for _, alias := range v.Aliases {
			b = wire.AppendString(wire.AppendItem(b, depth+2), alias)
		}
		b = wire.CloseArray(b, depth+1)
	}
	return wire.CloseObject(b, depth)
}

func appendVersionList(b []byte, key string, versions []*dynamodbstore.ModelVersion, depth int) []byte {
	if len(versions) == 0 {
		return b
	}
	b = append(wire.AppendKey(b, depth, key), '[')
	for _, v := range versions {
		b = appendVersion(wire.AppendItem(b, depth+1), v, depth+1)
	}
	return wire.CloseArray(b, depth)
}

func appendVersions(b []byte, page dynamodbstore.Page[*dynamodbstore.ModelVersion], a *answer) []byte {
	return appendPage(b, "model_versions", page, appendVersion, a)
}
