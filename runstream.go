package dynamodbstore

import (
	"cmp"
	"context"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

const (
	// openBatch is how many open runs are read in one request: head and
	// registers each.
	openBatch = table.MaxBatchGet / 2
	// streamReaders bounds the lists that are read at once.
	streamReaders = 8
)

// runStream walks the run list of one experiment in the default order: start
// time descending, run id ascending. Settled runs come out of their covering
// rows, the others are read.
type runStream struct {
	s     *Store
	e     *expState
	q     table.Query
	rows  []*packedRun // read and not yet taken
	ended bool
	open  int // open runs met so far
}

// newRunStream begins behind the sort key after ("": at the start); limit
// bounds the rows of one request (0: 1 MB).
func (s *Store) newRunStream(e *expState, after string, limit int) *runStream {
	return &runStream{s: s, e: e, q: table.Query{
		PK: s.ks.RunsPK(e.id), From: "0", To: keys.Last, After: after, Limit: limit,
	}}
}

// peek returns the next run without taking it; nil at the end.
func (rs *runStream) peek(ctx context.Context) (*packedRun, error) {
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
	page, err := rs.s.t.Query(ctx, rs.q)
	if err != nil {
		return err
	}
	rs.q.After, rs.ended = page.Next, page.Next == ""
	rs.rows, err = rs.resolve(ctx, page.Items)
	return err
}

// resolve turns list rows into runs, in their order; rows of runs that do not
// exist are left out.
func (rs *runStream) resolve(ctx context.Context, rows []table.Item) ([]*packedRun, error) {
	out := make([]*packedRun, len(rows))
	var open []int
	for i, row := range rows {
		if err := checkVersion(row); err != nil {
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
		if out[i], err = parsePacked(id, packed.Str()); err != nil {
			return nil, err
		}
	}
	rs.open += len(open)
	if rs.open > crowd {
		rs.s.clearCrowd(ctx, rs.e.id)
	}
	for len(open) > 0 {
		n := min(len(open), openBatch)
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
func (rs *runStream) resolveOpen(ctx context.Context, rows []table.Item, at []int, out []*packedRun) error {
	ids := make([]string, len(at))
	for n, i := range at {
		_, id, err := keys.ParseRunRowSK(rows[i].Key.SK)
		if err != nil {
			return err
		}
		ids[n] = id
	}
	runs, err := rs.s.readRuns(ctx, ids)
	if err != nil {
		return err
	}
	for n, l := range runs {
		row := rows[at[n]]
		if row.Str(keys.State) == keys.StateOpen {
			start, _, _ := keys.ParseRunRowSK(row.Key.SK)
			rs.considerSettling(ctx, idleRun{id: ids[n], start: start, gen: row.Num(keys.Gen)}, l, row.Num(keys.Changed))
		}
		if l != nil {
			out[at[n]] = l.packed()
		}
	}
	return nil
}

// readRuns reads some runs, nil for those that do not exist. 2 RCU for each
// small one.
func (s *Store) readRuns(ctx context.Context, ids []string) ([]*loadedRun, error) {
	wanted := make([]table.Key, 0, 2*len(ids))
	for _, id := range ids {
		wanted = append(wanted, s.ks.Run(id), s.ks.RunMetrics(id, 0))
	}
	items, err := s.t.BatchGet(ctx, wanted, table.Strong)
	if err != nil {
		return nil, err
	}
	byRun := make(map[string][]table.Item, len(ids))
	for _, it := range items {
		byRun[it.Key.PK] = append(byRun[it.Key.PK], it)
	}
	runs := make([]*loadedRun, len(ids))
	for i, id := range ids {
		if runs[i], err = s.completeRun(ctx, id, byRun[s.ks.RunPK(id)]); err != nil {
			return nil, err
		}
	}
	return runs, nil
}

// completeRun assembles a run, reading its whole partition if it has more
// items than head and registers.
func (s *Store) completeRun(ctx context.Context, id string, items []table.Item) (*loadedRun, error) {
	l, err := assembleRun(id, items)
	if err != nil || l == nil || !l.head.frozen && l.shards == 0 {
		return l, err
	}
	return s.loadRun(ctx, id)
}

// considerSettling queues a run whose rows lag behind although nobody is at it
// any more; the sooner, the more such runs searches have to read. l is the run,
// nil if there is only the row that was written at the given time.
func (rs *runStream) considerSettling(ctx context.Context, r idleRun, l *loadedRun, marked int64) {
	r.exp, r.part = rs.e.id, 1
	if r.orphan = l == nil; r.orphan {
		if rs.s.nowMillis()-marked >= abandonedAfter.Milliseconds() {
			rs.s.settleLater(ctx, r)
		}
		return
	}
	if rs.open <= crowd && rs.s.isIdle(l, r.part) {
		rs.s.settleLater(ctx, r)
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
		m.heads = popHeap(m.heads, (*streamHead).before)
		return nil
	}
	m.heads[0].run = head
	sinkRoot(m.heads, (*streamHead).before)
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
			m.heads = pushHeap(m.heads, streamHead{first, l}, (*streamHead).before)
		}
	}
	return nil
}

type streamHead struct {
	run    *packedRun
	stream *listSearch
}

// before orders streams by their next run.
func (h *streamHead) before(o *streamHead) bool { return inDefaultOrder(h.run, o.run) < 0 }

// inDefaultOrder compares runs by start time, latest first, then by id.
func inDefaultOrder(a, b *packedRun) int {
	return cmp.Or(cmp.Compare(b.start, a.start), strings.Compare(a.id, b.id))
}
