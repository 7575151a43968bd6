package dynamodbstore

import (
	"context"
	"slices"
	"sync"
)

const (
	// rollUpWorkers is how many runs are rolled up at once.
	rollUpWorkers = 4
	// rollUpQueueSize bounds what waits; what finds the queue full is tried
	// again by the next writer or reader.
	rollUpQueueSize = 256
)

// rollUpQueue rolls up histories beside the writers and readers that found
// them worth it. Its goroutines run only while there is work.
type rollUpQueue struct {
	s       *Store
	mu      sync.Mutex
	waiting []rollUpJob
	queued  map[string]bool
	busy    map[string]bool
	running int
	closed  bool
	wg      sync.WaitGroup
}

type rollUpJob struct {
	//nolint:containedctx // the values, without the end, of the caller's context
	ctx  context.Context
	name string
	do   func(ctx context.Context) error
}

func newRollUpQueue(s *Store) *rollUpQueue {
	return &rollUpQueue{s: s, queued: map[string]bool{}, busy: map[string]bool{}}
}

// add queues work unless the queue is closed or full, and reports whether work
// of that name waits.
func (q *rollUpQueue) add(ctx context.Context, name string, do func(ctx context.Context) error) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.queued[name]:
		return true
	case q.closed || len(q.waiting) >= rollUpQueueSize:
		return false
	}
	q.queued[name] = true
	q.waiting = append(q.waiting, rollUpJob{context.WithoutCancel(ctx), name, do})
	if q.running < rollUpWorkers {
		q.running++
		q.wg.Go(q.run)
	}
	return true
}

// next takes the first work that nobody does under the same name: whoever
// does that comes back for it.
func (q *rollUpQueue) next() (rollUpJob, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.IndexFunc(q.waiting, func(j rollUpJob) bool { return !q.busy[j.name] })
	if i < 0 || q.closed {
		q.running--
		return rollUpJob{}, false
	}
	j := q.waiting[i]
	q.waiting = slices.Delete(q.waiting, i, i+1)
	delete(q.queued, j.name)
	q.busy[j.name] = true
	return j, true
}

func (q *rollUpQueue) run() {
	for j, ok := q.next(); ok; j, ok = q.next() {
		if err := j.do(j.ctx); err != nil {
			q.s.opts.logger.WarnContext(j.ctx, "roll up history", "history", j.name, "error", err)
		}
		q.mu.Lock()
		delete(q.busy, j.name)
		q.mu.Unlock()
	}
}

func (q *rollUpQueue) isClosed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}

// close drops what waits, and ends the goroutines after what they are at.
func (q *rollUpQueue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.wg.Wait()
}
