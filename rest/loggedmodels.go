package rest

import (
	"context"
	"net/http"
)

func (h *handler) addLoggedModelRoutes() {
	h.add("2.0", http.MethodPost, "/mlflow/logged-models/search", query(h, searchLoggedModelsSpec(), h.searchLoggedModels))
}

type searchLoggedModelsRequest struct{ experiments []string }

func searchLoggedModelsSpec() *spec[searchLoggedModelsRequest] {
	return &spec[searchLoggedModelsRequest]{
		fields: []field{list(f("experiment_ids", typeString)), f("filter", typeString), f("page_token", typeString)},
		rules:  []rule{{"experiment_ids", []check{required(), isArray()}}, text("filter"), text("page_token")},
		scan: func(s *scanner, name []byte, q *searchLoggedModelsRequest) {
			if string(name) == "experiment_ids" {
				q.experiments = s.strs()
				return
			}
			s.unknown(name)
		},
		fits: func(q *searchLoggedModelsRequest) bool { return len(q.experiments) > 0 },
	}
}

// searchLoggedModels finds no model, as none can be logged. The client asks
// whenever it lists artifacts below the root of a run.
func (h *handler) searchLoggedModels(_ context.Context, b []byte, _ *searchLoggedModelsRequest) ([]byte, error) {
	return append(b, "{}"...), nil
}
