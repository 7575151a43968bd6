package rest

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

func searchLoggedModelsSpec() *spec[dynamodbstore.SearchLoggedModelsParams] {
	dataset := texts("dataset_name", "dataset_digest")
	order := append(texts("field_name", "dataset_name", "dataset_digest"), f("ascending", typeBool))
	return &spec[dynamodbstore.SearchLoggedModelsParams]{
		fields: []field{
			list(f("experiment_ids", typeString)), f("filter", typeString), messages("datasets", dataset...),
			f("max_results", typeInt32), messages("order_by", order...), f("page_token", typeString),
		},
		rules: []rule{
			{"experiment_ids", []check{isArray(), itemsAreStrings(), required()}},
			text("filter"), array("datasets"),
			integer("max_results"), array("order_by"), text("page_token"),
		},
		scan: scanSearchLoggedModels,
		fits: func(q *dynamodbstore.SearchLoggedModelsParams) bool { return len(q.ExperimentIDs) > 0 },
	}
}

func scanSearchLoggedModels(s *scanner, name []byte, q *dynamodbstore.SearchLoggedModelsParams) {
	switch string(name) {
	case "experiment_ids":
		q.ExperimentIDs = s.strs()
	case "filter":
		q.Filter = s.strOrNull()
	case "page_token":
		q.PageToken = s.strOrNull()
	case "datasets":
		if q.Datasets = nil; s.null() {
			return
		}
		for first := s.enter('['); s.next(&first, ']'); {
			q.Datasets = append(q.Datasets, scanLoggedModelOrder(s).Dataset)
		}
	case "max_results":
		if q.MaxResults = 0; !s.null() {
			q.MaxResults = s.integer32()
		}
	case "order_by":
		if q.OrderBy = nil; s.null() {
			return
		}
		for first := s.enter('['); s.next(&first, ']'); {
			q.OrderBy = append(q.OrderBy, scanLoggedModelOrder(s))
		}
	default:
		s.unknown(name)
	}
}

// scanLoggedModelOrder reads a part of an order, or a dataset, whose members are
// among those of an order.
func scanLoggedModelOrder(s *scanner) (o dynamodbstore.LoggedModelOrder) {
	for first := s.enter('{'); s.next(&first, '}'); {
		switch name := s.name(); string(name) {
		case "field_name":
			o.Field = s.strOrNull()
		case "ascending":
			o.Descending = !scanBoolOr(s, true)
		case "dataset_name":
			o.Dataset.Name = s.strOrNull()
		case "dataset_digest":
			o.Dataset.Digest = s.strOrNull()
		default:
			s.unknown(name)
		}
	}
	return o
}

// scanBoolOr reads a bool; null is the same as an absent field.
func scanBoolOr(s *scanner, absent bool) bool {
	switch {
	case s.null():
		return absent
	case s.peek() == 't':
		s.word("true")
		return true
	default:
		s.word("false")
		return false
	}
}

func (h *handler) searchLoggedModels(ctx context.Context, a *answer, q *dynamodbstore.SearchLoggedModelsParams) error {
	page, err := h.store.SearchLoggedModels(ctx, *q)
	if err != nil {
		return err
	}
	a.b = appendLoggedModels(a.b, page, a)
	return nil
}
