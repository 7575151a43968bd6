package dynamodbstore_test

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// scheduler lets the table calls of concurrent operations through one at a
// time, in an order that its seed decides. Each operation has a context of its
// own, by which its calls are known wherever they are made.
type scheduler struct {
	random *rand.Rand
	ready  *sync.Cond // of mu: an operation waits, or is done

	mu      sync.Mutex
	waiting []*turn
	done    map[int]bool
	free    bool // all calls pass
	trace   []string
}

// turn is a call that waits to be made.
type turn struct {
	op   int
	what string
	turn chan struct{}
	end  chan struct{}
}

type opKey struct{}

// interleave runs operations at once, one table call at a time. It returns
// their errors and the order of the calls.
func interleave(t *testing.T, seed uint64, sch *scheduler, ops ...func(context.Context) error) []error {
	t.Helper()
	sch.mu.Lock()
	sch.random, sch.done, sch.free, sch.trace = rand.New(rand.NewPCG(seed, seed)), map[int]bool{}, false, nil
	sch.mu.Unlock()
	errs := make([]error, len(ops))
	var wg sync.WaitGroup
	for i, op := range ops {
		wg.Go(func() {
			errs[i] = op(context.WithValue(t.Context(), opKey{}, i))
			sch.finish(i)
		})
	}
	for sch.step(len(ops)) {
	}
	wg.Wait()
	return errs
}

func newScheduler() *scheduler {
	s := &scheduler{free: true}
	s.ready = sync.NewCond(&s.mu)
	return s
}

func (s *scheduler) finish(op int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done[op] = true
	s.ready.Broadcast()
}

// step waits until every operation waits for its turn or is done, and lets
// one call through. It returns false, and lets everything pass from then on,
// when all are done.
func (s *scheduler) step(ops int) bool {
	s.mu.Lock()
	for !s.settled(ops) {
		s.ready.Wait()
	}
	if len(s.done) == ops {
		s.free = true
		for _, w := range s.waiting {
			close(w.turn)
		}
		s.waiting = nil
		s.mu.Unlock()
		return false
	}
	// Calls of one operation come in no certain order: sort them.
	slices.SortFunc(s.waiting, func(a, b *turn) int { return cmp.Or(cmp.Compare(a.op, b.op), cmp.Compare(a.what, b.what)) })
	i := s.pick()
	w := s.waiting[i]
	s.waiting = slices.Delete(s.waiting, i, i+1)
	s.trace = append(s.trace, w.what)
	s.mu.Unlock()
	close(w.turn)
	<-w.end
	return true
}

// pick chooses an operation first, so that those with many calls at once do
// not get more turns.
func (s *scheduler) pick() int {
	var first []int
	for i, w := range s.waiting {
		if i == 0 || w.op != s.waiting[i-1].op {
			first = append(first, i)
		}
	}
	return first[s.random.IntN(len(first))]
}

func (s *scheduler) settled(ops int) bool {
	for op := range ops {
		waits := slices.ContainsFunc(s.waiting, func(w *turn) bool { return w.op == op })
		if !s.done[op] && !waits {
			return false
		}
	}
	return true
}

// call makes a call when its turn comes.
func (s *scheduler) call(ctx context.Context, what string, do func()) {
	op, known := ctx.Value(opKey{}).(int)
	s.mu.Lock()
	if !known || s.free {
		s.mu.Unlock()
		do()
		return
	}
	w := &turn{op: op, what: what, turn: make(chan struct{}), end: make(chan struct{})}
	s.waiting = append(s.waiting, w)
	s.ready.Broadcast()
	s.mu.Unlock()
	<-w.turn
	do()
	close(w.end)
}

// scheduled is a table whose calls a scheduler lets through.
type scheduled struct {
	table.Table
	*scheduler
}

// Get waits for its turn.
func (s scheduled) Get(ctx context.Context, key table.Key, c table.Consistency) (it table.Item, ok bool, err error) {
	s.call(ctx, "get "+key.SK, func() { it, ok, err = s.Table.Get(ctx, key, c) })
	return it, ok, err
}

// BatchGet waits for its turn.
func (s scheduled) BatchGet(ctx context.Context, keys []table.Key, c table.Consistency) (items []table.Item, err error) {
	s.call(ctx, "batch get", func() { items, err = s.Table.BatchGet(ctx, keys, c) })
	return items, err
}

// Query waits for its turn.
func (s scheduled) Query(ctx context.Context, q table.Query) (page table.Page, err error) {
	s.call(ctx, "query "+q.PK, func() { page, err = s.Table.Query(ctx, q) })
	return page, err
}

// Scan waits for its turn.
func (s scheduled) Scan(ctx context.Context, sc table.Scan) (page table.ScanPage, err error) {
	s.call(ctx, "scan", func() { page, err = s.Table.Scan(ctx, sc) })
	return page, err
}

// Put waits for its turn.
func (s scheduled) Put(ctx context.Context, p table.Put) (err error) {
	s.call(ctx, "put "+p.Item.Key.SK, func() { err = s.Table.Put(ctx, p) })
	return err
}

// Delete waits for its turn.
func (s scheduled) Delete(ctx context.Context, d table.Delete) (err error) {
	s.call(ctx, "delete "+d.Key.SK, func() { err = s.Table.Delete(ctx, d) })
	return err
}

// Update waits for its turn.
func (s scheduled) Update(ctx context.Context, u table.Update) (it table.Item, err error) {
	s.call(ctx, "update "+u.Key.SK, func() { it, err = s.Table.Update(ctx, u) })
	return it, err
}

// BatchWrite waits for its turn.
func (s scheduled) BatchWrite(ctx context.Context, puts []table.Item, deletes []table.Key) (err error) {
	s.call(ctx, "batch write", func() { err = s.Table.BatchWrite(ctx, puts, deletes) })
	return err
}

// Transact waits for its turn.
func (s scheduled) Transact(ctx context.Context, token string, ops ...table.Op) (err error) {
	s.call(ctx, "transact", func() { err = s.Table.Transact(ctx, token, ops...) })
	return err
}
