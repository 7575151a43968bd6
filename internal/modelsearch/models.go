package modelsearch

import (
	"context"
	"iter"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/explain"
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
	opened, err := s.open(kind{"models", modelfilter.Parse, validate.DefaultModelResults, validate.MaxModelResults}, p, stats)
	if err != nil {
		return result, err
	}
	x := &modelSearch{search: opened, first: &page.Firsts[*registry.Model]{Order: opened.query.Order, Max: opened.Max + 1}}
	found, err := x.find(ctx)
	if err != nil {
		return result, err
	}
	found, last := page.Cut(found, x.Max, x.reached)
	result.NextPageToken = x.Token(last)
	result.Items, err = s.models.ModelEntities(ctx, values(found))
	return result, err
}

// modelSearch is one request for registered models.
type modelSearch struct {
	search
	first *page.Firsts[*registry.Model]
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
		return x.sorted(ctx, each(docs), &x.stats.Fetched)
	}
	if first := x.query.Order[0]; first.Attr == modelfilter.Name {
		x.stats.Say("names in order")
		return x.walk(ctx, plan.prefix, first.Desc)
	}
	x.stats.Say("all models, sorted")
	return x.sorted(ctx, x.s.models.ModelsInOrder(ctx, registry.NameRange{Prefix: plan.prefix}), &x.stats.ListRows)
}

// candidates returns the only models that can match; false if they are not
// known to be few.
func (x *modelSearch) candidates(ctx context.Context, p modelPlan) ([]*registry.Model, bool, error) {
	switch {
	case p.names != nil:
		x.stats.Say("model names")
		docs, err := x.s.models.ModelsByName(ctx, p.names)
		return docs, true, err
	case len(p.prefix) >= trigramSize || len(p.sources) == 0 || x.s.ListOnly:
		return nil, false, nil // names in order are as selective
	}
	ids, few, err := index.FewByTrigrams(ctx, x.s.View, x.stats, p.sources, keys.ParseModelPlace)
	if err != nil || !few {
		return nil, false, err
	}
	docs, err := x.s.models.ModelsByID(ctx, ids)
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

// sorted returns those models that match, in order, and counts all.
func (x *modelSearch) sorted(ctx context.Context, docs iter.Seq2[*registry.Model, error], count *int) ([]foundModel, error) {
	for m, err := range docs {
		if err != nil {
			return nil, err
		}
		*count++
		f, ok, err := x.offer(ctx, m)
		if err != nil {
			return nil, err
		}
		if ok {
			x.first.Offer(f.Value, f.Tuple)
		}
	}
	return x.first.Take(), nil
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
