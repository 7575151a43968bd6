package rest

import (
	"context"
	"net/http"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

func (h *handler) addLoggedModelRoutes() {
	const base, model = "/mlflow/logged-models", "/mlflow/logged-models/{model_id}"
	h.add("2.0", http.MethodPost, base, query(h, createLoggedModelSpec(), h.createLoggedModel))
	h.add("2.0", http.MethodPost, base+"/search", streamed(h, searchLoggedModelsSpec(), h.searchLoggedModels))
	h.add("2.0", http.MethodGet, model, query(h, loggedModelSpec(), h.getLoggedModel))
	h.add("2.0", http.MethodDelete, model, command(h, loggedModelSpec(),
		func(ctx context.Context, q *loggedModelRequest) error { return h.store.DeleteLoggedModel(ctx, q.id) }))
	h.add("2.0", http.MethodPatch, model, query(h, finalizeLoggedModelSpec(), h.finalizeLoggedModel))
	h.add("2.0", http.MethodPatch, model+"/tags", command(h, loggedModelPairsSpec("tags", array("tags")),
		func(ctx context.Context, q *loggedModelRequest) error {
			return h.store.SetLoggedModelTags(ctx, q.id, q.pairs)
		}))
	h.add("2.0", http.MethodDelete, model+"/tags/{tag_key}", command(h, loggedModelSpec(),
		func(ctx context.Context, q *loggedModelRequest) error {
			return h.store.DeleteLoggedModelTag(ctx, q.id, q.tagKey)
		}))
	h.add("2.0", http.MethodPost, model+"/params",
		command(h, loggedModelPairsSpec("params", textRequired("model_id"), array("params")),
			func(ctx context.Context, q *loggedModelRequest) error {
				return h.store.LogLoggedModelParams(ctx, q.id, paramsOf(q.pairs))
			}))
	h.add("2.0", http.MethodGet, model+"/artifacts/directories", query(h, listModelArtifactsSpec(), h.listModelArtifacts))
	h.addPath(http.MethodGet, "/ajax-api/2.0"+model+"/artifacts/files", h.downloadedOrPresigned(h.getModelArtifact))
}

func paramsOf(pairs []dynamodbstore.Tag) []dynamodbstore.Param {
	params := make([]dynamodbstore.Param, len(pairs))
	for i, p := range pairs {
		params[i] = dynamodbstore.Param(p)
	}
	return params
}

func createLoggedModelSpec() *wire.Spec[dynamodbstore.CreateLoggedModelParams] {
	return &wire.Spec[dynamodbstore.CreateLoggedModelParams]{
		Fields: append(texts("experiment_id", "name", "model_type", "source_run_id"),
			wire.Messages("params", pairFields()...), wire.Messages("tags", pairFields()...)),
		Rules: []wire.Rule{
			textRequired("experiment_id"), text("name"), text("model_type"), text("source_run_id"),
			array("params"), array("tags"),
		},
		Scan: func(s *wire.Scanner, name []byte, q *dynamodbstore.CreateLoggedModelParams) {
			switch string(name) {
			case "experiment_id":
				q.ExperimentID = s.TextOrNull()
			case "name":
				q.Name = s.TextOrNull()
			case "model_type":
				q.ModelType = s.TextOrNull()
			case "source_run_id":
				q.SourceRunID = s.TextOrNull()
			case "params":
				q.Params = paramsOf(scanTags(s))
			case "tags":
				q.Tags = scanTags(s)
			default:
				s.Unknown(name)
			}
		},
		Fits: func(q *dynamodbstore.CreateLoggedModelParams) bool { return q.ExperimentID != "" },
	}
}

// loggedModelRequest is a request about one logged model.
type loggedModelRequest struct {
	id      string
	tagKey  string
	deleted bool                // a deleted one will do
	inBody  string              // id of a model
	status  int64               // of LoggedModelStatus
	given   bool                // there is a status
	pairs   []dynamodbstore.Tag // tags or params
}

// fromPath sets what the path says, and the query of a GET.
func (q *loggedModelRequest) fromPath(r *http.Request) {
	q.id, q.tagKey = r.PathValue("model_id"), r.PathValue("tag_key")
	for _, p := range wire.ParseQuery(r.URL.RawQuery) {
		if p.Key == "allow_deleted" {
			q.deleted = strings.EqualFold(p.Value, "true")
			return
		}
	}
}

func loggedModelSpec() *wire.Spec[loggedModelRequest] {
	return &wire.Spec[loggedModelRequest]{
		Scan: func(s *wire.Scanner, _ []byte, _ *loggedModelRequest) { s.Skip(0) },
	}
}

// loggedModelStatuses are in the order of their numbers.
func loggedModelStatuses() []dynamodbstore.LoggedModelStatus {
	return []dynamodbstore.LoggedModelStatus{
		dynamodbstore.LoggedModelUnspecified, dynamodbstore.LoggedModelPending, dynamodbstore.LoggedModelReady,
		dynamodbstore.LoggedModelFailed,
	}
}

// finalizeLoggedModelSpec reads the id from the body, not from the path, as
// MLflow does.
func finalizeLoggedModelSpec() *wire.Spec[loggedModelRequest] {
	statuses := loggedModelStatuses()
	values := make([]wire.EnumValue, 0, len(statuses))
	for i, name := range statuses {
		values = append(values, wire.EnumValue{string(name), int64(i)})
	}
	return &wire.Spec[loggedModelRequest]{
		Fields: []wire.Field{wire.F("model_id", wire.TypeString), wire.Enum("status", values...)},
		Rules:  []wire.Rule{textRequired("model_id"), {"status", []wire.Check{wire.IsIntLike(), wire.Required()}}},
		Scan: func(s *wire.Scanner, name []byte, q *loggedModelRequest) {
			switch string(name) {
			case "model_id":
				q.inBody = s.TextOrNull()
			case "status":
				if q.status = 0; !s.Null() {
					q.status, q.given = s.Int(), true
				}
			default:
				s.Unknown(name)
			}
		},
		Fits: func(q *loggedModelRequest) bool { return q.inBody != "" && q.given },
	}
}

// loggedModelPairsSpec reads tags or params.
func loggedModelPairsSpec(member string, rules ...wire.Rule) *wire.Spec[loggedModelRequest] {
	named := len(rules) > 1
	return &wire.Spec[loggedModelRequest]{
		Fields: []wire.Field{wire.F("model_id", wire.TypeString), wire.Messages(member, pairFields()...)},
		Rules:  rules,
		Scan: func(s *wire.Scanner, name []byte, q *loggedModelRequest) {
			switch string(name) {
			case "model_id":
				q.inBody = s.TextOrNull()
			case member:
				q.pairs = scanTags(s)
			default:
				s.Unknown(name)
			}
		},
		Fits: func(q *loggedModelRequest) bool { return !named || q.inBody != "" },
	}
}

func (h *handler) createLoggedModel(ctx context.Context, b []byte, q *dynamodbstore.CreateLoggedModelParams) ([]byte, error) {
	m, err := h.store.CreateLoggedModel(ctx, *q)
	return appendLoggedModelAnswer(b, m, err)
}

func (h *handler) getLoggedModel(ctx context.Context, b []byte, q *loggedModelRequest) ([]byte, error) {
	get := h.store.GetLoggedModel
	if q.deleted {
		get = h.store.GetAnyLoggedModel
	}
	m, err := get(ctx, q.id)
	return appendLoggedModelAnswer(b, m, err)
}

func (h *handler) finalizeLoggedModel(ctx context.Context, b []byte, q *loggedModelRequest) ([]byte, error) {
	status := dynamodbstore.LoggedModelUnspecified // of a number that is not known, as in MLflow
	if all := loggedModelStatuses(); q.status >= 0 && q.status < int64(len(all)) {
		status = all[q.status]
	}
	m, err := h.store.FinalizeLoggedModel(ctx, q.inBody, status)
	return appendLoggedModelAnswer(b, m, err)
}
