package modelsearch

import (
	"iter"
	"slices"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/explain"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/modelfilter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/page"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/registry"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// search is one request for registered models or for versions.
type search struct {
	s     *Store
	query *modelfilter.Query
	stats *explain.Explanation
	page.Opened
}

// kind is what a search is for: its name in tokens, its grammar, and how many
// results a page has if nobody says, and at most.
type kind struct {
	name        string
	parse       func(where string, orderBy []string) (*modelfilter.Query, error)
	unset, most int
}

// open begins a search. Of several mistakes it reports the size of the page before
// the filter, and that before the token, as MLflow does.
func (s *Store) open(k kind, p mlflow.SearchRegisteredModelsParams, stats *explain.Explanation) (search, error) {
	x := search{s: s, stats: stats}
	most, err := page.Size(p.MaxResults, k.unset, k.most, validateResults)
	if err != nil {
		return x, err
	}
	if x.query, err = k.parse(p.Filter, p.OrderBy); err != nil {
		return x, page.FilterError(err)
	}
	x.Opened, err = page.Open(p.PageToken, most, k.name, &x.query.Query, strconv.FormatBool(x.query.HidesPrompts))
	return x, err
}

// validateResults refuses the sizes of pages that MLflow's registry does.
// Source: MLflow 3.17, model_registry/sqlalchemy_store.py.
func validateResults(n, most int) error {
	if n < 0 {
		return failure.Invalidf("Invalid value for max_results. It must be a positive integer, but got %d", n)
	}
	if n > most {
		return failure.Invalidf("Invalid value for request parameter max_results. It must be at most %d, but got value %d", most, n)
	}
	return nil
}

// needsWhole reports whether a filter asks for a tag that may stand in an item
// of its own.
func needsWhole(clauses []filter.Clause, noted interface{ MayLack(tag string) bool }) bool {
	return slices.ContainsFunc(clauses, func(c filter.Clause) bool {
		return c.Entity == filter.EntityTag && noted.MayLack(c.Key)
	})
}

// each iterates over models that are read already.
func each(docs []*registry.Model) iter.Seq2[*registry.Model, error] {
	return func(yield func(*registry.Model, error) bool) {
		for _, m := range docs {
			if !yield(m, nil) {
				return
			}
		}
	}
}

// values are what was found, without its places in the order.
func values[T any](found []page.Found[T]) []T {
	out := make([]T, len(found))
	for i, f := range found {
		out[i] = f.Value
	}
	return out
}
