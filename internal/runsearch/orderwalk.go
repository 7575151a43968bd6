package runsearch

import (
	"context"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/page"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/tracking"
)

// orderWalk looks at the settled runs of one experiment in the order of the
// search: first those with a value, along its index, then those without one.
type orderWalk struct {
	rs     *runSearch
	e      *experiment.State
	o      *index.Order
	rows   *valueRows
	list   *runStream
	looked int          // rows so far
	offers int          // matching runs behind the position so far
	bound  filter.Tuple // how far it got, if it stopped before the end
}

// offer offers runs until no later one can be on the page.
func (w *orderWalk) offer(ctx context.Context, best *page.Firsts[tracking.ExpRun]) error {
	for w.offers <= w.rs.Max && w.bound == nil {
		rows, err := w.nextRows(ctx)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return w.offerRest(ctx, best)
		}
		last, err := w.offerRows(ctx, best, rows)
		if err != nil {
			return err
		}
		// Ties that are read again for their order are no progress.
		if w.looked += len(rows); w.looked > w.rs.limits().Scanned && last != nil && w.rs.isAhead(last) {
			w.bound = last
		}
	}
	return nil
}

// nextRows returns the next rows whose runs can be offered together: where
// the index does not tell the order of the runs of one value, all of those.
func (w *orderWalk) nextRows(ctx context.Context) ([]indexRow, error) {
	n := min(max(w.rs.Max+1-w.offers, w.looked), w.rs.limits().Most)
	var rows []indexRow
	for {
		row, ok, err := w.rows.peek(ctx)
		if err != nil || !ok {
			return rows, err
		}
		grouped := !w.o.Simple || isCut(w.o.Kind, row.value)
		switch {
		case len(rows) == 0:
		case grouped && row.value != rows[0].value, !grouped && len(rows) >= n:
			return rows, nil
		}
		rows = append(rows, row)
		w.rows.take()
	}
}

// offerRows fetches the runs of some rows and offers those that still have the
// row's value. It returns the place of the last one in the order.
func (w *orderWalk) offerRows(ctx context.Context, best *page.Firsts[tracking.ExpRun], rows []indexRow) (last filter.Tuple, err error) {
	values := make(map[string][]string, len(rows)) // by place: a stale row, and the one in its place
	places := make([]string, 0, len(rows))
	for _, r := range rows {
		if values[r.place] == nil {
			places = append(places, r.place)
		}
		values[r.place] = append(values[r.place], r.value)
	}
	for len(places) > 0 {
		n := min(len(places), w.rs.limits().Most)
		runs, err := w.rs.fetch(ctx, w.list, places[:n])
		if err != nil {
			return nil, err
		}
		for _, p := range runs {
			if t := w.offerRun(best, p, values[keys.RunRowSK(p.Start, p.ID)]); t != nil && (last == nil || w.rs.query.Order.Compare(t, last) > 0) {
				last = page.CloneTuple(t)
			}
		}
		places = places[n:]
	}
	return last, nil
}

// offerRun offers a run if it has one of the values, and returns its place in the
// order; nil if it has another value: then another row or an open row leads
// to it.
func (w *orderWalk) offerRun(best *page.Firsts[tracking.ExpRun], p *run.Packed, values []string) filter.Tuple {
	rs := w.rs
	rs.row = run.View{Packed: p, E: w.e}
	rs.tuple = rs.query.AppendPlace(rs.tuple[:0], &rs.row)
	if v, ok := elementValue(&rs.tuple[0]); !ok || !slices.Contains(values, v) || rs.fetched[p.ID] {
		return nil
	}
	rs.fetched[p.ID] = true
	if rs.matches(&rs.row) && rs.isAhead(rs.tuple) {
		w.offers++
		best.Offer(tracking.ExpRun{E: w.e, Packed: p}, rs.tuple)
	}
	return rs.tuple
}

// offerRest offers the runs that have no value, which come last.
func (w *orderWalk) offerRest(ctx context.Context, best *page.Firsts[tracking.ExpRun]) error {
	rs := w.rs
	after := ""
	if w.o.Simple && rs.After != nil && rs.After[0].Kind == filter.ElementNull {
		after = keys.RunRowSK(rs.After[1].Int, rs.After[2].Str)
	}
	list := rs.s.newRunStream(w.e, after, w.rs.limits().Least)
	for !w.o.Simple || w.offers <= rs.Max {
		p, err := list.peek(ctx)
		if err != nil || p == nil {
			return err
		}
		if list.take(); len(list.rows) == 0 {
			list.q.Limit = min(2*list.q.Limit, rs.limits().Collected)
		}
		rs.stats.ListRows++
		w.offerWithout(best, p)
		if w.looked++; w.o.Simple && w.looked > rs.limits().Scanned {
			w.bound = rs.query.AppendPlace(nil, &run.View{Packed: p, E: w.e})
			w.bound[0] = filter.Element{}
			return nil
		}
	}
	return nil
}

// offerWithout offers a run if it has no value.
func (w *orderWalk) offerWithout(best *page.Firsts[tracking.ExpRun], p *run.Packed) {
	rs := w.rs
	rs.row = run.View{Packed: p, E: w.e}
	rs.tuple = rs.query.AppendPlace(rs.tuple[:0], &rs.row)
	if rs.tuple[0].Kind != filter.ElementNull || rs.fetched[p.ID] {
		return
	}
	rs.fetched[p.ID] = true
	if rs.matches(&rs.row) && rs.isAhead(rs.tuple) {
		w.offers++
		best.Offer(tracking.ExpRun{E: w.e, Packed: p}, rs.tuple)
	}
}
