package rest

import (
	"context"
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// logModelRequest is what clients before MLflow 3 send of a model that they
// have logged: what its file MLmodel says, as JSON in a string.
type logModelRequest struct {
	runID string
	model string
}

func declareLogModel() *wire.Request[logModelRequest] {
	return wire.Declare(func(q *logModelRequest) []wire.Field {
		return []wire.Field{
			wire.Text("run_id", &q.runID).IsText().Required(),
			wire.Text("model_json", &q.model).IsText().Required(),
		}
	})
}

func (x runEndpoints) logModel(ctx context.Context, q *logModelRequest) error {
	m, err := parseModel(q.model)
	if err != nil {
		return err
	}
	entry, err := historyEntry(m)
	if err != nil {
		return err
	}
	return x.store.of(ctx).LogModel(ctx, q.runID, entry)
}

// parseModel reads what a client says of a model.
// Source: MLflow 3.17, server/handlers.py, _log_model.
func parseModel(text string) (*wire.Value, error) {
	m, ok, err := wire.Parse([]byte(text))
	if err != nil {
		return nil, asInvalid(err)
	}
	if !ok || strings.HasPrefix(text, "\ufeff") { // Python takes a mark in bytes only
		return nil, invalid("Malformed model info. \n " + text + " \n is not a valid JSON.")
	}
	if m.Kind != wire.KindDict {
		return nil, invalid(wire.InvalidValue("model_json", &m))
	}
	var missing []string
	for _, name := range []string{"artifact_path", "flavors", "utc_time_created", "run_id"} {
		if m.Get(name) == nil {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return nil, invalid("Model json is missing mandatory fields: " + pyrepr.Set(missing...))
	}
	return &m, nil
}

// historyEntry returns what the history keeps of a model: where it is, when it
// was made, and its flavors without their configuration. Where MLflow fails on
// a value, or would read a file of the server that it names, it is refused.
// Source: MLflow 3.17, models/model.py, Model.get_tags_dict.
func historyEntry(m *wire.Value) (string, error) {
	for _, rule := range []struct {
		param string
		kinds []wire.Kind
	}{
		{"utc_time_created", []wire.Kind{wire.KindString}},
		{"flavors", []wire.Kind{wire.KindDict, wire.KindNull}},
		{"signature", []wire.Kind{wire.KindDict, wire.KindNull}},
		{"env_vars", []wire.Kind{wire.KindList, wire.KindNull}},
		{"resources", []wire.Kind{wire.KindList, wire.KindDict, wire.KindNull}},
	} {
		v := m.Get(rule.param)
		if v != nil && !slices.Contains(rule.kinds, v.Kind) {
			return "", invalid(wire.InvalidValue("model_json."+rule.param, v))
		}
	}
	entry := wire.Value{Kind: wire.KindDict}
	for _, name := range []string{"run_id", "artifact_path"} {
		if v := m.Get(name); v.Kind != wire.KindNull {
			entry.Set(name, *v)
		}
	}
	entry.Set("utc_time_created", *m.Get("utc_time_created"))
	var id wire.Value // null if there is none
	if v := m.Get("model_uuid"); v != nil {
		id = *v
	}
	entry.Set("model_uuid", id)
	entry.Set("flavors", withoutConfigs(m.Get("flavors")))
	return wire.Dumps(&entry), nil
}

// withoutConfigs copies flavors without the member "config" of each.
func withoutConfigs(flavors *wire.Value) wire.Value {
	out := wire.Value{Kind: wire.KindDict, Keys: flavors.Keys, List: slices.Clone(flavors.List)}
	for i := range out.List {
		v := &out.List[i]
		if at := slices.Index(v.Keys, "config"); at >= 0 {
			v.Keys = slices.Concat(v.Keys[:at], v.Keys[at+1:])
			v.List = slices.Concat(v.List[:at], v.List[at+1:])
		}
	}
	return out
}
