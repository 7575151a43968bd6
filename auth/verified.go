package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"hash"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
)

// What is remembered, and how it is found out.
const (
	DefaultVerifiedSize    = 10_000
	DefaultVerifiedRecheck = 5 * time.Minute
	// lookLimit bounds one look at credentials: reads, a place, a hash. It goes on
	// when the one who asked first has left.
	lookLimit = 10 * time.Second
	// lookTries is how often it is looked anew if users change meanwhile.
	lookTries = 3
)

// Verified remembers which credentials were right, so that a request costs a MAC
// and no read and no hash of a password. Nothing is remembered of wrong ones.
//
// What was right is found by a MAC of all of the credentials, name and secret,
// under a key of this process: nobody is let in by what another has sent, and
// those who wait for each other have sent the same.
type Verified struct {
	changes Changes
	now     func() time.Time
	recheck time.Duration
	entries *lru.Cache[proof, *entry]
	flights singleflight.Group
	pool    sync.Pool // of *scratch
}

// proof is the MAC of some credentials.
type proof [sha256.Size]byte

// entry is somebody whose credentials were right. It is never changed once it
// is remembered.
type entry struct {
	who     Identity
	hash    string    // what the password was compared with
	marked  bool      // the password is the one that everybody knows
	epoch   int64     // newest change that was known before the first read, or is in what was read
	until   time.Time // when it is looked at again
	expires time.Time // when the credentials end; zero: never
}

// NewVerified returns a memory of so many credentials. Those that have not been
// changed as far as changes tell are looked up again after recheck, for which
// their user is read, and no password is hashed unless the stored hash is another
// one. A recheck of zero looks each time.
func NewVerified(c Changes, now func() time.Time, size int, recheck time.Duration) (*Verified, error) {
	if size < 1 || recheck < 0 {
		return nil, errors.New("auth: the cache of credentials needs room for one, and a time that is not negative")
	}
	entries, err := lru.New[proof, *entry](size)
	if err != nil {
		return nil, err
	}
	var key [32]byte
	_, _ = rand.Read(key[:]) // it never fails
	v := &Verified{changes: c, now: now, recheck: recheck, entries: entries}
	v.pool.New = func() any { return &scratch{mac: hmac.New(sha256.New, key[:])} }
	return v, nil
}

// known returns who sent credentials, or nil if that has to be looked up: they
// are not remembered, it is time, or the user has been changed.
func (v *Verified) known(ctx context.Context, key proof) (*entry, error) {
	e, ok := v.entries.Get(key)
	if !ok || v.past(e.until) || v.past(e.expires) {
		return nil, nil //nolint:nilnil // see above
	}
	if changed, err := v.changed(ctx, e); changed || err != nil {
		return nil, err
	}
	return e, nil
}

// changed tells whether an entry is older than a change of its user.
func (v *Verified) changed(ctx context.Context, e *entry) (bool, error) {
	epoch, err := v.changes.Epoch(ctx)
	if err != nil {
		return false, unavailable(ctx, err)
	}
	return epoch > e.epoch && v.changes.Changed(e.who.ID, e.epoch), nil
}

// past tells whether a time has come; the zero time never does.
func (v *Verified) past(t time.Time) bool { return !t.IsZero() && !v.now().Before(t) }

// errAgain says that a user was changed while it was looked at.
var errAgain = errors.New("the user was changed meanwhile")

// found is the end of a flight.
type found struct {
	entry    *entry
	epoch    int64 // known before its first read
	panicked any
}

// verify finds out who sent credentials. Those who send the same at the same
// time, and of whom apart is the same, share one look; it is given what was
// remembered of them. A look that had begun before a change which was known when
// this request came, or before one of the user that is known now, counts for
// nothing.
func (v *Verified) verify(
	ctx context.Context, key proof, apart string, look func(ctx context.Context, old *entry) (*entry, error),
) (*entry, error) {
	arrived, err := v.changes.Epoch(ctx)
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	for range lookTries {
		ch := v.flights.DoChan(string(key[:])+apart, func() (any, error) { return v.look(ctx, key, look) })
		var res singleflight.Result
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case res = <-ch:
		}
		f, _ := res.Val.(found)
		switch {
		case f.panicked != nil:
			panic(f.panicked) // where somebody may recover
		case errors.Is(res.Err, errAgain), res.Err != nil && f.epoch < arrived:
			continue
		case res.Err != nil:
			return nil, res.Err
		}
		if changed, err := v.changed(ctx, f.entry); err != nil || !changed {
			return f.entry, err
		}
	}
	return nil, unavailable(ctx, errAgain)
}

// look looks once, for all who wait for it.
func (v *Verified) look(
	ctx context.Context, key proof, look func(ctx context.Context, old *entry) (*entry, error),
) (f found, err error) {
	defer func() {
		if p := recover(); p != nil {
			f.panicked = p
		}
	}()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookLimit)
	defer cancel()
	epoch, err := v.changes.Epoch(ctx)
	if err != nil {
		return found{}, late(ctx, unavailable(ctx, err))
	}
	old, _ := v.entries.Peek(key)
	e, err := look(ctx, old)
	if err != nil {
		if old != nil && errors.Is(err, ErrBadCredentials) {
			v.entries.Remove(key)
		}
		return found{epoch: epoch}, late(ctx, err)
	}
	e.epoch = max(e.epoch, epoch)
	if e.until.IsZero() {
		e.until = v.now().Add(v.recheck)
	}
	if changed, err := v.changed(ctx, e); changed || err != nil {
		return found{epoch: epoch}, errors.Join(errAgain, err)
	}
	v.entries.Add(key, e)
	return found{entry: e, epoch: epoch}, nil
}

// late turns the end of the time that a look has, which is no caller's, into an
// answer.
func late(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return ErrUnavailable
	}
	return err
}

// scratch is what a request needs to take its credentials apart without
// allocating.
type scratch struct {
	mac     hash.Hash
	encoded [maxBasic]byte
	plain   [maxBasic]byte
	sum     proof
}

func (v *Verified) scratch() *scratch {
	s, _ := v.pool.Get().(*scratch)
	return s
}

// free takes a scratch back and forgets what was in it.
func (v *Verified) free(s *scratch) {
	clear(s.encoded[:])
	clear(s.plain[:])
	v.pool.Put(s)
}

// proof makes the proof of what is in plain.
func (s *scratch) proof(m Method, plain []byte) proof {
	s.begin(m)
	s.mac.Write(plain)
	return proof(s.mac.Sum(s.sum[:0]))
}

// begin keeps the proofs of different methods apart.
func (s *scratch) begin(m Method) {
	s.mac.Reset()
	n := copy(s.encoded[:], m)
	s.encoded[n] = 0
	s.mac.Write(s.encoded[:n+1])
}

// proofOf makes the proof of a text of any length.
func (v *Verified) proofOf(m Method, text string) proof {
	s := v.scratch()
	defer v.free(s)
	s.begin(m)
	for text != "" {
		n := copy(s.plain[:], text)
		s.mac.Write(s.plain[:n])
		text = text[n:]
	}
	return proof(s.mac.Sum(s.sum[:0]))
}
