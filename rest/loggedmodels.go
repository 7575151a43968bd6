package rest

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

func (h *handler) addLoggedModelRoutes() {
	h.add("2.0", http.MethodPost, "/mlflow/logged-models/search", query(h, searchLoggedModelsSpec(), h.searchLoggedModels))
}

type searchLoggedModelsRequest struct {
	experiments []string
	datasets    []string // names
	orderBy     []string // names of fields
}

func searchLoggedModelsSpec() *spec[searchLoggedModelsRequest] {
	dataset := texts("dataset_name", "dataset_digest")
	order := append(texts("field_name", "dataset_name", "dataset_digest"), f("ascending", typeBool))
	return &spec[searchLoggedModelsRequest]{
		fields: []field{
			list(f("experiment_ids", typeString)), f("filter", typeString), messages("datasets", dataset...),
			f("max_results", typeInt32), messages("order_by", order...), f("page_token", typeString),
		},
		rules: []rule{
			{"experiment_ids", []check{isArray(), itemsAreStrings(), required()}},
			text("filter"), array("datasets"),
			integer("max_results"), array("order_by"), text("page_token"),
		},
		scan: func(s *scanner, name []byte, q *searchLoggedModelsRequest) {
			switch string(name) {
			case "experiment_ids":
				q.experiments = s.strs()
			case "filter", "page_token":
				s.strOrNull()
			case "datasets":
				q.datasets = s.named("dataset_name")
			case "max_results":
				if !s.null() {
					s.integer32()
				}
			case "order_by":
				q.orderBy = s.named("field_name")
			default:
				s.unknown(name)
			}
		},
		fits: func(q *searchLoggedModelsRequest) bool { return len(q.experiments) > 0 },
	}
}

// named reads an array of objects and returns one string of each.
func (s *scanner) named(member string) []string {
	if s.null() {
		return nil
	}
	var list []string
	for first := s.enter('['); s.next(&first, ']'); {
		value := ""
		for first := s.enter('{'); s.next(&first, '}'); {
			switch name := s.name(); {
			case string(name) == member:
				value = s.strOrNull()
			case string(name) == "ascending":
				s.boolOrNull()
			case strings.HasPrefix(string(name), "dataset_"):
				s.strOrNull()
			default:
				s.unknown(name)
			}
		}
		list = append(list, value)
	}
	return list
}

func (s *scanner) boolOrNull() {
	switch {
	case s.null():
	case s.peek() == 't':
		s.word("true")
	default:
		s.word("false")
	}
}

// searchLoggedModels finds no model, as none can be logged; it refuses what
// MLflow refuses, but for filters, which it does not read. The client asks
// whenever it lists or loads artifacts of a run.
// Source: MLflow 3.17, sqlalchemy_store.py, search_logged_models.
func (h *handler) searchLoggedModels(_ context.Context, b []byte, q *searchLoggedModelsRequest) ([]byte, error) {
	if slices.Contains(q.datasets, "") {
		return nil, invalid("`dataset_name` in the `datasets` clause must be specified.")
	}
	for _, id := range q.experiments {
		if _, ok := intLike(&node{kind: kindString, text: id}); !ok {
			return nil, invalid("Invalid experiment ID '" + id + "'. Experiment ID must be a valid integer.")
		}
	}
	for _, name := range q.orderBy {
		entity, _, isPath := strings.Cut(name, ".")
		switch {
		case isPath && entity != "metrics":
			return nil, invalid("Invalid order by field name: " + name + ". Only metrics are supported.")
		case !isPath && !slices.Contains(loggedModelFields(), name):
			return nil, invalid("Invalid order by field name: " + name)
		}
	}
	return append(b, "{}"...), nil
}

// loggedModelFields are the fields by which logged models can be ordered.
func loggedModelFields() []string {
	return []string{
		"artifact_location", "creation_time", "creation_timestamp", "creation_timestamp_ms", "experiment_id",
		"last_updated_timestamp", "last_updated_timestamp_ms", "lifecycle_stage", "model_id", "model_type", "name",
		"source_run_id", "status", "status_message",
	}
}
