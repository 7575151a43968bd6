package rest

import (
	"context"
	"net/http"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// addEvaluationRoutes adds the searches of the UI for what evaluations need:
// scorers, datasets and issues. None of them is kept yet.
func (h *handler) addEvaluationRoutes() {
	h.add("3.0", http.MethodGet, "/mlflow/scorers/list", query(h, listScorersSpec(), h.listScorers))
	h.add("3.0", http.MethodGet, "/mlflow/scorers/online-configs", h.none(`{"configs": []}`,
		[]wire.Field{wire.List(wire.F("scorer_ids", wire.TypeString))}, []wire.Rule{{"scorer_ids", []wire.Check{wire.IsArray(), wire.Required()}}}))
	datasets := h.none("{}", []wire.Field{
		wire.List(wire.F("experiment_ids", wire.TypeString)), wire.F("filter_string", wire.TypeString), wire.F("max_results", wire.TypeInt32),
		wire.List(wire.F("order_by", wire.TypeString)), wire.F("page_token", wire.TypeString),
	}, []wire.Rule{array("experiment_ids"), text("filter_string"), integer("max_results"), array("order_by"), text("page_token")})
	h.add("3.0", http.MethodGet, "/mlflow/datasets/search", datasets)
	h.add("3.0", http.MethodPost, "/mlflow/datasets/search", datasets)
	h.add("3.0", http.MethodPost, "/mlflow/issues/search", fixed("{\n  \"next_page_token\": \"\"\n}"))
}

type listScorersRequest struct {
	experiment  string
	experiments bool
}

func listScorersSpec() *wire.Spec[listScorersRequest] {
	return &wire.Spec[listScorersRequest]{
		Fields: []wire.Field{wire.F("experiment_id", wire.TypeString), wire.List(wire.F("experiment_ids", wire.TypeString))},
		Rules:  []wire.Rule{text("experiment_id"), {"experiment_ids", []wire.Check{wire.IsArray(), wire.ItemsAreStrings()}}},
		Scan: func(s *wire.Scanner, name []byte, q *listScorersRequest) {
			switch string(name) {
			case "experiment_id":
				q.experiment = s.TextOrNull()
			case "experiment_ids":
				q.experiments = true
				s.Texts()
			default:
				s.Unknown(name)
			}
		},
	}
}

func (h *handler) listScorers(ctx context.Context, b []byte, q *listScorersRequest) ([]byte, error) {
	if q.experiment != "" {
		if q.experiments {
			return nil, invalid("Cannot specify both 'experiment_id' and 'experiment_ids'. Use 'experiment_ids' to scope the query to " +
				"multiple experiments, or 'experiment_id' to scope it to a single experiment.")
		}
		if _, err := h.store.GetExperiment(ctx, q.experiment); err != nil {
			return nil, err
		}
	}
	return append(b, "{}"...), nil
}
