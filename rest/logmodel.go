package rest

import (
	"context"
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// logModelRequest is what clients before MLflow 3 send of a model that they
// have logged: what its file MLmodel says, as JSON in a string.
type logModelRequest struct {
	runID string
	model string
}

func logModelSpec() *spec[logModelRequest] {
	return &spec[logModelRequest]{
		fields: texts("run_id", "model_json"),
		rules:  []rule{textRequired("run_id"), textRequired("model_json")},
		scan: func(s *scanner, name []byte, q *logModelRequest) {
			switch string(name) {
			case "run_id":
				q.runID = s.strOrNull()
			case "model_json":
				q.model = s.strOrNull()
			default:
				s.unknown(name)
			}
		},
		fits: func(q *logModelRequest) bool { return q.runID != "" && q.model != "" },
	}
}

func (h *handler) logModel(ctx context.Context, q *logModelRequest) error {
	m, err := parseModel(q.model)
	if err != nil {
		return err
	}
	entry, err := historyEntry(m)
	if err != nil {
		return err
	}
	return h.store.LogModel(ctx, q.runID, entry)
}

// parseModel reads what a client says of a model.
// Source: MLflow 3.17, server/handlers.py, _log_model.
func parseModel(text string) (*node, error) {
	m, ok, err := parseTree([]byte(text))
	if err != nil {
		return nil, err
	}
	if !ok || strings.HasPrefix(text, "\ufeff") { // Python takes a mark in bytes only
		return nil, invalid("Malformed model info. \n " + text + " \n is not a valid JSON.")
	}
	if m.kind != kindDict {
		return nil, invalid(invalidValue("model_json", &m) + seeDocs)
	}
	var missing []string
	for _, name := range []string{"artifact_path", "flavors", "utc_time_created", "run_id"} {
		if m.get(name) == nil {
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
func historyEntry(m *node) (string, error) {
	for _, rule := range []struct {
		param string
		kinds []kind
	}{
		{"utc_time_created", []kind{kindString}},
		{"flavors", []kind{kindDict, kindNull}},
		{"signature", []kind{kindDict, kindNull}},
		{"env_vars", []kind{kindList, kindNull}},
		{"resources", []kind{kindList, kindDict, kindNull}},
	} {
		v := m.get(rule.param)
		if v != nil && !slices.Contains(rule.kinds, v.kind) {
			return "", invalid(invalidValue("model_json."+rule.param, v) + seeDocs)
		}
	}
	entry := node{kind: kindDict}
	for _, name := range []string{"run_id", "artifact_path"} {
		if v := m.get(name); v.kind != kindNull {
			entry.set(name, *v)
		}
	}
	entry.set("utc_time_created", *m.get("utc_time_created"))
	var id node // null if there is none
	if v := m.get("model_uuid"); v != nil {
		id = *v
	}
	entry.set("model_uuid", id)
	entry.set("flavors", withoutConfigs(m.get("flavors")))
	return string(appendPyJSON(nil, &entry, pyStyle{", ", ": ", false})), nil
}

// withoutConfigs copies flavors without the member "config" of each.
func withoutConfigs(flavors *node) node {
	out := node{kind: kindDict, keys: flavors.keys, list: slices.Clone(flavors.list)}
	for i := range out.list {
		v := &out.list[i]
		if at := slices.Index(v.keys, "config"); at >= 0 {
			v.keys = slices.Concat(v.keys[:at], v.keys[at+1:])
			v.list = slices.Concat(v.list[:at], v.list[at+1:])
		}
	}
	return out
}
