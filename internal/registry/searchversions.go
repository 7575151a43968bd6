package registry

import (
	"context"
	"iter"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/explain"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/modelfilter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/page"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// versionRowView shows a model version to filters and orders.
type versionRowView struct {
	model *Model
	*Version
}

var _ filter.Tagged = versionRowView{}

// Tag returns the value of a tag.
func (r versionRowView) Tag(key string) (string, bool) { return r.entries[noteTag].Get(key) }

// StringAttr returns the name, the run, "" if there is none, or the source.
func (r versionRowView) StringAttr(a filter.Attr) (string, bool) {
	switch a {
	case modelfilter.Name:
		return r.model.Name, true
	case modelfilter.RunID:
		return r.run, true
	case modelfilter.SourcePath:
		return r.source, true
	default:
		return "", false
	}
}

// IntAttr returns the number or a time.
func (r versionRowView) IntAttr(a filter.Attr) (int64, bool) {
	switch a {
	case modelfilter.VersionNumber:
		return int64(r.version), true
	case modelfilter.CreationTime:
		return r.created, true
	case modelfilter.LastUpdateTime:
		_, updated := r.model.stageOf(r.Version)
		return updated, true
	default:
		return 0, false
	}
}

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
	most, err := page.Size(p.MaxResults, validate.DefaultVersions, validate.MaxVersions, validateModelResults)
	if err != nil {
		return result, err
	}
	q, err := modelfilter.ParseVersions(p.Filter, p.OrderBy)
	if err != nil {
		return result, page.FilterError(err)
	}
	opened, err := page.Open(p.PageToken, most, q.Order, "versions", q.Filter(), strconv.FormatBool(q.HidesPrompts))
	if err != nil {
		return result, err
	}
	x := &versionSearch{
		s: s, query: q, Opened: opened, stats: stats,
		first: &page.Firsts[versionRowView]{Order: q.Order, Max: most + 1},
	}
	found, err := x.find(ctx)
	if err != nil {
		return result, err
	}
	found, last := page.Cut(found, most, nil)
	result.NextPageToken = x.Token(last)
	result.Items, err = s.foundVersions(ctx, found)
	return result, err
}

// foundVersions shows the versions of a page.
func (s *reader) foundVersions(ctx context.Context, found []foundVersion) ([]*mlflow.ModelVersion, error) {
	out := make([]*mlflow.ModelVersion, len(found))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(versionReaders)
	for i, f := range found {
		row := f.Value
		if !row.frozen {
			out[i] = row.model.versionEntity(row.Version)
			continue
		}
		g.Go(func() error {
			v, err := s.wholeVersion(gctx, row.model.ID, row.Version)
			if err == nil {
				out[i] = row.model.versionEntity(v)
			}
			return err
		})
	}
	return out, g.Wait()
}

// versionReaders bounds the requests at a time for what of versions stands in
// items of its own.
const versionReaders = 8

// versionSearch is one request for model versions.
type versionSearch struct {
	s     *Store
	query *modelfilter.Query
	stats *explain.Explanation
	first *page.Firsts[versionRowView]
	page.Opened
}

type foundVersion = page.Found[versionRowView]

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
		var docs []*Model
		if docs, err = x.s.modelsByName(ctx, plan.names); err == nil {
			err = x.models(ctx, slices.Values(docs))
		}
	case sources != nil && !x.s.ListOnly:
		x.stats.Say("versions by source")
		err = x.indexed(ctx, keys.IndexVersionSource, sources)
	default:
		x.stats.Say("versions of all models, sorted")
		err = x.all(ctx, plan.prefix)
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
func (x *versionSearch) offer(ctx context.Context, m *Model, v *Version) error {
	if x.query.HidesPrompts && m.prompts > 0 {
		return nil
	}
	if needsWhole(x.query.Clauses, &v.notes) {
		var err error
		if v, err = x.s.wholeVersion(ctx, m.ID, v); err != nil {
			return err
		}
	}
	row := versionRowView{m, v}
	if !x.query.Match(row) {
		return nil
	}
	tuple := x.query.Order.AppendTagged(nil, row)
	if x.After == nil || x.query.Order.Compare(tuple, x.After) > 0 {
		x.first.Offer(row, tuple)
	}
	return nil
}

