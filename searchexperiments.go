package dynamodbstore

import (
	"context"
	"iter"
	"slices"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// experimentRowView shows an experiment to filters and orders.
type experimentRowView struct{ *experimentDoc }

var _ filter.Experiment = experimentRowView{}

// Tag returns the value of a tag.
func (r experimentRowView) Tag(key string) (string, bool) { return r.tags.get(key) }

// StringAttr returns the name.
func (r experimentRowView) StringAttr(a filter.Attr) (string, bool) {
	return r.name, a == filter.AttrName
}

// IntAttr returns the id or a time.
func (r experimentRowView) IntAttr(a filter.Attr) (int64, bool) {
	switch a {
	case filter.AttrExperimentID:
		n, err := strconv.ParseInt(r.id, 10, 64)
		return n, err == nil
	case filter.AttrCreationTime:
		return r.created, true
	case filter.AttrLastUpdateTime:
		return r.updated, true
	default:
		return 0, false
	}
}

// SearchExperiments returns the experiments that match a filter, newest first
// unless OrderBy says otherwise. MaxResults 0 means 1,000.
//
// In the default order the call reads only up to the end of the page; any
// other order reads all experiments. 1 request and 1 RCU for each 4 KB read:
// about 8 RCU for 100 small experiments.
func (s *Store) SearchExperiments(ctx context.Context, p SearchExperimentsParams) (Page[*Experiment], error) {
	var page Page[*Experiment]
	if p.MaxResults == 0 {
		p.MaxResults = defaultSearchResults
	}
	if err := validateMaxResults(p.MaxResults, maxSearchResults); err != nil {
		return page, err
	}
	q, err := filter.ParseExperiments(p.Filter, p.OrderBy)
	if err != nil {
		return page, filterError(err)
	}
	d := queryDigest("experiments", q.Filter(), q.Order.String(), strconv.Itoa(int(p.View)))
	after, err := parsePosition(p.PageToken, d, q.Order)
	if err != nil {
		return page, err
	}
	found, more, err := s.findExperiments(ctx, q, p, after)
	if err != nil {
		return page, failure(err)
	}
	if more {
		last := q.Order.AppendExperiment(nil, experimentRowView{found[len(found)-1]})
		page.NextPageToken = encodeToken(d, filter.AppendTuple(nil, last))
	}
	page.Items = make([]*Experiment, len(found))
	for i, e := range found {
		page.Items[i] = e.entity()
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

// findExperiments returns up to MaxResults experiments behind the position,
// and whether there are more.
func (s *Store) findExperiments(ctx context.Context, q *filter.ExperimentQuery, p SearchExperimentsParams, after filter.Tuple) (
	[]*experimentDoc, bool, error,
) {
	listed := isCreationOrder(q.Order)
	list := s.experimentList(q, p, listed, after)
	var found []*experimentDoc
	var tuple filter.Tuple
	for e, err := range list(ctx) {
		if err != nil {
			return nil, false, err
		}
		row := experimentRowView{e}
		if !p.View.shows(e.stage) || !q.Match(row) {
			continue
		}
		tuple = q.Order.AppendExperiment(tuple[:0], row)
		if after != nil && q.Order.Compare(tuple, after) <= 0 {
			continue
		}
		found = append(found, e)
		if listed && len(found) > p.MaxResults {
			break
		}
	}
	if !listed {
		sortExperiments(q.Order, found)
	}
	if len(found) > p.MaxResults {
		return found[:p.MaxResults], true, nil
	}
	return found, false, nil
}

func sortExperiments(order filter.Order, found []*experimentDoc) {
	tuples := make(map[*experimentDoc]filter.Tuple, len(found))
	for _, e := range found {
		tuples[e] = order.AppendExperiment(nil, experimentRowView{e})
	}
	slices.SortFunc(found, func(a, b *experimentDoc) int { return order.Compare(tuples[a], tuples[b]) })
}

// isCreationOrder reports whether the order is that of the list by creation.
func isCreationOrder(o filter.Order) bool {
	return len(o) == 2 && o[0].Attr == filter.AttrCreationTime && o[0].Desc &&
		o[1].Attr == filter.AttrExperimentID && !o[1].Desc
}

// experimentList walks the list by creation time, behind the position if the
// list's order is the one that is asked for.
func (s *Store) experimentList(q *filter.ExperimentQuery, p SearchExperimentsParams, listed bool, after filter.Tuple,
) func(context.Context) iter.Seq2[*experimentDoc, error] {
	tq := table.Query{
		PK: s.ks.ExperimentsPK(), From: keys.CreatedPrefix, To: table.PrefixEnd(keys.CreatedPrefix),
	}
	if listed && after != nil {
		tq.After = s.ks.ExperimentCreated(after[0].Int, strconv.FormatInt(after[1].Int, 10)).SK
	}
	if listed && len(q.Clauses) == 0 && p.View != ViewDeletedOnly {
		tq.Limit = p.MaxResults + 1
	}
	return func(ctx context.Context) iter.Seq2[*experimentDoc, error] {
		return func(yield func(*experimentDoc, error) bool) {
			for it, err := range table.Items(ctx, s.t, tq) {
				var e *experimentDoc
				if err == nil {
					e, err = s.listedExperiment(ctx, it)
				}
				if err == nil && e == nil {
					continue
				}
				if !yield(e, err) || err != nil {
					return
				}
			}
		}
	}
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
