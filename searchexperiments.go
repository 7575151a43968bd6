package dynamodbstore

import (
	"context"
	"iter"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/explain"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/experimentfilter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// experimentRowView shows an experiment to filters and orders.
type experimentRowView struct{ *experimentDoc }

var _ filter.Tagged = experimentRowView{}

// Tag returns the value of a tag.
func (r experimentRowView) Tag(key string) (string, bool) { return r.tags.get(key) }

// StringAttr returns the name.
func (r experimentRowView) StringAttr(a filter.Attr) (string, bool) {
	return r.name, a == experimentfilter.Name
}

// IntAttr returns the id or a time.
func (r experimentRowView) IntAttr(a filter.Attr) (int64, bool) {
	switch a {
	case experimentfilter.ExperimentID:
		n, err := strconv.ParseInt(r.id, 10, 64)
		return n, err == nil
	case experimentfilter.CreationTime:
		return r.created, true
	case experimentfilter.LastUpdateTime:
		return r.updated, true
	default:
		return 0, false
	}
}

// SearchExperiments returns the experiments that match a filter, newest first
// unless OrderBy says otherwise. MaxResults 0 means 1,000.
//
// An order by creation time, last update or name reads up to the end of the
// page, in the other direction too; any other order reads all experiments. A
// name or ids that the filter names, or few candidates of a LIKE, are looked up
// instead. [WithExplanation] tells which. 1 RCU for each 4 KB read: about 8 RCU
// for 100 small experiments; in the order of names, and for candidates, 1 for
// each. A
// search that takes two minutes ends with [ErrUnavailable].
func (s *Store) SearchExperiments(ctx context.Context, p SearchExperimentsParams) (Page[*Experiment], error) {
	return inTime(ctx, p, s.searchExperiments)
}

func (s *Store) searchExperiments(ctx context.Context, p SearchExperimentsParams) (Page[*Experiment], error) {
	var page Page[*Experiment]
	ctx, stats, done := explain.Begin(ctx)
	defer done()
	most, err := pageSize(p.MaxResults, defaultSearchResults, maxSearchResults, validateMaxResults)
	if err != nil {
		return page, err
	}
	q, err := experimentfilter.Parse(p.Filter, p.OrderBy)
	if err != nil {
		return page, filterError(err)
	}
	opened, err := openPage(p.PageToken, most, q.Order, "experiments", q.Filter(), strconv.Itoa(int(p.View)))
	if err != nil {
		return page, err
	}
	x := &experimentSearch{s: s, query: q, view: p.View, openedPage: opened, stats: stats}
	found, err := x.find(ctx)
	if err != nil {
		return page, failure(err)
	}
	found, last := cutPage(found, most, nil)
	page.NextPageToken = x.token(last)
	page.Items = make([]*Experiment, len(found))
	for i, f := range found {
		page.Items[i] = f.it.entity()
	}
	return page, nil
}

// AllExperiments iterates over all pages of SearchExperiments. It stops at the
// first error, which it yields.
func (s *Store) AllExperiments(ctx context.Context, p SearchExperimentsParams) iter.Seq2[*Experiment, error] {
	return allPages(func(token string) (Page[*Experiment], error) {
		if token != "" {
			p.PageToken = token
		}
		return s.SearchExperiments(ctx, p)
	})
}

// experimentSearch is one request for experiments.
type experimentSearch struct {
	s     *Store
	query *experimentfilter.Query
	view  ViewType
	stats *explain.Explanation
	openedPage
}

type foundExperiment = found[*experimentDoc]

// find returns the first matching experiments behind the position, in order,
// one more than the page holds if there are more.
func (x *experimentSearch) find(ctx context.Context) ([]foundExperiment, error) {
	cfg, err := x.s.settings.fresh(ctx)
	if err != nil {
		return nil, err
	}
	trigrams := func(field string) bool { return cfg.indexedField(field) && !x.s.listOnly }
	plan := planExperiments(x.query, trigrams)
	ids, ok, err := x.candidates(ctx, plan)
	if err != nil {
		return nil, err
	}
	if ok {
		docs, err := x.s.experimentsByID(ctx, ids)
		return x.sorted(docs), err
	}
	switch first := x.query.Order[0]; first.Attr {
	case experimentfilter.CreationTime:
		x.stats.Say("list by creation")
		return x.walkList(ctx, keys.CreatedPrefix, first.Desc)
	case experimentfilter.LastUpdateTime:
		x.stats.Say("list by update")
		return x.walkList(ctx, keys.UpdatedPrefix, first.Desc)
	case experimentfilter.Name:
		x.stats.Say("names in order")
		return x.walkNames(ctx, first.Desc)
	default:
		x.stats.Say("all experiments, sorted")
		return x.all(ctx)
	}
}

// candidates returns the ids of the only experiments that can match; false if
// they are not known to be few.
func (x *experimentSearch) candidates(ctx context.Context, p experimentPlan) ([]string, bool, error) {
	switch {
	case p.ids != nil:
		x.stats.Say("experiment ids")
		return p.ids, true, nil
	case p.named:
		x.stats.Say("experiment name")
		row, found, err := x.s.t.Get(ctx, x.s.ks.ExperimentName(p.name), table.Strong)
		if err != nil || !found {
			return nil, true, err
		}
		return []string{row.Str(keys.ExpID)}, true, nil
	case len(p.sources) == 0:
		return nil, false, nil
	}
	probe := &prober{x.s.view, x.stats, func(r indexRange) string { return x.s.ks.TrigramPK(r.name) }}
	c, err := probe.collect(ctx, p.sources, keys.First)
	if err != nil || !c.few {
		return nil, false, err
	}
	x.stats.Say("few candidates from indexes")
	ids := make([]string, len(c.places))
	for i, place := range c.places {
		if _, ids[i], err = keys.ParseExperimentPlace(place); err != nil {
			return nil, false, err
		}
	}
	return ids, true, nil
}

// offer returns an experiment's place in the order, if it matches and is
// behind the position.
func (x *experimentSearch) offer(e *experimentDoc) (foundExperiment, bool) {
	row := experimentRowView{e}
	if !x.view.shows(e.stage) || !x.query.Match(row) {
		return foundExperiment{}, false
	}
	f := foundExperiment{e, x.query.Order.AppendTagged(nil, row)}
	return f, x.after == nil || x.query.Order.Compare(f.tuple, x.after) > 0
}

// sorted returns those experiments that match, in order.
func (x *experimentSearch) sorted(docs []*experimentDoc) []foundExperiment {
	var found []foundExperiment
	for _, e := range docs {
		if f, ok := x.offer(e); ok {
			found = append(found, f)
		}
	}
	sortFound(x.query.Order, found)
	return found
}

// all looks at all experiments.
func (x *experimentSearch) all(ctx context.Context) ([]foundExperiment, error) {
	var docs []*experimentDoc
	q := table.Query{PK: x.s.ks.ExperimentsPK(), From: keys.CreatedPrefix, To: table.PrefixEnd(keys.CreatedPrefix)}
	for row, err := range table.Items(ctx, x.s.t, q) {
		if err != nil {
			return nil, err
		}
		x.stats.ListRows++
		e, err := x.s.listedExperiment(ctx, row)
		if err != nil {
			return nil, err
		}
		if e != nil {
			docs = append(docs, e)
		}
	}
	return x.sorted(docs), nil
}

// walkList walks a list by time until the page is full. Experiments of one
// time are sorted by the other keys of the order.
func (x *experimentSearch) walkList(ctx context.Context, prefix string, latestFirst bool) ([]foundExperiment, error) {
	q := x.listQuery(prefix, latestFirst)
	var found []foundExperiment
	ties, last := 0, int64(0) // the first of those of the last time
	for row, err := range table.Items(ctx, x.s.t, q) {
		if err != nil {
			return nil, err
		}
		at, err := keys.ListTime(row.Key.SK)
		if err != nil {
			return nil, err
		}
		if x.stats.ListRows++; at != last {
			sortFound(x.query.Order, found[ties:])
			if ties, last = len(found), at; ties > x.max {
				return found, nil
			}
		}
		e, err := x.s.listedExperiment(ctx, row)
		if err != nil {
			return nil, err
		}
		if e == nil {
			continue
		}
		if f, ok := x.offer(e); ok {
			found = append(found, f)
		}
	}
	sortFound(x.query.Order, found[ties:])
	return found, nil
}

// listQuery is the query of a list by time, from the time of the position on.
func (x *experimentSearch) listQuery(prefix string, latestFirst bool) table.Query {
	q := table.Query{
		PK: x.s.ks.ExperimentsPK(), From: prefix, To: table.PrefixEnd(prefix), Descending: !latestFirst,
	}
	if x.after != nil {
		at := keys.ListFrom(prefix, x.after[0].Int)
		if latestFirst {
			q.From = at
		} else {
			q.To = table.PrefixEnd(at)
		}
	}
	if len(x.query.Clauses) == 0 && x.view != ViewDeletedOnly {
		q.Limit = x.max + 3 // that of the position, and one of the next time, which ends the ties
	}
	return q
}

// experimentsByID reads those of some experiments that exist, in no order.
// 1 RCU for each 4 KB of each.
func (s *Store) experimentsByID(ctx context.Context, ids []string) ([]*experimentDoc, error) {
	wanted := make([]table.Key, 0, len(ids))
	byPK := make(map[string]string, len(ids))
	for _, id := range ids {
		if k := s.ks.Experiment(id); byPK[k.PK] == "" {
			wanted, byPK[k.PK] = append(wanted, k), id
		}
	}
	items, err := s.t.BatchGet(ctx, wanted, table.Strong)
	if err != nil {
		return nil, err
	}
	docs := make([]*experimentDoc, 0, len(items))
	for _, it := range items {
		e, err := decodeExperiment(byPK[it.Key.PK], it)
		if err == nil && e != nil && e.frozen {
			e, err = s.fullExperiment(ctx, e.id)
		}
		if err != nil {
			return nil, err
		}
		if e != nil {
			docs = append(docs, e)
		}
	}
	return docs, nil
}

// listedExperiment returns the experiment of a list row.
func (s *Store) listedExperiment(ctx context.Context, row table.Item) (*experimentDoc, error) {
	if err := checkVersion(row); err != nil {
		return nil, err
	}
	if packed, ok := row.Get(keys.Packed); ok {
		return parseExperiment(packed.Str())
	}
	return s.fullExperiment(ctx, row.Str(keys.ExpID))
}
