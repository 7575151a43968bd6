package experiment

import (
	"context"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/explain"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/experimentfilter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/page"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// experimentRowView shows an experiment to filters and orders.
type experimentRowView struct{ *Document }

var _ filter.Tagged = experimentRowView{}

// Tag returns the value of a tag.
func (r experimentRowView) Tag(key string) (string, bool) { return r.tags.Get(key) }

// StringAttr returns the name.
func (r experimentRowView) StringAttr(a filter.Attr) (string, bool) {
	return r.Name, a == experimentfilter.Name
}

// IntAttr returns the id or a time.
func (r experimentRowView) IntAttr(a filter.Attr) (int64, bool) {
	switch a {
	case experimentfilter.ExperimentID:
		n, err := strconv.ParseInt(r.ID, 10, 64)
		return n, err == nil
	case experimentfilter.CreationTime:
		return r.Created, true
	case experimentfilter.LastUpdateTime:
		return r.Updated, true
	default:
		return 0, false
	}
}

// Search returns the experiments that match a filter, newest first unless
// OrderBy says otherwise.
func (s *Store) Search(ctx context.Context, p mlflow.SearchExperimentsParams) (mlflow.Page[*mlflow.Experiment], error) {
	return page.InTime(ctx, p, s.search)
}

func (s *Store) search(ctx context.Context, p mlflow.SearchExperimentsParams) (mlflow.Page[*mlflow.Experiment], error) {
	var result mlflow.Page[*mlflow.Experiment]
	ctx, stats, done := explain.Begin(ctx)
	defer done()
	most, err := page.Size(p.MaxResults, page.DefaultSearchResults, page.MaxSearchResults, validate.MaxResults)
	if err != nil {
		return result, err
	}
	q, err := experimentfilter.Parse(p.Filter, p.OrderBy)
	if err != nil {
		return result, page.FilterError(err)
	}
	opened, err := page.Open(p.PageToken, most, "experiments", &q.Query, strconv.Itoa(int(p.View)))
	if err != nil {
		return result, err
	}
	x := &searching{s: s, query: q, view: p.View, Opened: opened, stats: stats}
	found, err := x.find(ctx)
	if err != nil {
		return result, err
	}
	found, last := page.Cut(found, most, nil)
	result.NextPageToken = x.Token(last)
	result.Items = make([]*mlflow.Experiment, len(found))
	for i, f := range found {
		result.Items[i] = s.entity(f.Value)
	}
	return result, nil
}

// searching is one request for experiments.
type searching struct {
	s     *Store
	query *experimentfilter.Query
	view  mlflow.ViewType
	stats *explain.Explanation
	page.Opened
}

type foundExperiment = page.Found[*Document]

// find returns the first matching experiments behind the position, in order,
// one more than the page holds if there are more.
func (x *searching) find(ctx context.Context) ([]foundExperiment, error) {
	cfg, err := x.s.settings.Fresh(ctx)
	if err != nil {
		return nil, err
	}
	trigrams := func(field string) bool { return cfg.IndexedField(field) && !x.s.ListOnly }
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
func (x *searching) candidates(ctx context.Context, p experimentPlan) ([]string, bool, error) {
	switch {
	case p.ids != nil:
		x.stats.Say("experiment ids")
		return p.ids, true, nil
	case p.named:
		x.stats.Say("experiment name")
		row, found, err := x.s.Table.Get(ctx, x.s.Keys.ExperimentName(p.name), table.Strong)
		if err != nil || !found {
			return nil, true, err
		}
		return []string{row.Str(keys.ExpID)}, true, nil
	case len(p.sources) == 0:
		return nil, false, nil
	}
	return index.FewByTrigrams(ctx, x.s.View, x.stats, p.sources, keys.ParseExperimentPlace)
}

// offer returns an experiment's place in the order, if it matches and is
// behind the position.
func (x *searching) offer(e *Document) (foundExperiment, bool) {
	row := experimentRowView{e}
	if !page.Shows(x.view, e.Stage) || !x.query.Match(row) {
		return foundExperiment{}, false
	}
	f := foundExperiment{Value: e, Tuple: x.query.Order.AppendTagged(nil, row)}
	return f, x.After == nil || x.query.Order.Compare(f.Tuple, x.After) > 0
}

// sorted returns those experiments that match, in order.
func (x *searching) sorted(docs []*Document) []foundExperiment {
	var found []foundExperiment
	for _, e := range docs {
		if f, ok := x.offer(e); ok {
			found = append(found, f)
		}
	}
	page.SortFound(x.query.Order, found)
	return found
}

// all looks at all experiments.
func (x *searching) all(ctx context.Context) ([]foundExperiment, error) {
	var docs []*Document
	q := table.Query{PK: x.s.Keys.ExperimentsPK(), From: keys.CreatedPrefix, To: table.PrefixEnd(keys.CreatedPrefix)}
	for row, err := range table.Items(ctx, x.s.Table, q) {
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
func (x *searching) walkList(ctx context.Context, prefix string, latestFirst bool) ([]foundExperiment, error) {
	q := x.listQuery(prefix, latestFirst)
	var found []foundExperiment
	ties, last := 0, int64(0) // the first of those of the last time
	for row, err := range table.Items(ctx, x.s.Table, q) {
		if err != nil {
			return nil, err
		}
		at, err := keys.ListTime(row.Key.SK)
		if err != nil {
			return nil, err
		}
		if x.stats.ListRows++; at != last {
			page.SortFound(x.query.Order, found[ties:])
			if ties, last = len(found), at; ties > x.Max {
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
	page.SortFound(x.query.Order, found[ties:])
	return found, nil
}

// listQuery is the query of a list by time, from the time of the position on.
func (x *searching) listQuery(prefix string, latestFirst bool) table.Query {
	q := table.Query{
		PK: x.s.Keys.ExperimentsPK(), From: prefix, To: table.PrefixEnd(prefix), Descending: !latestFirst,
	}
	if x.After != nil {
		at := keys.ListFrom(prefix, x.After[0].Int)
		if latestFirst {
			q.From = at
		} else {
			q.To = table.PrefixEnd(at)
		}
	}
	if len(x.query.Clauses) == 0 && x.view != mlflow.ViewDeletedOnly {
		q.Limit = x.Max + 3 // that of the position, and one of the next time, which ends the ties
	}
	return q
}

// experimentsByID reads those of some experiments that exist, in no order.
// 1 RCU for each 4 KB of each.
func (s *Store) experimentsByID(ctx context.Context, ids []string) ([]*Document, error) {
	wanted := make([]table.Key, 0, len(ids))
	byPK := make(map[string]string, len(ids))
	for _, id := range ids {
		if k := s.Keys.Experiment(id); byPK[k.PK] == "" {
			wanted, byPK[k.PK] = append(wanted, k), id
		}
	}
	items, err := s.Table.BatchGet(ctx, wanted, table.Strong)
	if err != nil {
		return nil, err
	}
	docs := make([]*Document, 0, len(items))
	for _, it := range items {
		e, err := Decode(byPK[it.Key.PK], it)
		if err == nil && e != nil && e.frozen {
			e, err = s.LoadWhole(ctx, e.ID)
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
func (s *Store) listedExperiment(ctx context.Context, row table.Item) (*Document, error) {
	if err := document.CheckVersion(row); err != nil {
		return nil, err
	}
	if packed, ok := row.Get(keys.Packed); ok {
		return parseExperiment(packed.Str())
	}
	return s.LoadWhole(ctx, row.Str(keys.ExpID))
}
