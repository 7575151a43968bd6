package pebbletable

import (
	"hash/maphash"
	"slices"
	"sync"
)

// stripes is the number of locks that all keys share.
const stripes = 256

// locks serialises writers of one key. Different keys may share a lock, which
// costs time, never correctness.
type locks struct {
	seed maphash.Seed
	mu   [stripes]sync.Mutex
}

func newLocks() *locks { return &locks{seed: maphash.MakeSeed()} }

func (l *locks) stripe(key []byte) int { return int(maphash.Bytes(l.seed, key) % stripes) }

// one locks a key and returns its lock.
func (l *locks) one(key []byte) *sync.Mutex {
	mu := &l.mu[l.stripe(key)]
	mu.Lock()
	return mu
}

// held is a set of locked stripes.
type held struct {
	locks *locks
	index []int
}

// many locks all keys, in one order for everyone, so that no two writers wait
// for each other.
func (l *locks) many(keys [][]byte) held {
	index := make([]int, len(keys))
	for i, k := range keys {
		index[i] = l.stripe(k)
	}
	slices.Sort(index)
	index = slices.Compact(index)
	for _, i := range index {
		l.mu[i].Lock()
	}
	return held{l, index}
}

// Unlock releases all stripes.
func (h held) Unlock() {
	for _, i := range h.index {
		h.locks.mu[i].Unlock()
	}
}
