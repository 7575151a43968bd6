package rest

import (
	"context"
	"net/http"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

const (
	customViewPrefix = "mlflow.customView.view"
	maxCustomViews   = 50
)

// experimentEndpoints are the endpoints of experiments.
type experimentEndpoints struct {
	store stores
	*config
}

func (x experimentEndpoints) addTo(h *handler) {
	const base = "/mlflow/experiments/"
	search := explained(streamed(h, declareSearchExperiments(), x.searchExperiments))
	h.add("2.0", http.MethodPost, base+"create", query(h, declareCreateExperiment(), x.createExperiment))
	h.add("2.0", http.MethodGet, base+"search", search)
	h.add("2.0", http.MethodPost, base+"search", search)
	h.add("2.0", http.MethodGet, base+"get", query(h, declareExperiment("experiment_id"), x.getExperiment))
	h.add("2.0", http.MethodGet, base+"get-by-name", query(h, declareExperiment("experiment_name"), x.getExperimentByName))
	h.add("2.0", http.MethodPost, base+"delete", command(h, declareExperiment("experiment_id"),
		func(ctx context.Context, q *experimentRequest) error {
			return x.store.of(ctx).DeleteExperiment(ctx, q.id)
		}))
	h.add("2.0", http.MethodPost, base+"restore", command(h, declareExperiment("experiment_id"),
		func(ctx context.Context, q *experimentRequest) error {
			return x.store.of(ctx).RestoreExperiment(ctx, q.id)
		}))
	h.add("2.0", http.MethodPost, base+"update", command(h, declareRenameExperiment(),
		func(ctx context.Context, q *experimentRequest) error {
			return x.store.of(ctx).RenameExperiment(ctx, q.id, q.name)
		}))
	h.add("2.0", http.MethodPost, base+"set-experiment-tag", command(h, declareSetExperimentTag(), x.setExperimentTag))
	h.add("2.0", http.MethodPost, base+"delete-experiment-tag", command(h, declareDeleteExperimentTag(),
		func(ctx context.Context, q *experimentRequest) error {
			return x.store.of(ctx).DeleteExperimentTag(ctx, q.id, q.tag.Key)
		}))
}

// experimentRequest is a request about one experiment.
type experimentRequest struct {
	id   string
	name string
	tag  mlflow.Tag
}

// declareExperiment declares requests that consist of the id or name of an
// experiment.
func declareExperiment(param string) *wire.Request[experimentRequest] {
	return wire.Declare(func(q *experimentRequest) []wire.Field {
		to := &q.id
		if param != "experiment_id" {
			to = &q.name
		}
		return []wire.Field{wire.Text(param, to).Required().IsText()}
	})
}

func declareRenameExperiment() *wire.Request[experimentRequest] {
	return declareExperiment("experiment_id").With(func(q *experimentRequest) []wire.Field {
		return []wire.Field{wire.Text("new_name", &q.name).IsText().Required()}
	})
}

func declareDeleteExperimentTag() *wire.Request[experimentRequest] {
	return declareExperiment("experiment_id").With(func(q *experimentRequest) []wire.Field {
		return []wire.Field{wire.Text("key", &q.tag.Key).Required().IsText()}
	})
}

func declareSetExperimentTag() *wire.Request[experimentRequest] {
	return declareDeleteExperimentTag().With(func(q *experimentRequest) []wire.Field {
		return []wire.Field{wire.Text("value", &q.tag.Value).IsText()}
	})
}

func declareCreateExperiment() *wire.Request[mlflow.CreateExperimentParams] {
	return wire.Declare(func(q *mlflow.CreateExperimentParams) []wire.Field {
		return []wire.Field{
			wire.Text("name", &q.Name).Required().IsText(),
			wire.Text("artifact_location", &q.ArtifactLocation).IsText(),
			wire.Objects("tags", &q.Tags, tagFields).IsList(),
		}
	})
}

func declareSearchExperiments() *wire.Request[mlflow.SearchExperimentsParams] {
	return wire.Declare(func(q *mlflow.SearchExperimentsParams) []wire.Field {
		return []wire.Field{
			wire.Size64("max_results", &q.MaxResults).IsInt(),
			wire.Text("page_token", &q.PageToken).IsText(),
			wire.Text("filter", &q.Filter).IsText(),
			wire.Texts("order_by", &q.OrderBy).IsList(),
			wire.Enum("view_type", &q.View, viewTypes()).IsInt(),
		}
	}).CheckedIn("view_type", "max_results", "order_by", "filter", "page_token")
}

func (x experimentEndpoints) createExperiment(
	ctx context.Context, b []byte, q *mlflow.CreateExperimentParams,
) ([]byte, error) {
	views := 0
	for _, t := range q.Tags {
		if strings.HasPrefix(t.Key, customViewPrefix) {
			views++
		}
	}
	if views > maxCustomViews {
		return nil, tooManyViews("")
	}
	if x.workspaces != nil && q.ArtifactLocation != "" {
		return nil, invalid("artifact_location cannot be specified when workspaces are enabled")
	}
	location, err := x.checkLocation(q.ArtifactLocation)
	if err != nil {
		return nil, err
	}
	q.ArtifactLocation = location
	id, err := x.store.of(ctx).CreateExperiment(ctx, *q)
	if err != nil {
		return nil, err
	}
	return wire.CloseObject(wire.AppendStringField(append(b, '{'), 1, "experiment_id", id), 0), nil
}

func tooManyViews(experiment string) error {
	if experiment != "" {
		experiment = " for experiment " + experiment
	}
	return invalid("Unable to create another custom view" + experiment + "; the maximum number of custom " +
		"views per experiment is 50. Delete an existing custom view before creating a new one.")
}

func (x experimentEndpoints) setExperimentTag(ctx context.Context, q *experimentRequest) error {
	if strings.HasPrefix(q.tag.Key, customViewPrefix) {
		e, err := x.store.of(ctx).GetExperiment(ctx, q.id)
		if err != nil {
			return err
		}
		views, known := 0, false
		for _, t := range e.Tags {
			known = known || t.Key == q.tag.Key
			if strings.HasPrefix(t.Key, customViewPrefix) {
				views++
			}
		}
		if !known && views >= maxCustomViews {
			return tooManyViews(e.ID)
		}
	}
	return x.store.of(ctx).SetExperimentTag(ctx, q.id, q.tag)
}

func (x experimentEndpoints) getExperiment(ctx context.Context, b []byte, q *experimentRequest) ([]byte, error) {
	e, err := x.store.of(ctx).GetExperiment(ctx, q.id)
	return appendAnswer(b, "experiment", e, err, appendExperiment)
}

func (x experimentEndpoints) getExperimentByName(ctx context.Context, b []byte, q *experimentRequest) ([]byte, error) {
	e, err := x.store.of(ctx).GetExperimentByName(ctx, q.name)
	return appendAnswer(b, "experiment", e, err, appendExperiment)
}

func (x experimentEndpoints) searchExperiments(ctx context.Context, a *answer, q *mlflow.SearchExperimentsParams) error {
	if q.MaxResults == wire.Zero {
		return errNoResults()
	}
	page, err := x.store.of(ctx).SearchExperiments(ctx, *q)
	if err != nil {
		return err
	}
	a.b = appendPage(a.b, "experiments", page, appendExperiment, a)
	return nil
}
