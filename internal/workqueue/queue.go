package workqueue

import (
	"context"
	"log/slog"
	"slices"
	"sync"
)

// workQueueSize bounds what waits in a queue; what finds it full is found again
// by the next reader or writer.
const workQueueSize = 256

// Queue does work in the background beside the readers and writers that
// found that it is to be done. Its goroutines run only while there is work.
type Queue struct {
	what    string // for the log
	logger  *slog.Logger
	workers int // how much is done at once

	mu      sync.Mutex
	waiting []work
	queued  map[task]bool
	busy    map[task]bool
	running int
	closed  bool
	wg      sync.WaitGroup
}

// task names work of one workspace.
type task struct{ workspace, name string }

type work struct {
	task
	//nolint:containedctx // the values, without the end, of the caller's context
	ctx context.Context
	do  func(ctx context.Context) error
}

// New returns a queue of so many workers; what is what they do, for the log.
func New(what string, workers int, logger *slog.Logger) *Queue {
	return &Queue{what: what, logger: logger, workers: workers, queued: map[task]bool{}, busy: map[task]bool{}}
}

// Add queues work unless the queue is closed or full, and reports whether work
// of that name waits in that workspace.
func (q *Queue) Add(ctx context.Context, workspace, name string, do func(ctx context.Context) error) bool {
	t := task{workspace, name}
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.queued[t]:
		return true
	case q.closed || len(q.waiting) >= workQueueSize:
		return false
	}
	q.queued[t] = true
	q.waiting = append(q.waiting, work{t, context.WithoutCancel(ctx), do})
	if q.running < q.workers {
		q.running++
		q.wg.Go(q.run)
	}
	return true
}

// Aside does something in the background beside the work, unless the queue is
// closed, and reports whether it does.
func (q *Queue) Aside(do func()) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.wg.Go(do)
	}
	return !q.closed
}

// next takes the first work that nobody does under the same name: whoever
// does that comes back for it.
func (q *Queue) next() (work, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.IndexFunc(q.waiting, func(w work) bool { return !q.busy[w.task] })
	if i < 0 || q.closed {
		q.running--
		return work{}, false
	}
	w := q.waiting[i]
	q.waiting = slices.Delete(q.waiting, i, i+1)
	delete(q.queued, w.task)
	q.busy[w.task] = true
	return w, true
}

func (q *Queue) run() {
	for w, ok := q.next(); ok; w, ok = q.next() {
		if err := w.do(w.ctx); err != nil {
			q.logger.WarnContext(w.ctx, "work in the background", "task", q.what, "of", w.name, "error", err)
		}
		q.mu.Lock()
		delete(q.busy, w.task)
		q.mu.Unlock()
	}
}

// IsClosed tells long work that it should end.
func (q *Queue) IsClosed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}

// Wait waits until nothing is done or waits.
func (q *Queue) Wait() { q.wg.Wait() }

// Close drops what waits, and ends the goroutines after what they are at.
func (q *Queue) Close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.wg.Wait()
}
