package dynamodbstore

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
)

// inOtherOrder is the search in any order but that of the run list. It returns
// the position to continue from, nil at the end.
func (rs *runSearch) inOtherOrder(ctx context.Context) ([]foundRun, filter.Tuple, error) {
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
func (rs *runSearch) firsts() *firsts[expRun] {
	return &firsts[expRun]{
		order: rs.query.Order, max: rs.max + 1, most: rs.limits().held, size: func(r expRun) int { return r.packed.size() },
	}
}

// pageOf is page of what is best, which may be less than there is.
func (rs *runSearch) pageOf(best *firsts[expRun], bound filter.Tuple) ([]foundRun, filter.Tuple, error) {
	found := best.take()
	if best.cut {
		if last := found[len(found)-1].tuple; bound == nil || rs.query.Order.Compare(last, bound) < 0 {
			bound = last
		}
	}
	return rs.page(found, bound)
}

// offerAll offers the runs of one experiment that may be on the page. After
// too many it stops and returns how far it got.
func (rs *runSearch) offerAll(ctx context.Context, e *expState, best *firsts[expRun]) (filter.Tuple, error) {
	p := rs.planOf(e)
	if len(p.sources) > 0 {
		c, err := rs.runProber(e.id).collect(ctx, p.sources, keys.First)
		if err != nil {
			return nil, err
		}
		if c.few && (p.order == nil || len(c.places) <= rs.limits().sorted) {
			rs.stats.Say("few candidates from indexes, sorted")
			return nil, rs.offerPlaces(ctx, e, best, c.places)
		}
	}
	if p.order == nil {
		rs.stats.Say("all runs, sorted")
		return nil, rs.offerList(ctx, e, best)
	}
	rs.stats.Say("index in the order of the search")
	w := &orderWalk{rs: rs, e: e, o: p.order, rows: rs.orderRows(e, p.order), list: rs.s.newRunStream(e, "", 0)}
	if err := w.offer(ctx, best); err != nil {
		return nil, err
	}
	return w.bound, rs.offerOpen(ctx, e, best)
}

// offerPlaces offers the runs at some places, and those that are open.
func (rs *runSearch) offerPlaces(ctx context.Context, e *expState, best *firsts[expRun], places []string) error {
	stream := rs.s.newRunStream(e, "", 0)
	for len(places) > 0 {
		n := min(len(places), rs.limits().most)
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
func (rs *runSearch) offerOpen(ctx context.Context, e *expState, best *firsts[expRun]) error {
	open, err := rs.openRuns(ctx, e, "")
	for _, p := range open {
		rs.offer(best, e, p)
	}
	return err
}

// offerList offers all runs of an experiment.
func (rs *runSearch) offerList(ctx context.Context, e *expState, best *firsts[expRun]) error {
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
func (rs *runSearch) offer(best *firsts[expRun], e *expState, p *packedRun) {
	rs.row = runRow{packedRun: p, e: e}
	if !rs.matches(&rs.row) {
		return
	}
	rs.tuple = rs.query.AppendPlace(rs.tuple[:0], &rs.row)
	if rs.isAhead(rs.tuple) {
		best.offer(expRun{e, p}, rs.tuple)
	}
}

// isAhead reports whether a place in the order is behind the position that
// the search continues from.
func (rs *runSearch) isAhead(t filter.Tuple) bool {
	return rs.after == nil || rs.query.Order.Compare(t, rs.after) > 0
}
