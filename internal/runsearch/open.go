package runsearch

import (
	"context"
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/fence"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// openRun is a run whose index rows may lag behind.
type openRun struct {
	keys.OpenSK
	place  string
	start  int64
	marked int64 // when it was opened, ms
}

// openRuns returns the runs of an experiment that index rows may not show as
// they are, but for those that have been fetched already. Call it after all
// index rows have been read: a run that has settled, moved or opened since
// this search began is open or has settled lately. 1 RCU for each 4 KB of open
// rows, 2 RCU for each open run, 1 for each that has settled lately.
func (rs *runSearch) openRuns(ctx context.Context, e *experiment.State, behind string) ([]*run.Packed, error) {
	all, err := rs.readOpenRows(ctx, e, behind)
	if err != nil {
		return nil, err
	}
	rs.stats.OpenRuns += len(all)
	stream := rs.s.newRunStream(e, "", 0)
	var settled []string
	var open []openRun
	for _, o := range all {
		if o.Settled {
			settled = append(settled, o.place)
		} else {
			open = append(open, o)
		}
	}
	if stream.open = len(open); stream.open > fence.Crowd {
		rs.s.fence.ClearCrowd(ctx, e.ID)
	}
	rows, err := rs.listRows(ctx, e, settled)
	if err != nil {
		return nil, err
	}
	runs, err := stream.resolve(ctx, rows)
	if err != nil {
		return nil, err
	}
	for batch := range slices.Chunk(open, fence.OpenBatch) {
		if runs, err = stream.appendOpen(ctx, runs, batch); err != nil {
			return nil, err
		}
	}
	return runs, nil
}

// appendOpen reads open runs.
func (rs *runStream) appendOpen(ctx context.Context, runs []*run.Packed, open []openRun) ([]*run.Packed, error) {
	ids := make([]string, len(open))
	for i, o := range open {
		ids[i] = o.Run
	}
	loaded, err := rs.s.fence.ReadRuns(ctx, ids)
	if err != nil {
		return nil, err
	}
	for i, l := range loaded {
		rs.considerSettling(ctx, fence.IdleRun{ID: ids[i], Start: open[i].start, Gen: open[i].Gen}, l, open[i].marked)
		if l != nil {
			runs = append(runs, l.Packed())
		}
	}
	return runs, nil
}

// readOpenRows returns the open runs behind a place that have not been fetched.
func (rs *runSearch) readOpenRows(ctx context.Context, e *experiment.State, behind string) (map[string]openRun, error) {
	open := map[string]openRun{}
	// Downwards, open rows come first: a run that settles meanwhile has its
	// settled row before it loses its open one, and is found under either.
	q := table.Query{PK: rs.s.Keys.OpenPK(e.ID), Descending: true}
	since := rs.began.Add(-fence.SettledLately)
	if table.Exclusive(rs.s.Table) {
		since = rs.began.Add(-fence.OwnLately)
	}
	q.From, q.To = keys.OpenRange(since.UnixMilli())
	for row, err := range table.Items(ctx, rs.s.Table, q) {
		if err != nil {
			return nil, err
		}
		o, err := keys.ParseOpenSK(row.Key.SK)
		if err != nil {
			return nil, err
		}
		if o.Settled && row.Str(keys.By) == rs.s.Writer && o.At < rs.began.Add(-fence.OwnLately).UnixMilli() {
			continue // its index rows were there when this search began
		}
		place := keys.RunRowSK(row.Num(keys.Start), o.Run)
		if _, known := open[o.Run]; !known && place >= behind && !rs.fetched[o.Run] {
			open[o.Run] = openRun{o, place, row.Num(keys.Start), row.Num(keys.Changed)}
		}
	}
	return open, nil
}

// listRows reads rows of a run list, in order; those that are gone are left
// out. 1 RCU for each 4 KB of each row.
func (rs *runSearch) listRows(ctx context.Context, e *experiment.State, places []string) ([]table.Item, error) {
	wanted := make([]table.Key, len(places))
	pk := rs.s.Keys.RunsPK(e.ID)
	for i, p := range places {
		wanted[i] = table.Key{PK: pk, SK: p}
	}
	rows, err := rs.s.Table.BatchGet(ctx, wanted, table.Strong)
	slices.SortFunc(rows, func(a, b table.Item) int { return strings.Compare(a.Key.SK, b.Key.SK) })
	return rows, err
}

// fetch reads the runs at some places, in order.
func (rs *runSearch) fetch(ctx context.Context, stream *runStream, places []string) ([]*run.Packed, error) {
	rows, err := rs.listRows(ctx, stream.e, places)
	if err != nil {
		return nil, err
	}
	rs.stats.Fetched += len(rows)
	return stream.resolve(ctx, rows)
}
