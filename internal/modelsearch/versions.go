package modelsearch

import (
	"context"
	"iter"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/explain"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/modelfilter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/page"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/registry"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// SearchModelVersions returns the model versions that match a filter, latest
// update first unless OrderBy says otherwise, without their aliases, as MLflow
// does.
func (s *Store) SearchModelVersions(ctx context.Context, p mlflow.SearchModelVersionsParams) (mlflow.Page[*mlflow.ModelVersion], error) {
	return page.InTime(ctx, p, s.searchModelVersions)
}

func (s *Store) searchModelVersions(ctx context.Context, p mlflow.SearchModelVersionsParams) (mlflow.Page[*mlflow.ModelVersion], error) {
	var result mlflow.Page[*mlflow.ModelVersion]
	ctx, stats, done := explain.Begin(ctx)
	defer done()
	opened, err := s.open(kind{"versions", modelfilter.ParseVersions, validate.DefaultVersions, validate.MaxVersions},
		mlflow.SearchRegisteredModelsParams(p), stats)
	if err != nil {
		return result, err
	}
	x := &versionSearch{search: opened, first: &page.Firsts[registry.VersionView]{Order: opened.query.Order, Max: opened.Max + 1}}
	found, err := x.find(ctx)
	if err != nil {
		return result, err
	}
	found, last := page.Cut(found, x.Max, nil)
	result.NextPageToken = x.Token(last)
	result.Items, err = s.models.VersionEntities(ctx, values(found))
	return result, err
}

// versionSearch is one request for model versions.
type versionSearch struct {
	search
	first *page.Firsts[registry.VersionView]
}

type foundVersion = page.Found[registry.VersionView]

// find returns the first matching versions behind the position, in order, one
// more than the page holds if there are more.
func (x *versionSearch) find(ctx context.Context) ([]foundVersion, error) {
	plan := planModels(x.query.Clauses)
	runs, sources := indexedTexts(x.query.Clauses)
	var err error
	switch {
	case runs != nil && !x.s.ListOnly:
		x.stats.Say("versions by run")
		err = x.indexed(ctx, keys.IndexVersionRun, runs)
	case plan.names != nil:
		x.stats.Say("versions of named models")
		var docs []*registry.Model
		if docs, err = x.s.models.ModelsByName(ctx, plan.names); err == nil {
			err = x.models(ctx, each(docs))
		}
	case sources != nil && !x.s.ListOnly:
		x.stats.Say("versions by source")
		err = x.indexed(ctx, keys.IndexVersionSource, sources)
	default:
		x.stats.Say("versions of all models, sorted")
		err = x.models(ctx, x.s.models.ModelsInOrder(ctx, registry.NameRange{Prefix: plan.prefix}))
	}
	return x.first.Take(), err
}

// indexedTexts returns the only runs and sources that can match; nil: any.
// Versions without a run have no row.
func indexedTexts(clauses []filter.Clause) (runs, sources []string) {
	for i := range clauses {
		c := &clauses[i]
		if c.Entity != filter.EntityAttribute || c.Op != filter.OpEq && c.Op != filter.OpIn {
			continue
		}
		switch texts := clauseTexts(c); {
		case c.Attr == modelfilter.SourcePath:
			sources = index.Narrowed(sources, texts)
		case c.Attr == modelfilter.RunID && !slices.Contains(texts, ""):
			runs = index.Narrowed(runs, texts)
		}
	}
	return runs, sources
}

// offer keeps a version that matches and is behind the position, as long as it
// may be on the page.
func (x *versionSearch) offer(ctx context.Context, m *registry.Model, v *registry.Version) error {
	if x.query.HidesPrompts && m.HasPrompts() {
		return nil
	}
	if needsWhole(x.query.Clauses, v) {
		var err error
		if v, err = x.s.models.WholeVersion(ctx, m.ID, v); err != nil {
			return err
		}
	}
	row := registry.VersionView{Model: m, Version: v}
	if !x.query.Match(row) {
		return nil
	}
	tuple := x.query.Order.AppendTagged(nil, row)
	if x.After == nil || x.query.Order.Compare(tuple, x.After) > 0 {
		x.first.Offer(row, tuple)
	}
	return nil
}

// models looks at all versions of models.
func (x *versionSearch) models(ctx context.Context, docs iter.Seq2[*registry.Model, error]) error {
	for m, err := range docs {
		if err != nil {
			return err
		}
		if err := x.model(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// model looks at all versions of a model. 1 RCU for each 4 KB of them, none if
// the document has copies of all.
func (x *versionSearch) model(ctx context.Context, m *registry.Model) error {
	x.stats.ListRows++
	if x.query.HidesPrompts && m.HasPrompts() {
		return nil
	}
	m, versions, err := x.s.models.AllVersions(ctx, m)
	if err != nil {
		return err
	}
	x.stats.ListRows += len(versions)
	for _, v := range versions {
		if err := x.offer(ctx, m, v); err != nil {
			return err
		}
	}
	return nil
}

// indexed looks at the versions that index rows of some runs or sources lead
// to. Rows are candidates; a row too many finds nothing, what does not match, or
// what is found anyway.
func (x *versionSearch) indexed(ctx context.Context, kind keys.IndexKind, values []string) error {
	numbers := map[string][]int{} // by model
	var ids []string
	for _, value := range slices.Compact(slices.Sorted(slices.Values(values))) {
		q := table.Query{PK: x.s.Keys.VersionIndexPK(kind, value), From: keys.First, To: keys.Last}
		for it, err := range table.Items(ctx, x.s.Table, q) {
			if err != nil {
				return err
			}
			x.stats.IndexRows++
			id, n, err := keys.ParseVersionIndexSK(it.Key.SK)
			if err != nil {
				return err
			}
			ids, numbers[id] = append(ids, id), append(numbers[id], n)
		}
	}
	for id, found := range numbers { // of a number that several creators were after there are several rows
		slices.Sort(found)
		numbers[id] = slices.Compact(found)
	}
	for some := range slices.Chunk(slices.Compact(slices.Sorted(slices.Values(ids))), table.MaxBatchGet) {
		docs, err := x.s.models.ModelsByID(ctx, some)
		if err != nil {
			return err
		}
		if err := x.versions(ctx, docs, numbers); err != nil {
			return err
		}
	}
	return nil
}

// versions looks at some versions of some models.
func (x *versionSearch) versions(ctx context.Context, docs []*registry.Model, numbers map[string][]int) error {
	return x.s.models.SomeVersions(ctx, docs, numbers, func(m *registry.Model, found []*registry.Version) error {
		x.stats.Fetched += len(found)
		for _, v := range found {
			if err := x.offer(ctx, m, v); err != nil {
				return err
			}
		}
		return nil
	})
}
