package rest

import (
	"context"
	"net/http"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// loggedModelEndpoints are the endpoints of logged models.
type loggedModelEndpoints struct {
	store stores
	failures
	files artifactEndpoints
}

func (x loggedModelEndpoints) addTo(h *handler) {
	const base, model = "/mlflow/logged-models", "/mlflow/logged-models/{model_id}"
	h.add("2.0", http.MethodPost, base, query(h, declareCreateLoggedModel(), x.createLoggedModel))
	h.add("2.0", http.MethodPost, base+"/search", streamed(h, declareSearchLoggedModels(), x.searchLoggedModels))
	h.add("2.0", http.MethodGet, model, query(h, declareLoggedModel(), x.getLoggedModel))
	h.add("2.0", http.MethodDelete, model, command(h, declareLoggedModel(),
		func(ctx context.Context, q *loggedModelRequest) error {
			return x.store.of(ctx).DeleteLoggedModel(ctx, q.id)
		}))
	h.add("2.0", http.MethodPatch, model, query(h, declareFinalizeLoggedModel(), x.finalizeLoggedModel))
	h.add("2.0", http.MethodPatch, model+"/tags", command(h, declareSetLoggedModelTags(),
		func(ctx context.Context, q *loggedModelRequest) error {
			return x.store.of(ctx).SetLoggedModelTags(ctx, q.id, q.tags)
		}))
	h.add("2.0", http.MethodDelete, model+"/tags/{tag_key}", command(h, declareLoggedModel(),
		func(ctx context.Context, q *loggedModelRequest) error {
			return x.store.of(ctx).DeleteLoggedModelTag(ctx, q.id, q.tagKey)
		}))
	h.add("2.0", http.MethodPost, model+"/params", command(h, declareLogLoggedModelParams(),
		func(ctx context.Context, q *loggedModelRequest) error {
			return x.store.of(ctx).LogLoggedModelParams(ctx, q.id, q.params)
		}))
	h.add("2.0", http.MethodGet, model+"/artifacts/directories", query(h, declareListModelArtifacts(), x.listModelArtifacts))
	h.addPath(http.MethodGet, "/ajax-api/2.0"+model+"/artifacts/files", x.files.downloadedOrPresigned(x.getModelArtifact))
}

func declareCreateLoggedModel() *wire.Request[mlflow.CreateLoggedModelParams] {
	return wire.Declare(func(q *mlflow.CreateLoggedModelParams) []wire.Field {
		return []wire.Field{
			wire.Text("experiment_id", &q.ExperimentID).IsText().Required(),
			wire.Text("name", &q.Name).IsText(),
			wire.Text("model_type", &q.ModelType).IsText(),
			wire.Text("source_run_id", &q.SourceRunID).IsText(),
			wire.Objects("params", &q.Params, paramFields).IsList(),
			wire.Objects("tags", &q.Tags, tagFields).IsList(),
		}
	})
}

// loggedModelRequest is a request about one logged model.
type loggedModelRequest struct {
	id      string
	tagKey  string
	deleted bool   // a deleted one will do
	inBody  string // id of a model
	status  mlflow.LoggedModelStatus
	tags    []mlflow.Tag
	params  []mlflow.Param
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

// declareLoggedModel declares requests of which the path says all.
func declareLoggedModel() *wire.Request[loggedModelRequest] {
	return wire.Declare(func(*loggedModelRequest) []wire.Field { return nil })
}

func loggedModelStatuses() []wire.Choice[mlflow.LoggedModelStatus] {
	return []wire.Choice[mlflow.LoggedModelStatus]{
		{Name: string(mlflow.LoggedModelUnspecified), Number: 0, Value: mlflow.LoggedModelUnspecified},
		{Name: string(mlflow.LoggedModelPending), Number: 1, Value: mlflow.LoggedModelPending},
		{Name: string(mlflow.LoggedModelReady), Number: 2, Value: mlflow.LoggedModelReady},
		{Name: string(mlflow.LoggedModelFailed), Number: 3, Value: mlflow.LoggedModelFailed},
	}
}

// declareFinalizeLoggedModel takes the id from the body, not from the path, as
// MLflow does.
func declareFinalizeLoggedModel() *wire.Request[loggedModelRequest] {
	return wire.Declare(func(q *loggedModelRequest) []wire.Field {
		return []wire.Field{
			wire.Text("model_id", &q.inBody).IsText().Required(),
			wire.OpenEnum("status", &q.status, loggedModelStatuses()).IsInt().Required(),
		}
	})
}

func declareSetLoggedModelTags() *wire.Request[loggedModelRequest] {
	return wire.Declare(func(q *loggedModelRequest) []wire.Field {
		return []wire.Field{
			wire.Text("model_id", &q.inBody),
			wire.Objects("tags", &q.tags, tagFields).IsList(),
		}
	})
}

func declareLogLoggedModelParams() *wire.Request[loggedModelRequest] {
	return wire.Declare(func(q *loggedModelRequest) []wire.Field {
		return []wire.Field{
			wire.Text("model_id", &q.inBody).IsText().Required(),
			wire.Objects("params", &q.params, paramFields).IsList(),
		}
	})
}

func (x loggedModelEndpoints) createLoggedModel(ctx context.Context, b []byte, q *mlflow.CreateLoggedModelParams) ([]byte, error) {
	m, err := x.store.of(ctx).CreateLoggedModel(ctx, *q)
	return appendAnswer(b, "model", m, err, appendLoggedModel)
}

func (x loggedModelEndpoints) getLoggedModel(ctx context.Context, b []byte, q *loggedModelRequest) ([]byte, error) {
	get := x.store.of(ctx).GetLoggedModel
	if q.deleted {
		get = x.store.of(ctx).GetAnyLoggedModel
	}
	m, err := get(ctx, q.id)
	return appendAnswer(b, "model", m, err, appendLoggedModel)
}

func (x loggedModelEndpoints) finalizeLoggedModel(ctx context.Context, b []byte, q *loggedModelRequest) ([]byte, error) {
	if q.status == "" { // of a name or number that is not known, as in MLflow
		q.status = mlflow.LoggedModelUnspecified
	}
	m, err := x.store.of(ctx).FinalizeLoggedModel(ctx, q.inBody, q.status)
	return appendAnswer(b, "model", m, err, appendLoggedModel)
}
