package rest

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// modelEndpoints are the endpoints of registered models and their versions.
type modelEndpoints struct {
	store stores
	failures
	*config
	files artifactEndpoints
}

func (x modelEndpoints) addTo(h *handler) {
	const base = "/mlflow/registered-models/"
	h.add("2.0", http.MethodPost, base+"create", query(h, declareCreateModel(), x.createModel))
	h.add("2.0", http.MethodPost, base+"rename", query(h, declareModel("name", "new_name"),
		modelAnswer(func(ctx context.Context, q *modelRequest) (*mlflow.RegisteredModel, error) {
			return x.store.of(ctx).RenameRegisteredModel(ctx, q.name, q.newName)
		})))
	h.add("2.0", http.MethodPatch, base+"update", query(h, declareModel("name").With(withDescription),
		modelAnswer(func(ctx context.Context, q *modelRequest) (*mlflow.RegisteredModel, error) {
			return x.store.of(ctx).UpdateRegisteredModel(ctx, mlflow.UpdateRegisteredModelParams{
				Name: q.name, Description: deref(q.description),
			})
		})))
	h.add("2.0", http.MethodGet, base+"get", query(h, declareModel("name"),
		modelAnswer(func(ctx context.Context, q *modelRequest) (*mlflow.RegisteredModel, error) {
			return x.store.of(ctx).GetRegisteredModel(ctx, q.name)
		})))
	h.add("2.0", http.MethodDelete, base+"delete", command(h, declareModel("name"),
		func(ctx context.Context, q *modelRequest) error {
			return x.store.of(ctx).DeleteRegisteredModel(ctx, q.name)
		}))
	h.add("2.0", http.MethodGet, base+"search", explained(streamed(h, declareSearchModels(1000), x.searchModels)))
	h.add("2.0", http.MethodPost, base+"set-tag",
		command(h, declareModel("name", "key").With(withValue),
			func(ctx context.Context, q *modelRequest) error {
				return x.store.of(ctx).SetRegisteredModelTag(ctx, q.name, mlflow.Tag{Key: q.key, Value: q.value})
			}))
	h.add("2.0", http.MethodDelete, base+"delete-tag", command(h, declareModel("name", "key"),
		func(ctx context.Context, q *modelRequest) error {
			return x.store.of(ctx).DeleteRegisteredModelTag(ctx, q.name, q.key)
		}))
	h.add("2.0", http.MethodPost, base+"alias", command(h, declareModel("name", "alias", "version"),
		onVersion(func(ctx context.Context, q *modelRequest, version int) error {
			return x.store.of(ctx).SetRegisteredModelAlias(ctx, q.name, q.alias, version)
		})))
	h.add("2.0", http.MethodDelete, base+"alias", command(h, declareModel("name", "alias"),
		func(ctx context.Context, q *modelRequest) error {
			return x.store.of(ctx).DeleteRegisteredModelAlias(ctx, q.name, q.alias)
		}))
	x.addVersionRoutes(h)
	h.addPath(http.MethodGet, "/model-versions/get-artifact", x.files.downloadedOrPresigned(x.getModelVersionArtifact))
}

// modelRequest is a request about one registered model or one of its versions.
type modelRequest struct {
	name, newName string
	description   *string
	version       string
	alias, stage  string
	key, value    string
	stages        []string
	archive       bool
}

// text returns where a field goes that is a required string.
func (q *modelRequest) text(name string) *string {
	switch name {
	case "name":
		return &q.name
	case "new_name":
		return &q.newName
	case "version":
		return &q.version
	case "alias":
		return &q.alias
	case "stage":
		return &q.stage
	default:
		return &q.key
	}
}

// declareModel declares requests of which some strings are required.
func declareModel(names ...string) *wire.Request[modelRequest] {
	return wire.Declare(func(q *modelRequest) []wire.Field {
		fields := make([]wire.Field, len(names))
		for i, name := range names {
			fields[i] = wire.Text(name, q.text(name)).IsText().Required()
		}
		return fields
	})
}

