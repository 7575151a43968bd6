package dynamodbstore

import (
	"context"
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// openRun is a run whose index rows may lag behind.
type openRun struct {
	place  string
	id     string
	gen    int64
	open   bool  // it has not settled
	marked int64 // when it was written, ms
}

// openRuns returns the runs of an experiment that index rows may not show as
// they are, but for those that have been fetched already. Call it after all
// index rows have been read: a run that has settled, moved or opened since
// then still has an open row, for no search takes as long as openRowGrace.
// 1 RCU for each 4 KB of open rows, and for each run its list row, or 2 RCU.
func (rs *runSearch) openRuns(ctx context.Context, e *expState, behind string) ([]*packedRun, error) {
	open, err := rs.readOpenRows(ctx, e, behind)
	if err != nil || len(open) == 0 {
		return nil, err
	}
	byPlace := make(map[string]openRun, len(open))
	places := make([]string, 0, len(open))
	for _, o := range open {
		byPlace[o.place] = o
		places = append(places, o.place)
	}
	rows, err := rs.listRows(ctx, e, places)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		o := byPlace[row.Key.SK]
		delete(byPlace, row.Key.SK)
		rs.s.considerOpenRow(ctx, e, o, row)
	}
	for _, o := range byPlace { // without a list row: expired, or never finished
		rs.s.considerOpenRow(ctx, e, o, table.Item{})
	}
	rs.stats.OpenRuns += len(rows)
	return rs.s.newRunStream(e, "", 0).resolve(ctx, rows)
}

// readOpenRows returns the open runs behind a place that have not been fetched.
func (rs *runSearch) readOpenRows(ctx context.Context, e *expState, behind string) (map[string]openRun, error) {
	open := map[string]openRun{}
	// Downwards, open rows come first: a run that settles meanwhile has its
	// settled row before it loses its open one, and is found under either.
	q := table.Query{PK: rs.s.ks.OpenPK(e.id), Descending: true}
	q.From, q.To = keys.OpenRange(rs.began.Add(-openRowGrace).UnixMilli())
	for row, err := range table.Items(ctx, rs.s.t, q) {
		if err != nil {
			return nil, err
		}
		o, err := keys.ParseOpenSK(row.Key.SK)
		if err != nil {
			return nil, err
		}
		place := keys.RunRowSK(row.Num(keys.Start), o.Run)
		if _, known := open[o.Run]; !known && place >= behind && !rs.fetched[o.Run] {
			_, expires := row.Get(table.TTLAttr)
			open[o.Run] = openRun{place, o.Run, o.Gen, !o.Settled && !expires, row.Num(keys.Changed)}
		}
	}
	return open, nil
}

// listRows reads rows of a run list, in order; those that are gone are left
// out. 1 RCU for each 4 KB of each row.
func (rs *runSearch) listRows(ctx context.Context, e *expState, places []string) ([]table.Item, error) {
	wanted := make([]table.Key, len(places))
	pk := rs.s.ks.RunsPK(e.id)
	for i, p := range places {
		wanted[i] = table.Key{PK: pk, SK: p}
	}
	rows, err := rs.s.t.BatchGet(ctx, wanted, table.Strong)
	slices.SortFunc(rows, func(a, b table.Item) int { return strings.Compare(a.Key.SK, b.Key.SK) })
	return rows, err
}

// fetch reads the runs at some places, in order.
func (rs *runSearch) fetch(ctx context.Context, stream *runStream, places []string) ([]*packedRun, error) {
	rows, err := rs.listRows(ctx, stream.e, places)
	if err != nil {
		return nil, err
	}
	rs.stats.Fetched += len(rows)
	return stream.resolve(ctx, rows)
}

// considerOpenRow queues what an open row shows to be left to do.
func (s *Store) considerOpenRow(ctx context.Context, e *expState, o openRun, row table.Item) {
	if !o.open {
		return
	}
	idle := idleRun{ctx: ctx, exp: e.id, id: o.id, part: 1, gen: o.gen}
	idle.start, _, _ = keys.ParseRunRowSK(o.place)
	_, indexed := row.Get(keys.Indexed)
	closed := row.Str(keys.State) == keys.StateClosed
	age := s.nowMillis() - o.marked
	switch {
	case row.IsZero():
		idle.orphan = true
		if age >= abandonedAfter.Milliseconds() {
			s.settling.add(idle)
		}
	case closed && indexed && row.Num(keys.Gen) >= o.gen: // nobody opens that generation any more
		idle.stale = true
		s.settling.add(idle)
	case closed && (row.Num(keys.Gen) < o.gen || !indexed) && age >= s.idleAfter(o.gen).Milliseconds():
		s.settling.add(idle)
	}
}
