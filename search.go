package dynamodbstore

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/explain"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/runfilter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

const (
	// maxSearchResults is the most runs or experiments of one page.
	// Source: MLflow 3.17, SEARCH_MAX_RESULTS_THRESHOLD.
	maxSearchResults = 50000
	// defaultSearchResults is the page size of a search that names none.
	defaultSearchResults = 1000
	// longestRunID is longer than any run id.
	longestRunID = 64
	// searchDeadline is how long a search may take: less than the open row of
	// a run that has just settled stays.
	searchDeadline = 2 * time.Minute
)

// expRun is a run, and the state of its experiment.
type expRun struct {
	e      *expState
	packed *packedRun
}

type foundRun = found[expRun]

// SearchRuns returns the runs of some experiments that match a filter, newest
// first unless OrderBy says otherwise. MaxResults 0 means 1,000. A page may be
// short, or empty, and still have a NextPageToken.
//
// Every run is as it was at some moment of the call, and none is missed that
// matches all the time. In the default order the call reads only up to the end
// of the page, and jumps over runs that an index of a metric, param, tag or
// name shows not to match. An order by one of those reads as much of its index
// as the page needs. Any other order reads all runs of the experiments, or few
// candidates of an index. [WithExplanation] tells which.
//
// A page of 100 small finished runs is 2 requests and 22 RCU; a run that an
// index leads to costs 1 RCU, one that is not settled 2. A search that takes
// two minutes ends with [ErrUnavailable].
func (s *Store) SearchRuns(ctx context.Context, p SearchRunsParams) (Page[*Run], error) {
	var page Page[*Run]
	var err error
	page.NextPageToken, err = s.VisitRuns(ctx, p, func(r *Run) error {
		page.Items = append(page.Items, r)
		return nil
	})
	return page, err
}

// VisitRuns is [Store.SearchRuns] for whoever passes runs on and keeps none: it
// calls visit with those of the page, in their order, and returns the token of
// the next page. An error of visit ends it and is returned as it is. A page ends,
// with a token to go on, where its runs take more than 24 MB as they are stored,
// so that this is what a call takes, and a run more.
func (s *Store) VisitRuns(ctx context.Context, p SearchRunsParams, visit func(*Run) error) (nextPageToken string, err error) {
	ctx, stats, done := explain.Begin(ctx)
	defer done()
	page, err := inTime(ctx, p, func(ctx context.Context, p SearchRunsParams) (Page[foundRun], error) {
		return s.searchRuns(ctx, p, stats)
	})
	if err != nil {
		return "", err
	}
	done()
	for i, f := range page.Items {
		r, err := s.unpackRun(ctx, f, false)
		if err != nil {
			return "", failure(err)
		}
		page.Items[i] = foundRun{} // it may go
		if err := visit(r); err != nil {
			return "", err
		}
	}
	return page.NextPageToken, nil
}

// inTime makes a search that takes no longer than searchDeadline.
func inTime[P, T any](ctx context.Context, p P, search func(context.Context, P) (Page[T], error)) (Page[T], error) {
	inner, cancel := context.WithTimeout(ctx, searchDeadline)
	defer cancel()
	page, err := search(inner, p)
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		err = &Error{Code: CodeTemporarilyUnavailable, Message: searchTooLong, Err: err}
	}
	return page, err
}

// searchTooLong is what a client gets to know when searchDeadline has passed.
const searchTooLong = "The search took longer than 2 minutes. Please try again later, or search with smaller pages, " +
	"fewer experiments or a narrower filter."

func (s *Store) searchRuns(ctx context.Context, p SearchRunsParams, stats *explain.Explanation) (Page[foundRun], error) {
	var page Page[foundRun]
	search, err := s.newRunSearch(p)
	if err != nil {
		return page, err
	}
	search.stats, search.began = stats, s.clock()
	if search.indexes, err = s.settings.fresh(ctx); err != nil {
		return page, failure(err)
	}
	if search.states, err = s.experimentStates(ctx, p.ExperimentIDs); err != nil {
		return page, failure(err)
	}
	var last filter.Tuple
	if page.Items, last, err = search.find(ctx); err != nil {
		return page, failure(err)
	}
	page.NextPageToken = search.token(last)
	return page, nil
}

