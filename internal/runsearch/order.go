package runsearch

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/page"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/tracking"
)

// inOtherOrder is the search in any order but that of the run list. It returns
// the position to continue from, nil at the end.
func (rs *runSearch) inOtherOrder(ctx context.Context) ([]tracking.FoundRun, filter.Tuple, error) {
	best := rs.firsts()
	var bound filter.Tuple
	for _, e := range rs.states {
		b, err := rs.offerAll(ctx, e, best)
		if err != nil {
			return nil, nil, err
		}
		if b != nil && (bound == nil || rs.query.Order.Compare(b, bound) < 0) {
			bound = b
		}
	}
	return rs.pageOf(best, bound)
}

// firsts keeps the runs of the page, and one more.
func (rs *runSearch) firsts() *page.Firsts[tracking.ExpRun] {
	return &page.Firsts[tracking.ExpRun]{
		Order: rs.query.Order, Max: rs.Max + 1, Most: rs.limits().Held, Size: func(r tracking.ExpRun) int { return r.Packed.Size() },
	}
}

// pageOf is page of what is best, which may be less than there is.
func (rs *runSearch) pageOf(best *page.Firsts[tracking.ExpRun], bound filter.Tuple) ([]tracking.FoundRun, filter.Tuple, error) {
	found := best.Take()
	if best.Cut {
		if last := found[len(found)-1].Tuple; bound == nil || rs.query.Order.Compare(last, bound) < 0 {
			bound = last
		}
	}
	return rs.page(found, bound)
}

// offerAll offers the runs of one experiment that may be on the page. After
// too many it stops and returns how far it got.
func (rs *runSearch) offerAll(ctx context.Context, e *experiment.State, best *page.Firsts[tracking.ExpRun]) (filter.Tuple, error) {
	p := rs.planOf(e)
	if len(p.Sources) > 0 {
		c, err := rs.runProber(e.ID).Collect(ctx, p.Sources, keys.First)
		if err != nil {
			return nil, err
		}
		if c.Few && (p.Order == nil || len(c.Places) <= rs.limits().Sorted) {
			rs.stats.Say("few candidates from indexes, sorted")
			return nil, rs.offerPlaces(ctx, e, best, c.Places)
		}
	}
	if p.Order == nil {
		rs.stats.Say("all runs, sorted")
		return nil, rs.offerList(ctx, e, best)
	}
	rs.stats.Say("index in the order of the search")
	w := &orderWalk{rs: rs, e: e, o: p.Order, rows: rs.orderRows(e, p.Order), list: rs.s.newRunStream(e, "", 0)}
	if err := w.offer(ctx, best); err != nil {
		return nil, err
	}
	return w.bound, rs.offerOpen(ctx, e, best)
}

// offerPlaces offers the runs at some places, and those that are open.
func (rs *runSearch) offerPlaces(ctx context.Context, e *experiment.State, best *page.Firsts[tracking.ExpRun], places []string) error {
	stream := rs.s.newRunStream(e, "", 0)
	for len(places) > 0 {
		n := min(len(places), rs.limits().Most)
		for _, p := range places[:n] {
			rs.markFetched(p)
		}
		runs, err := rs.fetch(ctx, stream, places[:n])
		if err != nil {
			return err
		}
		for _, p := range runs {
			rs.offer(best, e, p)
		}
		places = places[n:]
	}
	return rs.offerOpen(ctx, e, best)
}

// offerOpen offers the open runs that have not been fetched.
func (rs *runSearch) offerOpen(ctx context.Context, e *experiment.State, best *page.Firsts[tracking.ExpRun]) error {
	open, err := rs.openRuns(ctx, e, "")
	for _, p := range open {
		rs.offer(best, e, p)
	}
	return err
}

// offerList offers all runs of an experiment.
func (rs *runSearch) offerList(ctx context.Context, e *experiment.State, best *page.Firsts[tracking.ExpRun]) error {
	list := rs.s.newRunStream(e, "", 0)
	for {
		p, err := list.peek(ctx)
		if err != nil || p == nil {
			return err
		}
		rs.stats.ListRows++
		rs.offer(best, e, p)
		list.take()
	}
}

// offer adds a run to the best ones if it matches and is behind the position.
func (rs *runSearch) offer(best *page.Firsts[tracking.ExpRun], e *experiment.State, p *run.Packed) {
	rs.row = run.View{Packed: p, E: e}
	if !rs.matches(&rs.row) {
		return
	}
	rs.tuple = rs.query.AppendPlace(rs.tuple[:0], &rs.row)
	if rs.isAhead(rs.tuple) {
		best.Offer(tracking.ExpRun{E: e, Packed: p}, rs.tuple)
	}
}

// isAhead reports whether a place in the order is behind the position that
// the search continues from.
func (rs *runSearch) isAhead(t filter.Tuple) bool {
	return rs.After == nil || rs.query.Order.Compare(t, rs.After) > 0
}
