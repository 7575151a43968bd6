package auth

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// How many attempts may fail. Ten for one user from one network, and one more
// each six seconds; ten times that for the network as a whole, so that one
// program with a wrong password does not lock out those beside it.
const (
	userBurst     = 10
	userRefill    = 6 * time.Second
	networkBurst  = 10 * userBurst
	networkRefill = userRefill / 10
	// limiterSize bounds both tables together; who has failed longest ago is
	// forgotten first.
	limiterSize = 100_000
)

// Limiter counts attempts that fail, by the user and the network that they come
// from, /24 or /64, and by the network alone. Nothing is counted by the user
// alone: nobody locks out somebody elsewhere. It counts for this process.
type Limiter struct {
	now  func() time.Time
	seed maphash.Seed

	mu       sync.Mutex
	users    *simplelru.LRU[userPeer, bucket]
	networks *simplelru.LRU[netip.Prefix, bucket]
}

// userPeer is a user who is tried from a network. The name is a hash under a
// random seed: names that are tried may be long.
type userPeer struct {
	user uint64
	peer netip.Prefix
}

// bucket is how many attempts are left, as of a time.
type bucket struct {
	left float64
	at   time.Time
}

// NewLimiter returns a limiter that has counted nothing.
func NewLimiter(now func() time.Time) *Limiter {
	users, _ := simplelru.NewLRU[userPeer, bucket](limiterSize/2, nil) // it fails for a size of 0
	networks, _ := simplelru.NewLRU[netip.Prefix, bucket](limiterSize/2, nil)
	return &Limiter{now: now, seed: maphash.MakeSeed(), users: users, networks: networks}
}

// allowed fails with a [LimitedError] if there is no attempt left.
func (l *Limiter) allowed(user string, peer netip.Prefix) error { return l.spend(user, peer, 0) }

// take takes an attempt, or fails as allowed does and takes none.
func (l *Limiter) take(user string, peer netip.Prefix) error { return l.spend(user, peer, 1) }

// giveBack gives an attempt back that has not failed.
func (l *Limiter) giveBack(user string, peer netip.Prefix) { _ = l.spend(user, peer, -1) }

func (l *Limiter) spend(user string, peer netip.Prefix, n float64) error {
	key := userPeer{maphash.String(l.seed, user), peer}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	u := filled(l.users, key, now, userBurst, userRefill)
	p := filled(l.networks, peer, now, networkBurst, networkRefill)
	if wait := max(u.wait(userRefill), p.wait(networkRefill)); wait > 0 && n >= 0 {
		return &LimitedError{RetryAfter: wait}
	}
	if n != 0 {
		store(l.users, key, bucket{u.left - n, now}, userBurst)
		store(l.networks, peer, bucket{p.left - n, now}, networkBurst)
	}
	return nil
}

// filled returns the bucket of a key with what has come in since. A clock that
// was put back adds nothing.
func filled[K comparable](buckets *simplelru.LRU[K, bucket], key K, now time.Time, burst float64, refill time.Duration) bucket {
	b, ok := buckets.Get(key)
	if !ok {
		return bucket{burst, now}
	}
	since := max(0, now.Sub(b.at))
	return bucket{min(burst, b.left+float64(since)/float64(refill)), now}
}

// store keeps a bucket. One that is full is like none.
func store[K comparable](buckets *simplelru.LRU[K, bucket], key K, b bucket, burst float64) {
	if b.left >= burst {
		buckets.Remove(key)
		return
	}
	buckets.Add(key, b)
}

// wait is how long it takes until there is an attempt again.
func (b bucket) wait(refill time.Duration) time.Duration {
	if b.left >= 1 {
		return 0
	}
	return max(1, time.Duration((1-b.left)*float64(refill)))
}