// AllRuns iterates over all pages of SearchRuns. It stops at the first error,
// which it yields.
func (s *Store) AllRuns(ctx context.Context, p SearchRunsParams) iter.Seq2[*Run, error] {
	return allPages(func(token string) (Page[*Run], error) {
		if token != "" {
			p.PageToken = token
		}
		return s.SearchRuns(ctx, p)
	})
}

func allPages[T any](fetch func(token string) (Page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for token := ""; ; {
			page, err := fetch(token)
			if err != nil {
				var zero T
				yield(zero, err)
				return
			}
			for _, x := range page.Items {
				if !yield(x, nil) {
					return
				}
			}
			if token = page.NextPageToken; token == "" {
				return
			}
		}
	}
}

// runSearch is one request for runs.
type runSearch struct {
	s      *Store
	query  *runfilter.Query
	view   ViewType
	states []*expState
	openedPage

	began   time.Time
	indexes *configuration
	stats   *explain.Explanation
	plans   map[string]*runPlan // by experiment
	fetched map[string]bool     // runs looked up by now
	row     runRow              // scratch
	tuple   filter.Tuple        // scratch
}

// find returns the runs of the page, and the position to continue from, nil
// at the end.
func (rs *runSearch) find(ctx context.Context) ([]foundRun, filter.Tuple, error) {
	switch ids := rs.planOf(&expState{}).ids; {
	case ids != nil:
		return rs.byID(ctx, ids)
	case isDefaultOrder(rs.query.Order):
		return rs.inListOrder(ctx)
	default:
		return rs.inOtherOrder(ctx)
	}
}

func (rs *runSearch) limits() *searchLimits { return &rs.s.limits }

// planOf returns the plan for one experiment.
func (rs *runSearch) planOf(e *expState) *runPlan {
	p, ok := rs.plans[e.id]
	if !ok {
		p = &runPlan{}
		if !rs.s.listOnly {
			*p = planRuns(rs.query, experimentIndexes{rs.indexes, e.id})
		}
		rs.plans[e.id] = p
	}
	return p
}

// experimentIndexes are the indexes of the runs of one experiment.
type experimentIndexes struct {
	*configuration
	exp string
}

func (x experimentIndexes) basics() bool { return x.indexedField(fieldRunName) }

func (x experimentIndexes) datasets() bool { return x.indexedDatasets }

func (x experimentIndexes) tag(key string) bool { return x.basics() && x.completeTag(x.exp, key) }

func (x experimentIndexes) trigrams(field string) bool { return x.indexedField(field) }

// page cuts what was found to a page, and returns the position behind it; nil
// at the end. bound is how far the search got, if not to the end.
func (rs *runSearch) page(found []foundRun, bound filter.Tuple) ([]foundRun, filter.Tuple, error) {
	order := rs.query.Order
	place := func(f foundRun) filter.Tuple {
		return rs.query.AppendPlace(nil, &runRow{packedRun: f.it.packed, e: f.it.e})
	}
	compare := func(a, b foundRun) int { return order.Compare(a.tuple, b.tuple) }
	if isDefaultOrder(order) {
		compare = func(a, b foundRun) int { return inDefaultOrder(a.it.packed, b.it.packed) }
	}
	if !slices.IsSortedFunc(found, compare) {
		slices.SortFunc(found, compare)
	}
	for bound != nil && len(found) > 0 && order.Compare(place(found[len(found)-1]), bound) > 0 {
		found = found[:len(found)-1]
	}
	if len(found) <= rs.max {
		return found, bound, nil
	}
	found = found[:rs.max]
	return found, place(found[rs.max-1]), nil
}

