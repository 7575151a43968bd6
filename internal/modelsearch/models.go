package modelsearch

import (
	"context"
	"slices"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/explain"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/modelfilter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/page"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/registry"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// SearchRegisteredModels returns the registered models that match a filter, by
// name unless OrderBy says otherwise.
func (s *Store) SearchRegisteredModels(ctx context.Context, p mlflow.SearchRegisteredModelsParams) (mlflow.Page[*mlflow.RegisteredModel], error) {
	return page.InTime(ctx, p, s.searchRegisteredModels)
}

func (s *Store) searchRegisteredModels(ctx context.Context, p mlflow.SearchRegisteredModelsParams) (mlflow.Page[*mlflow.RegisteredModel], error) {
	var result mlflow.Page[*mlflow.RegisteredModel]
	ctx, stats, done := explain.Begin(ctx)
	defer done()
	most, err := page.Size(p.MaxResults, validate.DefaultModelResults, validate.MaxModelResults, validateModelResults)
	if err != nil {
		return result, err
	}
	q, err := modelfilter.Parse(p.Filter, p.OrderBy)
	if err != nil {
		return result, page.FilterError(err)
	}
	opened, err := page.Open(p.PageToken, most, q.Order, "models", q.Filter(), strconv.FormatBool(q.HidesPrompts))
	if err != nil {
		return result, err
	}
	x := &modelSearch{s: s, query: q, Opened: opened, stats: stats}
	found, err := x.find(ctx)
	if err != nil {
		return result, err
	}
	found, last := page.Cut(found, most, x.reached)
	result.NextPageToken = x.Token(last)
	result.Items, err = s.models.ModelEntities(ctx, values(found))
	return result, err
}

// validateModelResults refuses the sizes of pages that MLflow's registry does.
// Source: MLflow 3.17, model_registry/sqlalchemy_store.py.
func validateModelResults(n, most int) error {
	if n < 0 {
		return failure.Invalidf("Invalid value for max_results. It must be a positive integer, but got %d", n)
	}
	if n > most {
		return failure.Invalidf("Invalid value for request parameter max_results. It must be at most %d, but got value %d", most, n)
	}
	return nil
}

// modelSearch is one request for registered models.
type modelSearch struct {
	s     *Store
	query *modelfilter.Query
	stats *explain.Explanation
	page.Opened
	// reached is the position of the last model that was looked at, when there
	// are more than one request looks at.
	reached filter.Tuple
}

type foundModel = page.Found[*registry.Model]

// find returns the first matching models behind the position, in order, one
// more than the page holds if there are more.
func (x *modelSearch) find(ctx context.Context) ([]foundModel, error) {
	plan := planModels(x.query.Clauses)
	docs, ok, err := x.candidates(ctx, plan)
	if err != nil {
		return nil, err
	}
	if ok {
		return x.sorted(ctx, docs)
	}
	if first := x.query.Order[0]; first.Attr == modelfilter.Name {
		x.stats.Say("names in order")
		return x.walk(ctx, plan.prefix, first.Desc)
	}
	x.stats.Say("all models, sorted")
	return x.all(ctx, plan.prefix)
}

// candidates returns the only models that can match; false if they are not
// known to be few.
func (x *modelSearch) candidates(ctx context.Context, p modelPlan) ([]*registry.Model, bool, error) {
	switch {
	case p.names != nil:
		x.stats.Say("model names")
		docs, err := x.s.models.ModelsByName(ctx, p.names)
		x.stats.Fetched += len(docs)
		return docs, true, err
	case len(p.prefix) >= trigramSize || len(p.sources) == 0 || x.s.ListOnly:
		return nil, false, nil // names in order are as selective
	}
	ids, few, err := index.FewByTrigrams(ctx, x.s.View, x.stats, p.sources, keys.ParseModelPlace)
	if err != nil || !few {
		return nil, false, err
	}
	docs, err := x.s.models.ModelsByID(ctx, ids)
	x.stats.Fetched += len(docs)
	return docs, true, err
}

// offer returns a model's place in the order, if it matches and is behind the
// position.
func (x *modelSearch) offer(ctx context.Context, m *registry.Model) (foundModel, bool, error) {
	if x.query.HidesPrompts && m.IsPrompt() {
		return foundModel{}, false, nil
	}
	if needsWhole(x.query.Clauses, m) {
		var err error
		if m, err = x.s.models.WholeModel(ctx, m, keys.TagPrefix); err != nil {
			return foundModel{}, false, err
		}
	}
	row := registry.ModelView{Model: m}
	if !x.query.Match(row) {
		return foundModel{}, false, nil
	}
	f := foundModel{Value: m, Tuple: x.query.Order.AppendTagged(nil, row)}
	return f, x.After == nil || x.query.Order.Compare(f.Tuple, x.After) > 0, nil
}

// needsWhole reports whether a filter asks for a tag that may stand in an item
// of its own.
func needsWhole(clauses []filter.Clause, noted interface{ MayLack(tag string) bool }) bool {
	return slices.ContainsFunc(clauses, func(c filter.Clause) bool {
		return c.Entity == filter.EntityTag && noted.MayLack(c.Key)
	})
}

// sorted returns those models that match, in order.
func (x *modelSearch) sorted(ctx context.Context, docs []*registry.Model) ([]foundModel, error) {
	first := x.firsts()
	for _, m := range docs {
		f, ok, err := x.offer(ctx, m)
		if err != nil {
			return nil, err
		}
		if ok {
			first.Offer(f.Value, f.Tuple)
		}
	}
	return first.Take(), nil
}

func (x *modelSearch) firsts() *page.Firsts[*registry.Model] {
	return &page.Firsts[*registry.Model]{Order: x.query.Order, Max: x.Max + 1}
}

// all looks at all models whose names begin with a prefix.
func (x *modelSearch) all(ctx context.Context, prefix string) ([]foundModel, error) {
	first := x.firsts()
	for m, err := range x.s.models.ModelsInOrder(ctx, registry.NameRange{Prefix: prefix}) {
		if err != nil {
			return nil, err
		}
		x.stats.ListRows++
		f, ok, err := x.offer(ctx, m)
		if err != nil {
			return nil, err
		}
		if ok {
			first.Offer(f.Value, f.Tuple)
		}
	}
	return first.Take(), nil
}

// walk walks names in their order until the page is full, or as many models
// were looked at as one request does.
func (x *modelSearch) walk(ctx context.Context, prefix string, desc bool) ([]foundModel, error) {
	r := registry.NameRange{Prefix: prefix, Desc: desc}
	if x.After != nil {
		r.After, r.Behind = x.After[0].Str, true
	}
	if len(x.query.Clauses) == 0 {
		r.Page = x.Max + 1
	}
	var found []foundModel
	scanned := 0
	for m, err := range x.s.models.ModelsInOrder(ctx, r) {
		if err != nil {
			return nil, err
		}
		if scanned == x.s.Limits.Scanned {
			return found, nil
		}
		scanned++
		x.stats.ListRows++
		f, ok, err := x.offer(ctx, m)
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, f)
		}
		if len(found) > x.Max {
			return found, nil
		}
		if scanned == x.s.Limits.Scanned {
			x.reached = x.query.Order.AppendTagged(nil, registry.ModelView{Model: m})
		}
	}
	x.reached = nil
	return found, nil
}
