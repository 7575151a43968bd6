package runsearch

import (
	"cmp"
	"context"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/fence"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/page"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// streamReaders bounds the lists that are read at once.
const streamReaders = 8

// runStream walks the run list of one experiment in the default order: start
// time descending, run id ascending. Settled runs come out of their covering
// rows, the others are read.
type runStream struct {
	s     *Store
	e     *experiment.State
	q     table.Query
	rows  []*run.Packed // read and not yet taken
	ended bool
	open  int // open runs met so far
}

// newRunStream begins behind the sort key after ("": at the start); limit
// bounds the rows of one request (0: 1 MB).
func (s *Store) newRunStream(e *experiment.State, after string, limit int) *runStream {
	return &runStream{s: s, e: e, q: table.Query{
		PK: s.Keys.RunsPK(e.ID), From: "0", To: keys.Last, After: after, Limit: limit,
	}}
}

// peek returns the next run without taking it; nil at the end.
func (rs *runStream) peek(ctx context.Context) (*run.Packed, error) {
	for len(rs.rows) == 0 && !rs.ended {
		if err := rs.fill(ctx); err != nil {
			return nil, err
		}
	}
	if len(rs.rows) == 0 {
		return nil, nil //nolint:nilnil // nil is the end
	}
	return rs.rows[0], nil
}

func (rs *runStream) take() { rs.rows = rs.rows[1:] }

// fill reads one page of the list.
func (rs *runStream) fill(ctx context.Context) error {
	page, err := rs.s.Table.Query(ctx, rs.q)
	if err != nil {
		return err
	}
	rs.q.After, rs.ended = page.Next, page.Next == ""
	rs.rows, err = rs.resolve(ctx, page.Items)
	return err
}

// resolve turns list rows into runs, in their order; rows of runs that do not
// exist are left out.
func (rs *runStream) resolve(ctx context.Context, rows []table.Item) ([]*run.Packed, error) {
	out := make([]*run.Packed, len(rows))
	var open []int
	for i, row := range rows {
		if err := document.CheckVersion(row); err != nil {
			return nil, err
		}
		packed, ok := row.Get(keys.Packed)
		if !ok || row.Str(keys.State) != keys.StateClosed {
			open = append(open, i)
			continue
		}
		_, id, err := keys.ParseRunRowSK(row.Key.SK)
		if err != nil {
			return nil, err
		}
		if out[i], err = run.ParsePacked(id, packed.Str()); err != nil {
			return nil, err
		}
	}
	rs.open += len(open)
	if rs.open > fence.Crowd {
		rs.s.fence.ClearCrowd(ctx, rs.e.ID)
	}
	for len(open) > 0 {
		n := min(len(open), fence.OpenBatch)
		if err := rs.resolveOpen(ctx, rows, open[:n], out); err != nil {
			return nil, err
		}
		open = open[n:]
	}
	found := out[:0]
	for _, p := range out {
		if p != nil {
			found = append(found, p)
		}
	}
	return found, nil
}

// resolveOpen reads the runs of the rows with the given indexes.
func (rs *runStream) resolveOpen(ctx context.Context, rows []table.Item, at []int, out []*run.Packed) error {
	ids := make([]string, len(at))
	for n, i := range at {
		_, id, err := keys.ParseRunRowSK(rows[i].Key.SK)
		if err != nil {
			return err
		}
		ids[n] = id
	}
	runs, err := rs.s.fence.ReadRuns(ctx, ids)
	if err != nil {
		return err
	}
	for n, l := range runs {
		row := rows[at[n]]
		if row.Str(keys.State) == keys.StateOpen {
			start, _, _ := keys.ParseRunRowSK(row.Key.SK)
			rs.considerSettling(ctx, fence.IdleRun{ID: ids[n], Start: start, Gen: row.Num(keys.Gen)}, l, row.Num(keys.Changed))
		}
		if l != nil {
			out[at[n]] = l.Packed()
		}
	}
	return nil
}

// considerSettling queues a run whose rows lag behind although nobody is at it
// any more; the sooner, the more such runs searches have to read. l is the run,
// nil if there is only the row that was written at the given time.
func (rs *runStream) considerSettling(ctx context.Context, r fence.IdleRun, l *run.Loaded, marked int64) {
	r.Exp, r.Part = rs.e.ID, 1
	if r.Orphan = l == nil; r.Orphan {
		if rs.s.NowMillis()-marked >= workspace.AbandonedAfter.Milliseconds() {
			rs.s.fence.SettleLater(ctx, r)
		}
		return
	}
	if rs.open <= fence.Crowd && rs.s.fence.IsIdle(l, r.Part) {
		rs.s.fence.SettleLater(ctx, r)
	}
}

// mergedRuns merges the runs of several experiments in the default order.
// It reads no further than the run it was asked for.
type mergedRuns struct {
	streams []*listSearch
	heads   []streamHead // a heap by the next run of each
	begun   bool
	taken   bool // whether the first run of heads has been returned
}

// next returns the search whose first run is the next one; nil at the end.
func (m *mergedRuns) next(ctx context.Context) (*listSearch, error) {
	step := m.advance
	if !m.begun {
		step = m.begin
	}
	if err := step(ctx); err != nil || len(m.heads) == 0 {
		return nil, err
	}
	m.taken = true
	return m.heads[0].stream, nil
}

// advance replaces the run that was returned by its successor.
func (m *mergedRuns) advance(ctx context.Context) error {
	if !m.taken {
		return nil
	}
	m.taken = false
	first := m.heads[0]
	first.stream.take()
	head, err := first.stream.peek(ctx)
	if err != nil {
		return err
	}
	if head == nil {
		m.heads = page.PopHeap(m.heads, (*streamHead).before)
		return nil
	}
	m.heads[0].run = head
	page.SinkRoot(m.heads, (*streamHead).before)
	return nil
}

func (m *mergedRuns) begin(ctx context.Context) error {
	m.begun = true
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(streamReaders)
	for _, l := range m.streams {
		g.Go(func() error { return l.list.fill(gctx) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, l := range m.streams {
		l.adopt()
		first, err := l.peek(ctx)
		if err != nil {
			return err
		}
		if first != nil {
			m.heads = page.PushHeap(m.heads, streamHead{first, l}, (*streamHead).before)
		}
	}
	return nil
}

type streamHead struct {
	run    *run.Packed
	stream *listSearch
}

// before orders streams by their next run.
func (h *streamHead) before(o *streamHead) bool { return inDefaultOrder(h.run, o.run) < 0 }

// inDefaultOrder compares runs by start time, latest first, then by id.
func inDefaultOrder(a, b *run.Packed) int {
	return cmp.Or(cmp.Compare(b.Start, a.Start), strings.Compare(a.ID, b.ID))
}
