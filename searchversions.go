package dynamodbstore

import (
	"context"
	"iter"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/explain"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/modelfilter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// versionRowView shows a model version to filters and orders.
type versionRowView struct {
	model *modelDoc
	*versionDoc
}

var _ filter.Tagged = versionRowView{}

// Tag returns the value of a tag.
func (r versionRowView) Tag(key string) (string, bool) { return r.entries[noteTag].get(key) }

// StringAttr returns the name, the run, "" if there is none, or the source.
func (r versionRowView) StringAttr(a filter.Attr) (string, bool) {
	switch a {
	case modelfilter.Name:
		return r.model.name, true
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
		_, updated := r.model.stageOf(r.versionDoc)
		return updated, true
	default:
		return 0, false
	}
}

// SearchModelVersions returns the model versions that match a filter, latest
// update first unless OrderBy says otherwise, without their aliases, as MLflow
// does. Versions of prompts are left out unless the filter asks for them.
// MaxResults 0 means 10,000; at most 200,000.
//
// Runs, models and sources that the filter names are looked up; any other search
// reads all versions. [WithExplanation] tells which. 1 RCU for each 4 KB read;
// 1 RCU for each version of a run or source, and 2 for each of their models. A
// search that takes two minutes ends with [ErrUnavailable].
func (s *Store) SearchModelVersions(ctx context.Context, p SearchModelVersionsParams) (Page[*ModelVersion], error) {
	return inTime(ctx, p, s.searchModelVersions)
}

func (s *Store) searchModelVersions(ctx context.Context, p SearchModelVersionsParams) (Page[*ModelVersion], error) {
	var page Page[*ModelVersion]
	ctx, stats, done := explain.Begin(ctx)
	defer done()
	most, err := pageSize(p.MaxResults, defaultVersions, maxVersions, validateModelResults)
	if err != nil {
		return page, err
	}
	q, err := modelfilter.ParseVersions(p.Filter, p.OrderBy)
	if err != nil {
		return page, filterError(err)
	}
	opened, err := openPage(p.PageToken, most, q.Order, "versions", q.Filter(), strconv.FormatBool(q.HidesPrompts))
	if err != nil {
		return page, err
	}
	x := &versionSearch{
		s: s, query: q, openedPage: opened, stats: stats,
		first: &firsts[versionRowView]{order: q.Order, max: most + 1},
	}
	found, err := x.find(ctx)
	if err != nil {
		return page, failure(err)
	}
	found, last := cutPage(found, most, nil)
	page.NextPageToken = x.token(last)
	page.Items, err = s.foundVersions(ctx, found)
	return page, failure(err)
}

// foundVersions shows the versions of a page.
func (s *Store) foundVersions(ctx context.Context, found []foundVersion) ([]*ModelVersion, error) {
	out := make([]*ModelVersion, len(found))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(versionReaders)
	for i, f := range found {
		row := f.it
		if !row.frozen {
			out[i] = row.model.versionEntity(row.versionDoc)
			continue
		}
		g.Go(func() error {
			v, err := s.wholeVersion(gctx, row.model.id, row.versionDoc)
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

// AllModelVersions iterates over all pages of SearchModelVersions. It stops at
// the first error, which it yields.
func (s *Store) AllModelVersions(ctx context.Context, p SearchModelVersionsParams) iter.Seq2[*ModelVersion, error] {
	return allPages(func(token string) (Page[*ModelVersion], error) {
		if token != "" {
			p.PageToken = token
		}
		return s.SearchModelVersions(ctx, p)
	})
}

// versionSearch is one request for model versions.
type versionSearch struct {
	s     *Store
	query *modelfilter.Query
	stats *explain.Explanation
	first *firsts[versionRowView]
	openedPage
}

type foundVersion = found[versionRowView]

// find returns the first matching versions behind the position, in order, one
// more than the page holds if there are more.
func (x *versionSearch) find(ctx context.Context) ([]foundVersion, error) {
	plan := planModels(x.query.Clauses)
	runs, sources := indexedTexts(x.query.Clauses)
	var err error
	switch {
	case runs != nil && !x.s.listOnly:
		x.stats.Say("versions by run")
		err = x.indexed(ctx, keys.IndexVersionRun, runs)
	case plan.names != nil:
		x.stats.Say("versions of named models")
		var docs []*modelDoc
		if docs, err = x.s.modelsByName(ctx, plan.names); err == nil {
			err = x.models(ctx, slices.Values(docs))
		}
	case sources != nil && !x.s.listOnly:
		x.stats.Say("versions by source")
		err = x.indexed(ctx, keys.IndexVersionSource, sources)
	default:
		x.stats.Say("versions of all models, sorted")
		err = x.all(ctx, plan.prefix)
	}
	return x.first.take(), err
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
			sources = narrowed(sources, texts)
		case c.Attr == modelfilter.RunID && !slices.Contains(texts, ""):
			runs = narrowed(runs, texts)
		}
	}
	return runs, sources
}

// offer keeps a version that matches and is behind the position, as long as it
// may be on the page.
func (x *versionSearch) offer(ctx context.Context, m *modelDoc, v *versionDoc) error {
	if x.query.HidesPrompts && m.prompts > 0 {
		return nil
	}
	if needsWhole(x.query.Clauses, &v.notes) {
		var err error
		if v, err = x.s.wholeVersion(ctx, m.id, v); err != nil {
			return err
		}
	}
	row := versionRowView{m, v}
	if !x.query.Match(row) {
		return nil
	}
	tuple := x.query.Order.AppendTagged(nil, row)
	if x.after == nil || x.query.Order.Compare(tuple, x.after) > 0 {
		x.first.offer(row, tuple)
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

func (x *versionSearch) models(ctx context.Context, docs iter.Seq[*modelDoc]) error {
	for m := range docs {
		if err := x.model(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// model looks at all versions of a model. 1 RCU for each 4 KB of them, none if
// the document has copies of all.
func (x *versionSearch) model(ctx context.Context, m *modelDoc) error {
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
func (s *Store) allVersions(ctx context.Context, m *modelDoc) (*modelDoc, []*versionDoc, error) {
	if copies, ok := m.onlyCopies(); ok {
		return m, copies, nil
	}
	for attempt := 0; ; attempt++ {
		var versions []*versionDoc
		current := true
		from, to := keys.VersionRange(m.last)
		for it, err := range table.Items(ctx, s.t, table.Query{PK: s.ks.ModelPK(m.id), From: from, To: to}) {
			if err != nil {
				return nil, nil, err
			}
			v, err := decodeVersion(it)
			if err != nil {
				return nil, nil, err
			}
			versions, current = append(versions, v), current && v.rev <= m.rev
		}
		if current || attempt == tornReads {
			return m, versions, nil
		}
		docs, err := s.modelsByID(ctx, []string{m.id})
		if err != nil || len(docs) == 0 {
			return m, nil, err
		}
		m = docs[0]
	}
}

// onlyCopies returns the copies of versions that a document has, if there are
// no other versions.
func (m *modelDoc) onlyCopies() ([]*versionDoc, bool) {
	var copies []*versionDoc
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
		q := table.Query{PK: x.s.ks.VersionIndexPK(kind, value), From: keys.First, To: keys.Last}
		for it, err := range table.Items(ctx, x.s.t, q) {
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
func (x *versionSearch) versions(ctx context.Context, docs []*modelDoc, numbers map[string][]int) error {
	var wanted []table.Key
	for _, m := range docs {
		for _, n := range numbers[m.id] {
			if m.copyOf(n) == nil {
				wanted = append(wanted, x.s.ks.ModelVersion(m.id, n))
			}
		}
	}
	rows, err := x.s.versionRows(ctx, wanted)
	if err != nil {
		return err
	}
	for _, m := range docs {
		var found []*versionDoc
		for _, n := range numbers[m.id] {
			v := m.copyOf(n)
			if v == nil {
				v = rows[x.s.ks.ModelVersion(m.id, n)]
			}
			if v != nil {
				found = append(found, v)
			}
		}
		if m.isOlderThan(found) {
			if m, found, err = x.s.versionsAgain(ctx, m, numbers[m.id]); err != nil {
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
func (m *modelDoc) isOlderThan(versions []*versionDoc) bool {
	return slices.ContainsFunc(versions, func(v *versionDoc) bool { return v.rev > m.rev })
}

// versionsAgain reads a model and some of its versions, of which one has changed
// since the model was read: all of them, since a transition changes several. None
// if the model is gone.
func (s *Store) versionsAgain(ctx context.Context, m *modelDoc, numbers []int) (*modelDoc, []*versionDoc, error) {
	for attempt := 0; ; attempt++ {
		docs, err := s.modelsByID(ctx, []string{m.id})
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