// byID is the search among the runs that the filter names.
func (rs *runSearch) byID(ctx context.Context, ids []string) ([]foundRun, filter.Tuple, error) {
	rs.stats.Say("run ids")
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	ids = slices.DeleteFunc(ids, func(id string) bool { return len(id) > longestRunID })
	best := rs.firsts()
	runs, err := rs.s.readRuns(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	for _, l := range runs {
		if l == nil {
			continue
		}
		for _, e := range rs.states {
			if e.id == l.head.exp {
				rs.offer(best, e, l.packed())
			}
		}
	}
	return rs.pageOf(best, nil)
}

func (s *Store) newRunSearch(p SearchRunsParams) (*runSearch, error) {
	most, err := pageSize(p.MaxResults, defaultSearchResults, maxSearchResults, validateMaxResults)
	if err != nil {
		return nil, err
	}
	q, err := runfilter.Parse(p.Filter, p.OrderBy)
	if err != nil {
		return nil, filterError(err)
	}
	for _, id := range p.ExperimentIDs {
		if err := validateExperimentID(id); err != nil {
			return nil, err
		}
	}
	rs := &runSearch{
		s: s, query: q, view: p.View, plans: map[string]*runPlan{}, fetched: map[string]bool{},
	}
	parts := append([]string{strconv.Itoa(int(p.View))}, sortedIDs(p.ExperimentIDs)...)
	rs.openedPage, err = openPage(p.PageToken, most, q.Order, "runs", q.Filter(), parts...)
	return rs, err
}

// parsePosition reads a page token of a search in that order.
func parsePosition(token string, d digest, order filter.Order) (filter.Tuple, error) {
	if token == "" {
		return nil, nil
	}
	b, err := decodeToken(token, d)
	if err != nil {
		return nil, err
	}
	t, err := filter.ParseTuple(b)
	if err != nil || !order.Fits(t) {
		return nil, invalidf("Invalid page token")
	}
	return t, nil
}

// sortedIDs returns experiment ids in their canonical form, each once.
func sortedIDs(ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = canonicalID(id)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func filterError(err error) error {
	if f, ok := errors.AsType[*filter.Error](err); ok {
		return &Error{Code: CodeInvalidParameterValue, Message: f.Message}
	}
	return err
}

// experimentStates reads the states of those experiments that exist.
func (s *Store) experimentStates(ctx context.Context, ids []string) ([]*expState, error) {
	ids = sortedIDs(ids)
	ks := make([]table.Key, len(ids))
	byPK := make(map[string]string, len(ids))
	for i, id := range ids {
		ks[i] = s.ks.Experiment(id)
		byPK[ks[i].PK] = id
	}
	read := s.clock()
	items, err := s.t.BatchGet(ctx, ks, table.Strong)
	if err != nil {
		return nil, err
	}
	states := make([]*expState, 0, len(items))
	for _, it := range items {
		e, err := decodeExperiment(byPK[it.Key.PK], it)
		if err != nil {
			return nil, err
		}
		if e == nil {
			continue
		}
		st := stateOf(e)
		s.rememberState(e.id, st, read)
		states = append(states, st)
	}
	return states, nil
}

// isDefaultOrder reports whether the order is that of the run list.
func isDefaultOrder(o filter.Order) bool {
	return len(o) == 2 && o[0].Attr == runfilter.StartTime && o[0].Desc && o[1].Attr == runfilter.RunID && !o[1].Desc
}

// matches reports whether a run is in the view and satisfies the filter.
func (rs *runSearch) matches(row *runRow) bool {
	return rs.view.shows(row.stage(row.e)) && rs.query.Match(row)
}

// shows reports whether entities of a stage are in the view.
func (v ViewType) shows(stage LifecycleStage) bool {
	switch v {
	case ViewAll:
		return true
	case ViewDeletedOnly:
		return stage == StageDeleted
	default:
		return stage == StageActive
	}
}

// unpackRun returns a run that was found, with its datasets; with the model
// inputs too if asked: as in MLflow, searches leave them out.
func (s *Store) unpackRun(ctx context.Context, f foundRun, models bool) (*Run, error) {
	p := f.it.packed
	r := p.run(f.it.e)
	if models {
		for d := p.dict(sectionModels); len(d) > 0; d = d[2:] {
			r.Inputs.Models = append(r.Inputs.Models, d[0])
		}
	}
	refs, err := parseDatasetRefs(p.dict(sectionInputs))
	if err != nil {
		return nil, err
	}
	for _, ref := range refs {
		d, err := s.dataset(ctx, p.exp, ref)
		if err != nil {
			return nil, err
		}
		r.Inputs.Datasets = append(r.Inputs.Datasets, DatasetInput{Dataset: d, Tags: ref.tags.tags()})
	}
	return r, nil
}
