package auth

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// login logs in in the background; the answer is there once the bubble is idle.
type login struct {
	who *Identity
	err error
	end bool
}

func (s *server) login(t *testing.T, name, password string) *login {
	t.Helper()
	l := &login{}
	r := basicRequest(t, name, password)
	go func() {
		l.who, l.err = s.basic.Authenticate(r)
		l.end = true
	}()
	return l
}

// gate holds those who come to it until it is opened.
type gate chan struct{}

func (g gate) wait() { <-g }

// TestFlightsAreOfOnePassword: who sends a wrong password while the right one is
// being hashed is not let in by it, and the right one is not refused by the
// wrong; those who send the same share one hash.
func TestFlightsAreOfOnePassword(t *testing.T) {
	t.Parallel()
	for _, first := range []string{rightPassword, wrongPassword} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer(t, newWorld())
			s.basic.slots.free = 2
			s.addUser("alice", rightPassword)
			hold := make(gate)
			s.onCompare = func(string) { hold.wait() }
			logins := map[string][]*login{first: {s.login(t, "alice", first)}}
			synctest.Wait()
			for range 8 {
				for _, p := range []string{rightPassword, wrongPassword} {
					logins[p] = append(logins[p], s.login(t, "alice", p))
				}
			}
			synctest.Wait()
			require.Equal(t, [2]int{2, 2}, s.counts(), "one look for each password")
			close(hold)
			synctest.Wait()
			for _, l := range logins[rightPassword] {
				require.NoError(t, l.err)
				require.Equal(t, "alice", l.who.Name)
			}
			for _, l := range logins[wrongPassword] {
				require.Equal(t, ErrBadCredentials, l.err)
				require.Nil(t, l.who)
			}
		})
	}
}

// TestFlightsAreOfOneUser: who sends another's password with an own name is not
// the other.
func TestFlightsAreOfOneUser(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newWorld())
		s.basic.slots.free = 2
		s.addUser("alice", rightPassword)
		s.addUser("bob", rightPassword)
		hold := make(gate)
		s.onCompare = func(string) { hold.wait() }
		a, b := s.login(t, "alice", rightPassword), s.login(t, "bob", rightPassword)
		synctest.Wait()
		close(hold)
		synctest.Wait()
		require.Equal(t, "alice", a.who.Name)
		require.Equal(t, "bob", b.who.Name)
	})
}

// TestRevokedWhileHashing: a user is turned off on this server between the read
// and the hash. The old answer is neither given nor remembered.
func TestRevokedWhileHashing(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	s.addUser("alice", rightPassword)
	var once sync.Once
	s.onCompare = func(string) {
		once.Do(func() { s.change("alice", true, func(c *Credentials) { c.Off = true }) })
	}
	_, err := s.basic.Authenticate(basicRequest(t, "alice", rightPassword))
	require.Equal(t, ErrBadCredentials, err)
	require.Equal(t, [2]int{2, 2}, s.counts())
	require.Zero(t, s.verified.entries.Len())
}

// TestRevokedElsewhereWhileHashing: another server turns a user off between the
// read and the hash. What this one remembers then counts until it knows of the
// change, and not a moment longer.
func TestRevokedElsewhereWhileHashing(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	s.addUser("alice", rightPassword)
	s.onCompare = func(string) { s.change("alice", false, func(c *Credentials) { c.Off = true }) }
	_, err := s.basic.Authenticate(basicRequest(t, "alice", rightPassword))
	require.NoError(t, err, "the revocation is not known here yet")
	s.follow()
	_, err = s.basic.Authenticate(basicRequest(t, "alice", rightPassword))
	require.Equal(t, ErrBadCredentials, err)
}

