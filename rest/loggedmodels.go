package rest

import (
	"context"
	"net/http"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
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

func createLoggedModelSpec() *spec[dynamodbstore.CreateLoggedModelParams] {
	return &spec[dynamodbstore.CreateLoggedModelParams]{
		fields: append(texts("experiment_id", "name", "model_type", "source_run_id"),
			messages("params", pairFields()...), messages("tags", pairFields()...)),
		rules: []rule{
			textRequired("experiment_id"), text("name"), text("model_type"), text("source_run_id"),
			array("params"), array("tags"),
		},
		scan: func(s *scanner, name []byte, q *dynamodbstore.CreateLoggedModelParams) {
			switch string(name) {
			case "experiment_id":
				q.ExperimentID = s.strOrNull()
			case "name":
				q.Name = s.strOrNull()
			case "model_type":
				q.ModelType = s.strOrNull()
			case "source_run_id":
				q.SourceRunID = s.strOrNull()
			case "params":
				q.Params = paramsOf(scanTags(s))
			case "tags":
				q.Tags = scanTags(s)
			default:
				s.unknown(name)
			}
		},
		fits: func(q *dynamodbstore.CreateLoggedModelParams) bool { return q.ExperimentID != "" },
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
	for _, p := range parseQuery(r.URL.RawQuery) {
		if p.key == "allow_deleted" {
			q.deleted = strings.EqualFold(p.value, "true")
			return
		}
	}
}

func loggedModelSpec() *spec[loggedModelRequest] {
	return &spec[loggedModelRequest]{
		scan: func(s *scanner, _ []byte, _ *loggedModelRequest) { s.skip(0) },
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
func finalizeLoggedModelSpec() *spec[loggedModelRequest] {
	statuses := loggedModelStatuses()
	values := make([]enumValue, 0, len(statuses))
	for i, name := range statuses {
		values = append(values, enumValue{string(name), int64(i)})
	}
	return &spec[loggedModelRequest]{
		fields: []field{f("model_id", typeString), enum("status", values...)},
		rules:  []rule{textRequired("model_id"), {"status", []check{isIntLike(), required()}}},
		scan: func(s *scanner, name []byte, q *loggedModelRequest) {
			switch string(name) {
			case "model_id":
				q.inBody = s.strOrNull()
			case "status":
				if q.status = 0; !s.null() {
					q.status, q.given = s.integer(), true
				}
			default:
				s.unknown(name)
			}
		},
		fits: func(q *loggedModelRequest) bool { return q.inBody != "" && q.given },
	}
}

// loggedModelPairsSpec reads tags or params.
func loggedModelPairsSpec(member string, rules ...rule) *spec[loggedModelRequest] {
	named := len(rules) > 1
	return &spec[loggedModelRequest]{
		fields: []field{f("model_id", typeString), messages(member, pairFields()...)},
		rules:  rules,
		scan: func(s *scanner, name []byte, q *loggedModelRequest) {
			switch string(name) {
			case "model_id":
				q.inBody = s.strOrNull()
			case member:
				q.pairs = scanTags(s)
			default:
				s.unknown(name)
			}
		},
		fits: func(q *loggedModelRequest) bool { return !named || q.inBody != "" },
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
