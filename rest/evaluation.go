package rest

import (
	"context"
	"net/http"
)

// addEvaluationRoutes adds the searches of the UI for what evaluations need:
// scorers, datasets and issues. None of them is kept yet.
func (h *handler) addEvaluationRoutes() {
	h.add("3.0", http.MethodGet, "/mlflow/scorers/list", query(h, listScorersSpec(), h.listScorers))
	h.add("3.0", http.MethodGet, "/mlflow/scorers/online-configs", h.none(`{"configs": []}`,
		[]field{list(f("scorer_ids", typeString))}, []rule{{"scorer_ids", []check{isArray(), required()}}}))
	datasets := h.none("{}", []field{
		list(f("experiment_ids", typeString)), f("filter_string", typeString), f("max_results", typeInt32),
		list(f("order_by", typeString)), f("page_token", typeString),
	}, []rule{array("experiment_ids"), text("filter_string"), integer("max_results"), array("order_by"), text("page_token")})
	h.add("3.0", http.MethodGet, "/mlflow/datasets/search", datasets)
	h.add("3.0", http.MethodPost, "/mlflow/datasets/search", datasets)
	h.add("3.0", http.MethodPost, "/mlflow/issues/search", fixed("{\n  \"next_page_token\": \"\"\n}"))
}

type listScorersRequest struct {
	experiment  string
	experiments bool
}

func listScorersSpec() *spec[listScorersRequest] {
	return &spec[listScorersRequest]{
		fields: []field{f("experiment_id", typeString), list(f("experiment_ids", typeString))},
		rules:  []rule{text("experiment_id"), {"experiment_ids", []check{isArray(), itemsAreStrings()}}},
		scan: func(s *scanner, name []byte, q *listScorersRequest) {
			switch string(name) {
			case "experiment_id":
				q.experiment = s.strOrNull()
			case "experiment_ids":
				q.experiments = true
				s.strs()
			default:
				s.unknown(name)
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
