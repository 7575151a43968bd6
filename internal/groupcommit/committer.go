package groupcommit

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// gatherWindow is how long a busy committer waits for the writers that it has
// just answered to come back with their next change. It never delays a writer
// that is alone.
const gatherWindow = time.Millisecond

// ErrSlow says that a deadline of this package, not one of the caller, has
// passed.
var ErrSlow = errors.New("took too long")

// Change is one caller's part of a group. flush sets err.
type Change[C any] struct {
	What C
	Err  error
	done chan struct{}
}

// Committer is group commit: while one write of an item is under way, further
// changes of the item wait and are written together next. Each change of a
// group succeeds or fails by itself. A key of the type K names an item.
//
// flush runs on a goroutine of its own, with the values but not the end of
// the context of the group's first caller: a caller that gives up does not
// take the others down, and its change may still be written.
type Committer[K comparable, C any] struct {
	flush   func(ctx context.Context, id K, group []*Change[C])
	timeout time.Duration // of one flush

	mu     sync.Mutex
	queues map[K]*queue[C]
	closed bool
	wg     sync.WaitGroup
}

type queue[C any] struct {
	ctx     context.Context //nolint:containedctx // of the oldest waiting change, without its end
	waiting []*Change[C]
	want    int           // wake the committer when so many wait
	wake    chan struct{} // closed at want; nil while nobody waits for it
}

// New returns a Committer whose flush has that much time.
func New[K comparable, C any](timeout time.Duration, flush func(context.Context, K, []*Change[C])) *Committer[K, C] {
	return &Committer[K, C]{flush: flush, timeout: timeout, queues: map[K]*queue[C]{}}
}

// Do writes one change of the item id and returns what flush said of it, or
// the end of ctx; ErrSlow if flush has not come to an end in time.
func (c *Committer[K, C]) Do(ctx context.Context, id K, what C) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ch := &Change[C]{What: what, done: make(chan struct{})}
	if !c.enqueue(ctx, id, ch) {
		return table.ErrClosed
	}
	select {
	case <-ch.done:
		return ch.Err
	case <-ctx.Done():
		c.takeBack(id, ch)
		return ctx.Err()
	}
}

// takeBack removes a change that still waits: what callers who have gone leave
// behind must not pile up while the table is slow.
func (c *Committer[K, C]) takeBack(id K, ch *Change[C]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if q := c.queues[id]; q != nil {
		q.waiting = slices.DeleteFunc(q.waiting, func(w *Change[C]) bool { return w == ch })
	}
}

func (c *Committer[K, C]) enqueue(ctx context.Context, id K, ch *Change[C]) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	q, busy := c.queues[id]
	if !busy {
		q = &queue[C]{}
		c.queues[id] = q
	}
	if len(q.waiting) == 0 {
		q.ctx = table.SyncNow(context.WithoutCancel(ctx))
	}
	q.waiting = append(q.waiting, ch)
	if q.wake != nil && len(q.waiting) >= q.want {
		close(q.wake)
		q.wake = nil
	}
	if !busy {
		c.wg.Go(func() { c.run(id, q) })
	}
	return true
}

// run flushes group after group until none waits.
func (c *Committer[K, C]) run(id K, q *queue[C]) {
	last := 0
	for {
		c.gather(q, last)
		c.mu.Lock()
		group, ctx := q.waiting, q.ctx
		q.waiting = nil
		if len(group) == 0 {
			delete(c.queues, id)
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		c.flushGroup(ctx, id, group)
		last = len(group)
	}
}

func (c *Committer[K, C]) flushGroup(ctx context.Context, id K, group []*Change[C]) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	c.flush(ctx, id, group)
	for _, ch := range group {
		if errors.Is(ch.Err, context.DeadlineExceeded) { // not that of the caller
			ch.Err = ErrSlow
		}
		close(ch.done)
	}
}

// gather waits until as many changes wait as the last group had, or the
// window is over. A last group of one means an idle item: no wait.
func (c *Committer[K, C]) gather(q *queue[C], last int) {
	c.mu.Lock()
	if last <= 1 || len(q.waiting) >= last {
		c.mu.Unlock()
		return
	}
	wake := make(chan struct{})
	q.want, q.wake = last, wake
	c.mu.Unlock()

	timer := time.NewTimer(gatherWindow)
	defer timer.Stop()
	select {
	case <-wake:
	case <-timer.C:
	}
	c.mu.Lock()
	q.wake = nil
	c.mu.Unlock()
}

// Wait waits for the groups under way.
func (c *Committer[K, C]) Wait() { c.wg.Wait() }

// Close refuses further changes and waits for those under way.
func (c *Committer[K, C]) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.wg.Wait()
}