// TestRevokedBeforeJoining: who comes once a change is known does not get the
// answer of a look that had begun before it, be that yes or no.
func TestRevokedBeforeJoining(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		before string // the user's password
		after  string
		want   error
	}{
		{"a password that is not right any more", rightPassword, wrongPassword, ErrBadCredentials},
		{"a password that has become right", wrongPassword, rightPassword, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(t, newWorld())
				s.basic.slots.free = 2
				s.addUser("alice", tt.before)
				hold := make(gate)
				s.onCompare = func(string) { hold.wait() }
				early := s.login(t, "alice", rightPassword)
				synctest.Wait()
				s.change("alice", true, func(c *Credentials) { c.Hash = testHash(tt.after) })
				late := s.login(t, "alice", rightPassword)
				synctest.Wait()
				require.Equal(t, [2]int{1, 1}, s.counts(), "it waits for the first")
				close(hold)
				synctest.Wait()
				require.True(t, early.end)
				require.Equal(t, tt.want, late.err)
			})
		})
	}
}

// TestUserMadeBeforeJoining: a user who has been made meanwhile is found.
func TestUserMadeBeforeJoining(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newWorld())
		hold := make(gate)
		s.onCompare = func(string) { hold.wait() }
		early := s.login(t, "alice", rightPassword)
		synctest.Wait()
		s.addUser("alice", rightPassword)
		late := s.login(t, "alice", rightPassword)
		synctest.Wait()
		close(hold)
		synctest.Wait()
		require.Equal(t, ErrBadCredentials, early.err)
		require.NoError(t, late.err)
	})
}

// TestRecreatedUser: a new user of the name of one who was deleted is somebody
// else, whatever is remembered, also with the same password.
func TestRecreatedUser(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	s.addUser("alice", rightPassword)
	_, err := s.basic.Authenticate(basicRequest(t, "alice", rightPassword))
	require.NoError(t, err)
	s.change("alice", true, func(c *Credentials) { c.Off = true })
	s.mu.Lock()
	delete(s.users, "alice")
	s.mu.Unlock()
	_, err = s.basic.Authenticate(basicRequest(t, "alice", rightPassword))
	require.Equal(t, ErrBadCredentials, err)
	s.change("alice", true, func(c *Credentials) { c.ID, c.Name, c.Hash = 7, "alice", testHash(rightPassword) })
	s.counts()
	who, err := s.basic.Authenticate(basicRequest(t, "alice", rightPassword))
	require.NoError(t, err)
	require.EqualValues(t, 7, who.ID)
	require.Equal(t, [2]int{1, 1}, s.counts())
}

// TestRehashBesideChange: a login with the old password verifies it, then the
// password is changed, then the hash would be renewed: the new password stays,
// and the old one does not log in.
func TestRehashBesideChange(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	s.change("alice", true, func(c *Credentials) { c.Hash = "old:" + rightPassword })
	s.onCompare = func(string) {
		s.onCompare = nil
		s.change("alice", false, func(c *Credentials) { c.Hash = testHash("another password") })
	}
	_, err := s.basic.Authenticate(basicRequest(t, "alice", rightPassword))
	require.Equal(t, ErrBadCredentials, err)
	require.Equal(t, testHash("another password"), s.users["alice"].Hash)
	_, err = s.basic.Authenticate(basicRequest(t, "alice", "another password"))
	require.NoError(t, err)
}

// TestRehashBesideRehash: two servers renew one hash at the same time; both
// logins are right and one hash is stored.
func TestRehashBesideRehash(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	s.change("alice", true, func(c *Credentials) { c.Hash = "old:" + rightPassword })
	s.onCompare = func(string) {
		s.onCompare = nil
		s.change("alice", false, func(c *Credentials) { c.Hash = testHash(rightPassword) })
	}
	_, err := s.basic.Authenticate(basicRequest(t, "alice", rightPassword))
	require.NoError(t, err)
	require.Equal(t, testHash(rightPassword), s.users["alice"].Hash)
}

// TestAlwaysChanging: a user who is changed at each look is not looked at for
// ever.
func TestAlwaysChanging(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	s.addUser("alice", rightPassword)
	s.onRead = func() { s.change("alice", true, func(c *Credentials) { c.Admin = !c.Admin }) }
	_, err := s.basic.Authenticate(basicRequest(t, "alice", rightPassword))
	require.ErrorIs(t, err, ErrUnavailable)
	require.Equal(t, [2]int{lookTries, lookTries}, s.counts())
}

