package dynamodbstore

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

const (
	// maxSearchResults is the most runs or experiments of one page.
	// Source: MLflow 3.17, SEARCH_MAX_RESULTS_THRESHOLD.
	maxSearchResults = 50000
	// defaultSearchResults is the page size of a search that names none.
	defaultSearchResults = 1000
	// maxScanned is how many rows one request looks at in the default order
	// before it returns what it has with a token to go on.
	maxScanned = 100000
)

// foundRun is a run that a search has found.
type foundRun struct {
	state  *expState
	packed *packedRun
	tuple  filter.Tuple
}

// SearchRuns returns the runs of some experiments that match a filter, newest
// first unless OrderBy says otherwise. MaxResults 0 means 1,000. A page may be
// short, or empty, and still have a NextPageToken.
//
// Every run is as it was at some moment of the call. In the default order the
// call reads only up to the end of the page; any other order reads all runs of
// the experiments. A page of 100 small finished runs is 2 requests and 22
// RCU; each run that is not settled costs 2 RCU.
func (s *Store) SearchRuns(ctx context.Context, p SearchRunsParams) (Page[*Run], error) {
	var page Page[*Run]
	search, err := s.newRunSearch(p)
	if err != nil {
		return page, err
	}
	if search.states, err = s.experimentStates(ctx, p.ExperimentIDs); err != nil {
		return page, failure(err)
	}
	find := search.sorted
	if isDefaultOrder(search.query.Order) {
		find = search.stream
	}
	found, last, err := find(ctx)
	if err != nil {
		return page, failure(err)
	}
	if last != nil {
		page.NextPageToken = encodeToken(search.digest, filter.AppendTuple(nil, last))
	}
	page.Items, err = s.unpackRuns(ctx, found, false)
	return page, failure(err)
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
	query  *filter.RunQuery
	view   ViewType
	max    int
	digest digest
	after  filter.Tuple // position to continue behind; nil: the start
	states []*expState
}