// all looks at the versions of all models whose names begin with a prefix.
func (x *versionSearch) all(ctx context.Context, prefix string) error {
	for m, err := range x.s.modelsInOrder(ctx, nameRange{prefix: prefix}) {
		if err != nil {
			return err
		}
		if err := x.model(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

func (x *versionSearch) models(ctx context.Context, docs iter.Seq[*Model]) error {
	for m := range docs {
		if err := x.model(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// model looks at all versions of a model. 1 RCU for each 4 KB of them, none if
// the document has copies of all.
func (x *versionSearch) model(ctx context.Context, m *Model) error {
	x.stats.ListRows++
	if x.query.HidesPrompts && m.prompts > 0 {
		return nil
	}
	m, versions, err := x.s.allVersions(ctx, m)
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

// allVersions returns all versions of a model, and the document that goes with
// them, which is read anew if versions have changed since; none if the model is
// gone.
func (s *reader) allVersions(ctx context.Context, m *Model) (*Model, []*Version, error) {
	if copies, ok := m.onlyCopies(); ok {
		return m, copies, nil
	}
	for attempt := 0; ; attempt++ {
		var versions []*Version
		current := true
		from, to := keys.VersionRange(m.last)
		for it, err := range table.Items(ctx, s.Table, table.Query{PK: s.Keys.ModelPK(m.ID), From: from, To: to}) {
			if err != nil {
				return nil, nil, err
			}
			v, err := DecodeVersion(it)
			if err != nil {
				return nil, nil, err
			}
			versions, current = append(versions, v), current && v.rev <= m.Rev
		}
		if current || attempt == tornReads {
			return m, versions, nil
		}
		docs, err := s.modelsByID(ctx, []string{m.ID})
		if err != nil || len(docs) == 0 {
			return m, nil, err
		}
		m = docs[0]
	}
}

// onlyCopies returns the copies of versions that a document has, if there are
// no other versions.
func (m *Model) onlyCopies() ([]*Version, bool) {
	var copies []*Version
	count := 0
	for i := range m.stages {
		if count += m.stages[i].count; m.stages[i].copied != nil {
			copies = append(copies, m.stages[i].copied)
		}
	}
	return copies, len(copies) == count
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
		docs, err := x.s.modelsByID(ctx, some)
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
func (x *versionSearch) versions(ctx context.Context, docs []*Model, numbers map[string][]int) error {
	var wanted []table.Key
	for _, m := range docs {
		for _, n := range numbers[m.ID] {
			if m.copyOf(n) == nil {
				wanted = append(wanted, x.s.Keys.ModelVersion(m.ID, n))
			}
		}
	}
	rows, err := x.s.versionRows(ctx, wanted)
	if err != nil {
		return err
	}
	for _, m := range docs {
		var found []*Version
		for _, n := range numbers[m.ID] {
			v := m.copyOf(n)
			if v == nil {
				v = rows[x.s.Keys.ModelVersion(m.ID, n)]
			}
			if v != nil {
				found = append(found, v)
			}
		}
		if m.isOlderThan(found) {
			if m, found, err = x.s.versionsAgain(ctx, m, numbers[m.ID]); err != nil {
				return err
			}
		}
		x.stats.Fetched += len(found)
		for _, v := range found {
			if err := x.offer(ctx, m, v); err != nil {
				return err
			}
		}
	}
	return nil
}

// isOlderThan reports whether versions have changed since a document was read.
func (m *Model) isOlderThan(versions []*Version) bool {
	return slices.ContainsFunc(versions, func(v *Version) bool { return v.rev > m.Rev })
}

// versionsAgain reads a model and some of its versions, of which one has changed
// since the model was read: all of them, since a transition changes several. None
// if the model is gone.
func (s *reader) versionsAgain(ctx context.Context, m *Model, numbers []int) (*Model, []*Version, error) {
	for attempt := 0; ; attempt++ {
		docs, err := s.modelsByID(ctx, []string{m.ID})
		if err != nil || len(docs) == 0 {
			return m, nil, err
		}
		m = docs[0]
		found, _, err := s.versionsOf(ctx, m, numbers)
		if err != nil || !m.isOlderThan(found) || attempt == tornReads {
			return m, found, err
		}
	}
}