// TestCallerLeaves: the one who asked first leaves; the others get the answer.
func TestCallerLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newWorld())
		s.addUser("alice", rightPassword)
		hold := make(gate)
		s.onCompare = func(string) { hold.wait() }
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		r := basicRequest(t, "alice", rightPassword).WithContext(ctx)
		go func() {
			_, err := s.basic.Authenticate(r)
			left <- err
		}()
		synctest.Wait()
		stays := s.login(t, "alice", rightPassword)
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-left, context.Canceled)
		close(hold)
		synctest.Wait()
		require.NoError(t, stays.err)
		require.Equal(t, [2]int{1, 1}, s.counts())
	})
}

// TestPanic: a directory that panics does so for those who ask, and not in a
// goroutine where it would end the process.
func TestPanic(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	s.addUser("alice", rightPassword)
	s.onRead = func() { panic("a bug") }
	r := basicRequest(t, "alice", rightPassword)
	require.PanicsWithValue(t, "a bug", func() { _, _ = s.basic.Authenticate(r) })
	s.onRead = nil
	_, err := s.basic.Authenticate(r)
	require.NoError(t, err)
}

// staleChanges does not know how old it is.
type staleChanges struct{ *world }

func (staleChanges) Epoch(context.Context) (int64, error) { return 0, errors.New("too old") }

// TestUnknownEpoch: if it is not known what has changed, nobody is let in.
func TestUnknownEpoch(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	s.addUser("alice", rightPassword)
	_, err := s.basic.Authenticate(basicRequest(t, "alice", rightPassword))
	require.NoError(t, err)
	s.verified.changes = staleChanges{s.world}
	for _, password := range []string{rightPassword, wrongPassword} {
		_, err = s.basic.Authenticate(basicRequest(t, "alice", password))
		require.ErrorIs(t, err, ErrUnavailable)
	}
}

// TestVerifiedBound: no more credentials are remembered than there is room for,
// and those used last are.
func TestVerifiedBound(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	s.verified.entries.Resize(2)
	for _, name := range []string{"a", "b", "c"} {
		s.addUser(name, rightPassword)
		_, err := s.basic.Authenticate(basicRequest(t, name, rightPassword))
		require.NoError(t, err)
	}
	require.Equal(t, 2, s.verified.entries.Len())
	s.counts()
	_, err := s.basic.Authenticate(basicRequest(t, "c", rightPassword))
	require.NoError(t, err)
	require.Equal(t, [2]int{0, 0}, s.counts())
}

// TestVerifiedOff: with a recheck of zero each request reads the user, and none
// hashes a password again.
func TestVerifiedOff(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	s.verified.recheck = 0
	s.addUser("alice", rightPassword)
	for _, want := range [][2]int{{1, 1}, {1, 0}, {1, 0}} {
		_, err := s.basic.Authenticate(basicRequest(t, "alice", rightPassword))
		require.NoError(t, err)
		require.Equal(t, want, s.counts())
	}
	for _, bad := range []struct {
		size    int
		recheck time.Duration
	}{{0, 0}, {1, -1}} {
		_, err := NewVerified(s.world, s.now, bad.size, bad.recheck)
		require.Error(t, err)
	}
}

// TestProofs: proofs of different methods, texts and processes differ.
func TestProofs(t *testing.T) {
	t.Parallel()
	a, b := newServer(t, newWorld()).verified, newServer(t, newWorld()).verified
	proof := a.proofOf(MethodToken, "x")
	require.Equal(t, proof, a.proofOf(MethodToken, "x"))
	require.NotEqual(t, a.proofOf(MethodToken, "x"), a.proofOf(MethodOIDC, "x"))
	require.NotEqual(t, a.proofOf(MethodToken, "x"), a.proofOf(MethodToken, "y"))
	require.NotEqual(t, a.proofOf(MethodToken, "x"), b.proofOf(MethodToken, "x"))
	s := a.scratch()
	require.Equal(t, a.proofOf(MethodBasic, "a:b"), s.proof(MethodBasic, []byte("a:b")))
	a.free(s)
}
