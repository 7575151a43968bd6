package auth

import (
	"context"
	"net/netip"
	"runtime"
	"sync"
	"time"
)

// How passwords wait to be hashed.
const (
	slotWait = 2 * time.Second
	// maxSlots is below the attempts that a user has from one network: those that
	// are under way take one each.
	maxSlots       = 8
	maxWaiting     = 1024
	maxWaitingPeer = 64
)

// slots bounds how many passwords are hashed at a time. Networks take turns:
// those who wait in one do not wait for all of another.
type slots struct {
	mu      sync.Mutex
	free    int
	waiting int
	queues  map[netip.Prefix]*queue
	turns   []*queue // those with somebody in them, whose turn it is first
}

type queue struct {
	peer    netip.Prefix
	waiters []*waiter
}

type waiter struct {
	ready chan struct{} // closed when it has a place
}

// newSlots leaves three quarters of the processors to everything else.
func newSlots() *slots {
	return &slots{free: min(maxSlots, max(1, runtime.GOMAXPROCS(0)/4)), queues: map[netip.Prefix]*queue{}}
}

// acquire waits up to two seconds for a place, and fails with ErrUnavailable
// then, or at once if too many wait.
func (s *slots) acquire(ctx context.Context, peer netip.Prefix) error {
	w, err := s.enqueue(peer)
	if err != nil || w == nil {
		return err
	}
	timer := time.NewTimer(slotWait)
	defer timer.Stop()
	select {
	case <-w.ready:
		return nil
	case <-timer.C:
		err = ErrUnavailable
	case <-ctx.Done():
		err = ctx.Err()
	}
	if !s.leave(peer, w) {
		s.release() // the place came meanwhile
	}
	return err
}

// enqueue takes a place, or a place in the queue.
func (s *slots) enqueue(peer netip.Prefix) (*waiter, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.free > 0 {
		s.free--
		return nil, nil //nolint:nilnil // there is nothing to wait for
	}
	q := s.queues[peer]
	if q == nil {
		q = &queue{peer: peer}
	}
	if s.waiting >= maxWaiting || len(q.waiters) >= maxWaitingPeer {
		return nil, ErrUnavailable
	}
	if len(q.waiters) == 0 {
		s.queues[peer] = q
		s.turns = append(s.turns, q)
	}
	w := &waiter{make(chan struct{})}
	q.waiters = append(q.waiters, w)
	s.waiting++
	return w, nil
}

// release hands a place on.
func (s *slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.turns) == 0 {
		s.free++
		return
	}
	q := s.turns[0]
	s.turns = s.turns[1:]
	w := q.waiters[0]
	q.waiters = q.waiters[1:]
	s.waiting--
	if len(q.waiters) > 0 {
		s.turns = append(s.turns, q)
	} else {
		delete(s.queues, q.peer)
	}
	close(w.ready)
}

// leave takes a waiter out of its queue and reports whether it was there.
func (s *slots) leave(peer netip.Prefix, w *waiter) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[peer]
	if q == nil {
		return false
	}
	for i := range q.waiters {
		if q.waiters[i] != w {
			continue
		}
		q.waiters = append(q.waiters[:i], q.waiters[i+1:]...)
		s.waiting--
		if len(q.waiters) == 0 {
			s.drop(q)
		}
		return true
	}
	return false
}

// drop takes an empty queue out of the turns.
func (s *slots) drop(q *queue) {
	delete(s.queues, q.peer)
	for i := range s.turns {
		if s.turns[i] == q {
			s.turns = append(s.turns[:i], s.turns[i+1:]...)
			return
		}
	}
}
