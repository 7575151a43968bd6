package rest

import (
	"context"
	"net/http"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// evaluationEndpoints are the searches of the UI for what evaluations need:
// scorers, datasets and issues. None of them is kept yet.
type evaluationEndpoints struct{ store stores }

func (x evaluationEndpoints) addTo(h *handler) {
	h.add("3.0", http.MethodGet, "/mlflow/scorers/list", query(h, declareListScorers(), x.listScorers))
	h.add("3.0", http.MethodGet, "/mlflow/scorers/online-configs", none(h, `{"configs": []}`, func(q *unread) []wire.Field {
		return []wire.Field{wire.Texts("scorer_ids", &q.texts).IsList().Required()}
	}))
	datasets := none(h, "{}", func(q *unread) []wire.Field {
		return []wire.Field{
			wire.Texts("experiment_ids", &q.texts).IsList(),
			wire.Text("filter_string", &q.text).IsText(),
			wire.Int32("max_results", &q.number).IsInt(),
			wire.Texts("order_by", &q.texts).IsList(),
			wire.Text("page_token", &q.text).IsText(),
		}
	})
	h.add("3.0", http.MethodGet, "/mlflow/datasets/search", datasets)
	h.add("3.0", http.MethodPost, "/mlflow/datasets/search", datasets)
	h.add("3.0", http.MethodPost, "/mlflow/issues/search", fixed("{\n  \"next_page_token\": \"\"\n}"))
}

type listScorersRequest struct {
	experiment  string
	experiments bool // there are such ids, or none on purpose
}

func declareListScorers() *wire.Request[listScorersRequest] {
	return wire.Declare(func(q *listScorersRequest) []wire.Field {
		return []wire.Field{
			wire.Text("experiment_id", &q.experiment).IsText(),
			wire.Texts("experiment_ids", new([]string)).Given(&q.experiments).IsList().HasTexts(),
		}
	})
}

func (x evaluationEndpoints) listScorers(ctx context.Context, b []byte, q *listScorersRequest) ([]byte, error) {
	if q.experiment != "" {
		if q.experiments {
			return nil, invalid("Cannot specify both 'experiment_id' and 'experiment_ids'. Use 'experiment_ids' to scope the query to " +
				"multiple experiments, or 'experiment_id' to scope it to a single experiment.")
		}
		if _, err := x.store.of(ctx).GetExperiment(ctx, q.experiment); err != nil {
			return nil, err
		}
	}
	return append(b, "{}"...), nil
}
