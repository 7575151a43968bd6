package runsearch

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/explain"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/runfilter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/page"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/tracking"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// longestRunID is longer than any run id.
const longestRunID = 64

// SearchRuns returns the runs of some experiments that match a filter, newest
// first unless OrderBy says otherwise.
func (s *Store) SearchRuns(ctx context.Context, p mlflow.SearchRunsParams) (mlflow.Page[*mlflow.Run], error) {
	var page mlflow.Page[*mlflow.Run]
	var err error
	page.NextPageToken, err = s.VisitRuns(ctx, p, func(r *mlflow.Run) error {
		page.Items = append(page.Items, r)
		return nil
	})
	return page, err
}

// VisitRuns is SearchRuns for whoever passes runs on and keeps none.
func (s *Store) VisitRuns(ctx context.Context, p mlflow.SearchRunsParams, visit func(*mlflow.Run) error) (nextPageToken string, err error) {
	ctx, stats, done := explain.Begin(ctx)
	defer done()
	page, err := page.InTime(ctx, p, func(ctx context.Context, p mlflow.SearchRunsParams) (mlflow.Page[tracking.FoundRun], error) {
		return s.searchRuns(ctx, p, stats)
	})
	if err != nil {
		return "", err
	}
	done()
	for i, f := range page.Items {
		r, err := s.tracking.Unpack(ctx, f, false)
		if err != nil {
			return "", err
		}
		page.Items[i] = tracking.FoundRun{} // it may go
		if err := visit(r); err != nil {
			return "", err
		}
	}
	return page.NextPageToken, nil
}

func (s *Store) searchRuns(ctx context.Context, p mlflow.SearchRunsParams, stats *explain.Explanation) (mlflow.Page[tracking.FoundRun], error) {
	var page mlflow.Page[tracking.FoundRun]
	search, err := s.newRunSearch(p)
	if err != nil {
		return page, err
	}
	search.stats, search.began = stats, s.Clock()
	if search.indexes, err = s.settings.Fresh(ctx); err != nil {
		return page, err
	}
	if search.states, err = s.experiments.States(ctx, p.ExperimentIDs); err != nil {
		return page, err
	}
	var last filter.Tuple
	if page.Items, last, err = search.find(ctx); err != nil {
		return page, err
	}
	page.NextPageToken = search.Token(last)
	return page, nil
}

// runSearch is one request for runs.
type runSearch struct {
	s      *Store
	query  *runfilter.Query
	view   mlflow.ViewType
	states []*experiment.State
	page.Opened

	began   time.Time
	indexes *settings.Configuration
	stats   *explain.Explanation
	plans   map[string]*run.Plan // by experiment
	fetched map[string]bool      // runs looked up by now
	row     run.View             // scratch
	tuple   filter.Tuple         // scratch
}

// find returns the runs of the page, and the position to continue from, nil
// at the end.
func (rs *runSearch) find(ctx context.Context) ([]tracking.FoundRun, filter.Tuple, error) {
	switch ids := rs.planOf(&experiment.State{}).IDs; {
	case ids != nil:
		return rs.byID(ctx, ids)
	case isDefaultOrder(rs.query.Order):
		return rs.inListOrder(ctx)
	default:
		return rs.inOtherOrder(ctx)
	}
}

func (rs *runSearch) limits() *workspace.Limits { return &rs.s.Limits }

// planOf returns the plan for one experiment.
func (rs *runSearch) planOf(e *experiment.State) *run.Plan {
	p, ok := rs.plans[e.ID]
	if !ok {
		p = &run.Plan{}
		if !rs.s.ListOnly {
			*p = run.NewPlan(rs.query, experimentIndexes{rs.indexes, e.ID})
		}
		rs.plans[e.ID] = p
	}
	return p
}

// experimentIndexes are the indexes of the runs of one experiment.
type experimentIndexes struct {
	*settings.Configuration
	exp string
}

func (x experimentIndexes) Basics() bool { return x.IndexedField(index.FieldRunName) }

func (x experimentIndexes) Datasets() bool { return x.IndexedDatasets }

func (x experimentIndexes) Tag(key string) bool { return x.Basics() && x.CompleteTag(x.exp, key) }

func (x experimentIndexes) Trigrams(field string) bool { return x.IndexedField(field) }

// page cuts what was found to a page, and returns the position behind it; nil
// at the end. bound is how far the search got, if not to the end.
func (rs *runSearch) page(found []tracking.FoundRun, bound filter.Tuple) ([]tracking.FoundRun, filter.Tuple, error) {
	order := rs.query.Order
	place := func(f tracking.FoundRun) filter.Tuple {
		return rs.query.AppendPlace(nil, &run.View{Packed: f.Value.Packed, E: f.Value.E})
	}
	compare := func(a, b tracking.FoundRun) int { return order.Compare(a.Tuple, b.Tuple) }
	if isDefaultOrder(order) {
		compare = func(a, b tracking.FoundRun) int { return inDefaultOrder(a.Value.Packed, b.Value.Packed) }
	}
	if !slices.IsSortedFunc(found, compare) {
		slices.SortFunc(found, compare)
	}
	for bound != nil && len(found) > 0 && order.Compare(place(found[len(found)-1]), bound) > 0 {
		found = found[:len(found)-1]
	}
	if len(found) <= rs.Max {
		return found, bound, nil
	}
	found = found[:rs.Max]
	return found, place(found[rs.Max-1]), nil
}

// byID is the search among the runs that the filter names.
func (rs *runSearch) byID(ctx context.Context, ids []string) ([]tracking.FoundRun, filter.Tuple, error) {
	rs.stats.Say("run ids")
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	ids = slices.DeleteFunc(ids, func(id string) bool { return len(id) > longestRunID })
	best := rs.firsts()
	runs, err := rs.s.fence.ReadRuns(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	for _, l := range runs {
		if l == nil {
			continue
		}
		for _, e := range rs.states {
			if e.ID == l.Head.Exp {
				rs.offer(best, e, l.Packed())
			}
		}
	}
	return rs.pageOf(best, nil)
}

func (s *Store) newRunSearch(p mlflow.SearchRunsParams) (*runSearch, error) {
	most, err := page.Size(p.MaxResults, page.DefaultSearchResults, page.MaxSearchResults, validate.MaxResults)
	if err != nil {
		return nil, err
	}
	q, err := runfilter.Parse(p.Filter, p.OrderBy)
	if err != nil {
		return nil, page.FilterError(err)
	}
	for _, id := range p.ExperimentIDs {
		if err := validate.ExperimentID(id); err != nil {
			return nil, err
		}
	}
	rs := &runSearch{
		s: s, query: q, view: p.View, plans: map[string]*run.Plan{}, fetched: map[string]bool{},
	}
	parts := append([]string{strconv.Itoa(int(p.View))}, experiment.SortedIDs(p.ExperimentIDs)...)
	rs.Opened, err = page.Open(p.PageToken, most, "runs", &q.Query, parts...)
	return rs, err
}

// isDefaultOrder reports whether the order is that of the run list.
func isDefaultOrder(o filter.Order) bool {
	return len(o) == 2 && o[0].Attr == runfilter.StartTime && o[0].Desc && o[1].Attr == runfilter.RunID && !o[1].Desc
}

// matches reports whether a run is in the view and satisfies the filter.
func (rs *runSearch) matches(row *run.View) bool {
	return page.Shows(rs.view, row.Stage(row.E)) && rs.query.Match(row)
}