func (s *Store) newRunSearch(p SearchRunsParams) (*runSearch, error) {
	if p.MaxResults == 0 {
		p.MaxResults = defaultSearchResults
	}
	if err := validateMaxResults(p.MaxResults, maxSearchResults); err != nil {
		return nil, err
	}
	q, err := filter.ParseRuns(p.Filter, p.OrderBy)
	if err != nil {
		return nil, filterError(err)
	}
	for _, id := range p.ExperimentIDs {
		if err := validateExperimentID(id); err != nil {
			return nil, err
		}
	}
	rs := &runSearch{s: s, query: q, view: p.View, max: p.MaxResults}
	parts := append([]string{"runs", q.Filter(), q.Order.String(), strconv.Itoa(int(p.View))}, sortedIDs(p.ExperimentIDs)...)
	rs.digest = queryDigest(parts...)
	rs.after, err = parsePosition(p.PageToken, rs.digest, q.Order)
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
		return &Error{Code: Code(f.Code), Message: f.Message}
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
	read := s.opts.clock()
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
	return len(o) == 2 && o[0].Attr == filter.AttrStartTime && o[0].Desc && o[1].Attr == filter.AttrRunID && !o[1].Desc
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

// runs returns all runs of the experiments, behind the position if the order
// is the default one.
func (rs *runSearch) runs(after string, limit int) *mergedRuns {
	m := &mergedRuns{}
	for _, e := range rs.states {
		m.streams = append(m.streams, rs.s.newRunStream(e, after, limit))
	}
	return m
}

// stream is the plan for the default order: walk the run lists until the page
// is full. It returns the position to continue from, nil at the end.
func (rs *runSearch) stream(ctx context.Context) ([]foundRun, filter.Tuple, error) {
	after, limit := "", 0
	if rs.after != nil {
		after = keys.RunRowSK(rs.after[0].Int, rs.after[1].Str)
	}
	if len(rs.query.Clauses) == 0 && rs.view != ViewDeletedOnly {
		limit = rs.max + 1
	}
	runs := rs.runs(after, limit)
	var found []foundRun
	row := &runRow{}
	for scanned := 0; ; scanned++ {
		p, e, err := runs.next(ctx)
		if err != nil {
			return nil, nil, err
		}
		if p == nil {
			return found, nil, nil
		}
		*row = runRow{packedRun: p, e: e}
		if rs.matches(row) {
			if len(found) == rs.max {
				last := &runRow{packedRun: found[rs.max-1].packed}
				return found, rs.query.Order.AppendRun(nil, last), nil
			}
			found = append(found, foundRun{state: e, packed: p})
		}
		if scanned == maxScanned {
			return found, rs.query.Order.AppendRun(nil, row), nil
		}
	}
}

// sorted is the plan for any other order: look at all runs and keep the first
// ones behind the position.
func (rs *runSearch) sorted(ctx context.Context) ([]foundRun, filter.Tuple, error) {
	runs := rs.runs("", 0)
	best := &topRuns{order: rs.query.Order, max: rs.max + 1}
	var scratch filter.Tuple
	row := &runRow{}
	for {
		p, e, err := runs.next(ctx)
		if err != nil {
			return nil, nil, err
		}
		if p == nil {
			break
		}
		*row = runRow{packedRun: p, e: e}
		if !rs.matches(row) {
			continue
		}
		scratch = rs.query.Order.AppendRun(scratch[:0], row)
		if rs.after == nil || rs.query.Order.Compare(scratch, rs.after) > 0 {
			best.offer(foundRun{state: e, packed: p}, scratch)
		}
	}
	found := best.take()
	if len(found) <= rs.max {
		return found, nil, nil
	}
	found = found[:rs.max]
	return found, found[rs.max-1].tuple, nil
}

// unpackRuns returns what was found, with its datasets; with the model inputs
// too if asked: as in MLflow, searches leave them out.
func (s *Store) unpackRuns(ctx context.Context, found []foundRun, models bool) ([]*Run, error) {
	runs := make([]*Run, len(found))
	for i, f := range found {
		runs[i] = f.packed.run(f.state)
		if models {
			for d := f.packed.dict(sectionModels); len(d) > 0; d = d[2:] {
				runs[i].Inputs.Models = append(runs[i].Inputs.Models, d[0])
			}
		}
		refs, err := parseDatasetRefs(f.packed.dict(sectionInputs))
		if err != nil {
			return nil, err
		}
		for _, ref := range refs {
			d, err := s.dataset(ctx, f.packed.exp, ref)
			if err != nil {
				return nil, err
			}
			runs[i].Inputs.Datasets = append(runs[i].Inputs.Datasets, DatasetInput{Dataset: d, Tags: ref.tags.tags()})
		}
	}
	return runs, nil
}

// topRuns keeps the first max runs of an order.
type topRuns struct {
	order filter.Order
	max   int
	runs  []foundRun // a heap whose root is the last in order, once it is full
}

func (t *topRuns) offer(f foundRun, tuple filter.Tuple) {
	if len(t.runs) < t.max {
		f.tuple = cloneTuple(tuple)
		t.runs = append(t.runs, f)
		t.up(len(t.runs) - 1)
		return
	}
	if t.order.Compare(tuple, t.runs[0].tuple) < 0 {
		f.tuple = cloneTuple(tuple)
		t.runs[0] = f
		t.down(0)
	}
}

func cloneTuple(t filter.Tuple) filter.Tuple {
	c := slices.Clone(t)
	for i := range c {
		c[i].Str = strings.Clone(c[i].Str)
	}
	return c
}

func (t *topRuns) after(i, j int) bool { return t.order.Compare(t.runs[i].tuple, t.runs[j].tuple) > 0 }

func (t *topRuns) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !t.after(i, parent) {
			return
		}
		t.runs[i], t.runs[parent] = t.runs[parent], t.runs[i]
		i = parent
	}
}

func (t *topRuns) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(t.runs) {
			return
		}
		if child+1 < len(t.runs) && t.after(child+1, child) {
			child++
		}
		if !t.after(child, i) {
			return
		}
		t.runs[i], t.runs[child] = t.runs[child], t.runs[i]
		i = child
	}
}

// take returns the runs in order.
func (t *topRuns) take() []foundRun {
	slices.SortFunc(t.runs, func(a, b foundRun) int { return t.order.Compare(a.tuple, b.tuple) })
	return t.runs
}