func withDescription(q *modelRequest) []wire.Field {
	return []wire.Field{wire.OptionalText("description", &q.description).IsText()}
}

func withValue(q *modelRequest) []wire.Field {
	return []wire.Field{wire.Text("value", &q.value).IsText()}
}

func declareCreateModel() *wire.Request[mlflow.CreateRegisteredModelParams] {
	return wire.Declare(func(q *mlflow.CreateRegisteredModelParams) []wire.Field {
		return []wire.Field{
			wire.Text("name", &q.Name).IsText().Required(),
			wire.Text("description", &q.Description).IsText(),
			wire.Text("deployment_job_id", new(string)), // it is not kept
			wire.Objects("tags", &q.Tags, tagFields).IsList(),
		}
	}).CheckedIn("name", "tags", "description")
}

// modelSearch is a search for registered models or for their versions.
type modelSearch struct {
	filter, pageToken string
	orderBy           []string
	maxResults        int
}

func declareSearchModels(limit int64) *wire.Request[modelSearch] {
	return wire.Declare(func(q *modelSearch) []wire.Field {
		return []wire.Field{
			wire.Text("filter", &q.filter).IsText(),
			wire.Size64("max_results", &q.maxResults).IsInt().Between(-1<<62, limit, ""),
			wire.Texts("order_by", &q.orderBy).IsList().HasTexts(),
			wire.Text("page_token", &q.pageToken).IsText(),
		}
	})
}

// results returns the size of a page, 0 if the request leaves it open. What is
// not positive is refused; MLflow answers it with empty pages without end where
// registered models are searched.
func (q *modelSearch) results() (int, error) {
	switch {
	case q.maxResults == wire.Zero:
		return 0, invalid("Invalid value for max_results. It must be a positive integer, but got 0")
	case q.maxResults < 0:
		return 0, invalid("Invalid value for max_results. It must be a positive integer, but got " + strconv.Itoa(q.maxResults))
	}
	return q.maxResults, nil
}

func (x modelEndpoints) createModel(ctx context.Context, b []byte, q *mlflow.CreateRegisteredModelParams) ([]byte, error) {
	m, err := x.store.of(ctx).CreateRegisteredModel(ctx, *q)
	return appendAnswer(b, "registered_model", m, err, appendModel)
}

// modelAnswer makes an endpoint answer with a registered model.
func modelAnswer(
	do func(ctx context.Context, q *modelRequest) (*mlflow.RegisteredModel, error),
) func(context.Context, []byte, *modelRequest) ([]byte, error) {
	return func(ctx context.Context, b []byte, q *modelRequest) ([]byte, error) {
		m, err := do(ctx, q)
		return appendAnswer(b, "registered_model", m, err, appendModel)
	}
}

func (x modelEndpoints) searchModels(ctx context.Context, a *answer, q *modelSearch) error {
	results, err := q.results()
	if err != nil {
		return err
	}
	page, err := x.store.of(ctx).SearchRegisteredModels(ctx, mlflow.SearchRegisteredModelsParams{
		Filter: q.filter, MaxResults: results, OrderBy: q.orderBy, PageToken: q.pageToken,
	})
	if err != nil {
		return err
	}
	a.b = appendPage(a.b, "registered_models", page, appendModel, a)
	return nil
}

// onVersion makes a command of one on a version that is given as a number.
func onVersion(do func(ctx context.Context, q *modelRequest, version int) error) func(context.Context, *modelRequest) error {
	return func(ctx context.Context, q *modelRequest) error {
		version, err := parseVersion(q.version)
		if err != nil {
			return err
		}
		return do(ctx, q, version)
	}
}

// parseVersion reads the number of a version. One that is too large for any
// version names none.
func parseVersion(text string) (int, error) {
	digits, ok := pyrepr.Int(text)
	if !ok {
		return 0, invalid("Parameter 'version' must be an integer, got '" + text + "'.")
	}
	version, err := strconv.Atoi(digits)
	if err != nil {
		return -1, nil //nolint:nilerr // it is out of range
	}
	return version, nil
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
