package rest

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

func searchLoggedModelsSpec() *wire.Spec[dynamodbstore.SearchLoggedModelsParams] {
	dataset := texts("dataset_name", "dataset_digest")
	order := append(texts("field_name", "dataset_name", "dataset_digest"), wire.F("ascending", wire.TypeBool))
	return &wire.Spec[dynamodbstore.SearchLoggedModelsParams]{
		Fields: []wire.Field{
			wire.List(wire.F("experiment_ids", wire.TypeString)), wire.F("filter", wire.TypeString), wire.Messages("datasets", dataset...),
			wire.F("max_results", wire.TypeInt32), wire.Messages("order_by", order...), wire.F("page_token", wire.TypeString),
		},
		Rules: []wire.Rule{
			{"experiment_ids", []wire.Check{wire.IsArray(), wire.ItemsAreStrings(), wire.Required()}},
			text("filter"), array("datasets"),
			integer("max_results"), array("order_by"), text("page_token"),
		},
		Scan: scanSearchLoggedModels,
		Fits: func(q *dynamodbstore.SearchLoggedModelsParams) bool { return len(q.ExperimentIDs) > 0 },
	}
}

func scanSearchLoggedModels(s *wire.Scanner, name []byte, q *dynamodbstore.SearchLoggedModelsParams) {
	switch string(name) {
	case "experiment_ids":
		q.ExperimentIDs = s.Texts()
	case "filter":
		q.Filter = s.TextOrNull()
	case "page_token":
		q.PageToken = s.TextOrNull()
	case "datasets":
		if q.Datasets = nil; s.Null() {
			return
		}
		for first := s.Enter('['); s.Next(&first, ']'); {
			q.Datasets = append(q.Datasets, scanLoggedModelOrder(s).Dataset)
		}
	case "max_results":
		if q.MaxResults = 0; !s.Null() {
			q.MaxResults = s.Int32()
		}
	case "order_by":
		if q.OrderBy = nil; s.Null() {
			return
		}
		for first := s.Enter('['); s.Next(&first, ']'); {
			q.OrderBy = append(q.OrderBy, scanLoggedModelOrder(s))
		}
	default:
		s.Unknown(name)
	}
}

// scanLoggedModelOrder reads a part of an order, or a dataset, whose members are
// among those of an order.
func scanLoggedModelOrder(s *wire.Scanner) (o dynamodbstore.LoggedModelOrder) {
	for first := s.Enter('{'); s.Next(&first, '}'); {
		switch name := s.Name(); string(name) {
		case "field_name":
			o.Field = s.TextOrNull()
		case "ascending":
			o.Descending = !scanBoolOr(s, true)
		case "dataset_name":
			o.Dataset.Name = s.TextOrNull()
		case "dataset_digest":
			o.Dataset.Digest = s.TextOrNull()
		default:
			s.Unknown(name)
		}
	}
	return o
}

// scanBoolOr reads a bool; null is the same as an absent field.
func scanBoolOr(s *wire.Scanner, absent bool) bool {
	switch {
	case s.Null():
		return absent
	case s.Peek() == 't':
		s.Word("true")
		return true
	default:
		s.Word("false")
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
