package rest

import (
	"context"
	"net/http"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

func (x modelEndpoints) addVersionRoutes(h *handler) {
	const base, models = "/mlflow/model-versions/", "/mlflow/registered-models/"
	latest := query(h, declareModel("name").With(func(q *modelRequest) []wire.Field {
		return []wire.Field{wire.Texts("stages", &q.stages).IsList().HasTexts()}
	}), x.latestVersions)
	h.add("2.0", http.MethodGet, models+"get-latest-versions", latest)
	h.add("2.0", http.MethodPost, models+"get-latest-versions", latest)
	h.add("2.0", http.MethodGet, models+"alias", query(h, declareModel("name", "alias"),
		func(ctx context.Context, b []byte, q *modelRequest) ([]byte, error) {
			v, err := x.store.of(ctx).GetModelVersionByAlias(ctx, q.name, q.alias)
			return appendAnswer(b, "model_version", v, err, appendVersion)
		}))

	h.add("2.0", http.MethodPost, base+"create", query(h, declareCreateVersion(), x.createVersion))
	h.add("2.0", http.MethodPatch, base+"update",
		query(h, declareModel("name", "version").With(withDescription),
			versionAnswer(func(ctx context.Context, q *modelRequest, version int) (*mlflow.ModelVersion, error) {
				return x.store.of(ctx).UpdateModelVersion(ctx, mlflow.UpdateModelVersionParams{
					Name: q.name, Version: version, Description: q.description,
				})
			})))
	h.add("2.0", http.MethodPost, base+"transition-stage",
		query(h, declareModel("name", "version", "stage").With(func(q *modelRequest) []wire.Field {
			return []wire.Field{wire.Flag("archive_existing_versions", &q.archive).IsFlag()}
		}),
			versionAnswer(func(ctx context.Context, q *modelRequest, version int) (*mlflow.ModelVersion, error) {
				return x.store.of(ctx).TransitionModelVersionStage(ctx, mlflow.TransitionModelVersionParams{
					Name: q.name, Version: version, Stage: q.stage, ArchiveExisting: q.archive,
				})
			})))
	h.add("2.0", http.MethodDelete, base+"delete", command(h, declareModel("name", "version"),
		onVersion(func(ctx context.Context, q *modelRequest, version int) error {
			return x.store.of(ctx).DeleteModelVersion(ctx, q.name, version)
		})))
	h.add("2.0", http.MethodGet, base+"get", query(h, declareModel("name", "version"),
		versionAnswer(func(ctx context.Context, q *modelRequest, version int) (*mlflow.ModelVersion, error) {
			return x.store.of(ctx).GetModelVersion(ctx, q.name, version)
		})))
	h.add("2.0", http.MethodGet, base+"search", explained(streamed(h, declareSearchModels(200_000), x.searchVersions)))
	h.add("2.0", http.MethodGet, base+"get-download-uri", query(h, wire.Declare(func(q *modelRequest) []wire.Field {
		return []wire.Field{wire.Text("name", &q.name), wire.Text("version", &q.version)}
	}), x.downloadURI))
	h.add("2.0", http.MethodPost, base+"set-tag",
		command(h, declareModel("name", "version", "key").With(withValue),
			onVersion(func(ctx context.Context, q *modelRequest, version int) error {
				return x.store.of(ctx).SetModelVersionTag(ctx, q.name, version, mlflow.Tag{Key: q.key, Value: q.value})
			})))
	h.add("2.0", http.MethodDelete, base+"delete-tag", command(h, declareModel("name", "version", "key"),
		onVersion(func(ctx context.Context, q *modelRequest, version int) error {
			return x.store.of(ctx).DeleteModelVersionTag(ctx, q.name, version, q.key)
		})))
}

// versionAnswer makes an endpoint about one version answer with it.
func versionAnswer(
	do func(ctx context.Context, q *modelRequest, version int) (*mlflow.ModelVersion, error),
) func(context.Context, []byte, *modelRequest) ([]byte, error) {
	return func(ctx context.Context, b []byte, q *modelRequest) ([]byte, error) {
		version, err := parseVersion(q.version)
		if err != nil {
			return nil, err
		}
		v, err := do(ctx, q, version)
		return appendAnswer(b, "model_version", v, err, appendVersion)
	}
}

// createVersionRequest is a request for a new version. A run or model that is
// "" is not the same as none at all: see resolveSource.
type createVersionRequest struct {
	mlflow.CreateModelVersionParams
	run, model *string
}

func declareCreateVersion() *wire.Request[createVersionRequest] {
	return wire.Declare(func(q *createVersionRequest) []wire.Field {
		return []wire.Field{
			wire.Text("name", &q.Name).IsText().Required(),
			wire.Text("source", &q.Source).IsText().Required(),
			wire.OptionalText("run_id", &q.run).IsText(),
			wire.Text("run_link", &q.RunLink).IsText(),
			wire.Text("description", &q.Description).IsText(),
			wire.OptionalText("model_id", &q.model).IsText(),
			wire.Objects("tags", &q.Tags, tagFields).IsList(),
		}
	}).CheckedIn("name", "source", "run_id", "tags", "run_link", "description", "model_id")
}

// createVersion makes a version and then tells the logged model of it, if there
// is one. Not atomic: after a crash in between the version stands and the model
// does not know of it, as with MLflow.
func (x modelEndpoints) createVersion(ctx context.Context, b []byte, q *createVersionRequest) ([]byte, error) {
	q.RunID, q.ModelID = deref(q.run), deref(q.model)
	prompt := isPrompt(q.Tags)
	if prompt && q.Source != "prompt-template" && q.Source != "dummy-source" {
		return nil, invalid("Invalid prompt source: '" + q.Source + "'. Prompt sources must use an MLflow placeholder.")
	}
	if err := x.checkHost("source", q.Source); err != nil {
		return nil, err
	}
	resolve := x.resolveSource
	if prompt {
		resolve = x.takeRunOfModel
	}
	if err := resolve(ctx, q); err != nil {
		return nil, err
	}
	v, err := x.store.of(ctx).CreateModelVersion(ctx, q.CreateModelVersionParams)
	if err != nil {
		return nil, err
	}
	if !prompt && q.ModelID != "" {
		if err := x.store.of(ctx).AddModelVersionToLoggedModel(ctx, q.ModelID, v.Name, v.Version); err != nil {
			return nil, err
		}
	}
	return appendAnswer(b, "model_version", v, nil, appendVersion)
}

// takeRunOfModel has a version without a run be of the run of its logged model.
// Source: MLflow 3.17, model_registry/sqlalchemy_store.py, create_model_version.
func (x modelEndpoints) takeRunOfModel(ctx context.Context, q *createVersionRequest) error {
	if q.RunID != "" || q.ModelID == "" {
		return nil
	}
	model, err := x.store.of(ctx).GetLoggedModel(ctx, q.ModelID)
	if err == nil {
		q.RunID = model.SourceRunID
	}
	return err
}

// isPrompt tells whether the tags of a request are those of a prompt.
func isPrompt(tags []mlflow.Tag) bool {
	is := false
	for _, t := range tags { // of a key given twice the last one counts
		if t.Key == "mlflow.prompt.is_prompt" {
			is = strings.EqualFold(t.Value, "true")
		}
	}
	return is
}

func (x modelEndpoints) latestVersions(ctx context.Context, b []byte, q *modelRequest) ([]byte, error) {
	versions, err := x.store.of(ctx).LatestVersions(ctx, q.name, q.stages)
	if err != nil {
		return nil, err
	}
	return wire.CloseObject(wire.AppendList(append(b, '{'), 1, "model_versions", versions, appendVersion), 0), nil
}

func (x modelEndpoints) searchVersions(ctx context.Context, a *answer, q *modelSearch) error {
	results, err := q.results()
	if err != nil {
		return err
	}
	page, err := x.store.of(ctx).SearchModelVersions(ctx, mlflow.SearchModelVersionsParams{
		Filter: q.filter, MaxResults: results, OrderBy: q.orderBy, PageToken: q.pageToken,
	})
	if err != nil {
		return err
	}
	a.b = appendPage(a.b, "model_versions", page, appendVersion, a)
	return nil
}

func (x modelEndpoints) downloadURI(ctx context.Context, b []byte, q *modelRequest) ([]byte, error) {
	if q.name == "" {
		return nil, invalid("Missing value for required parameter 'name'.")
	}
	version, err := parseVersion(q.version)
	if err != nil {
		return nil, err
	}
	uri, err := x.store.of(ctx).ModelVersionDownloadURI(ctx, q.name, version)
	if err != nil {
		return nil, err
	}
	return wire.CloseObject(wire.AppendStringField(append(b, '{'), 1, "artifact_uri", uri), 0), nil
}
