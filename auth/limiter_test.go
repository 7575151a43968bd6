package auth

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestLimit: ten passwords may be wrong, then none is hashed or read for until
// six seconds have passed. Who is remembered passes.
func TestLimit(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	s.addUser("alice", rightPassword)
	_, err := s.basic.Authenticate(basicRequest(t, "alice", rightPassword))
	require.NoError(t, err)
	s.counts()
	try := func(password string) error {
		_, err := s.basic.Authenticate(basicRequest(t, "alice", password))
		return err
	}
	for i := range userBurst {
		require.Equal(t, ErrBadCredentials, try(fmt.Sprint(wrongPassword, i)))
	}
	require.Equal(t, [2]int{userBurst, userBurst}, s.counts())
	var limited *LimitedError
	require.ErrorAs(t, try(wrongPassword), &limited)
	require.Equal(t, 6*time.Second, limited.RetryAfter)
	require.Equal(t, "6", limited.Seconds())
	require.Equal(t, [2]int{0, 0}, s.counts(), "nothing is read and nothing hashed")

	require.NoError(t, try(rightPassword), "it is remembered")
	s.pass(DefaultVerifiedRecheck - time.Hour) // a clock that is put back gives no attempts
	require.ErrorAs(t, try(wrongPassword), &limited)
	s.pass(time.Hour - DefaultVerifiedRecheck)
	s.pass(5500 * time.Millisecond)
	require.ErrorAs(t, try(wrongPassword), &limited)
	require.Equal(t, "1", limited.Seconds(), "half a second, rounded up")
	s.pass(500 * time.Millisecond)
	require.Equal(t, ErrBadCredentials, try(wrongPassword))
	require.ErrorAs(t, try(wrongPassword), &limited)
}

// TestLimitRenewal: a credential that is remembered passes also when its user has
// to be read again, while attempts from there are used up.
func TestLimitRenewal(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	s.addUser("alice", rightPassword)
	r := basicRequest(t, "alice", rightPassword)
	_, err := s.basic.Authenticate(r)
	require.NoError(t, err)
	s.pass(DefaultVerifiedRecheck)
	exhaust(t, s.limiter, "alice", network(netip.MustParseAddr("192.0.2.1")))
	s.counts()
	_, err = s.basic.Authenticate(r)
	require.NoError(t, err)
	require.Equal(t, [2]int{1, 0}, s.counts())
	// What was right once and is not any more has to wait like others.
	s.change("alice", true, func(c *Credentials) { c.Hash = testHash("another password") })
	_, err = s.basic.Authenticate(r)
	var limited *LimitedError
	require.ErrorAs(t, err, &limited)
	require.Equal(t, [2]int{1, 0}, s.counts())
}

func exhaust(t *testing.T, l *Limiter, user string, peer netip.Prefix) {
	t.Helper()
	for range userBurst {
		require.NoError(t, l.take(user, peer))
	}
	require.Error(t, l.allowed(user, peer))
}

// TestLimitApart: failures count for one user and one network: neighbours in it
// count as one, those elsewhere and other users go on, until there are too many
// of the network.
func TestLimitApart(t *testing.T) {
	t.Parallel()
	l := NewLimiter(newWorld().now)
	net := func(addr string) netip.Prefix { return network(netip.MustParseAddr(addr)) }
	exhaust(t, l, "alice", net("192.0.2.1"))
	require.Error(t, l.allowed("alice", net("192.0.2.200")))
	require.NoError(t, l.allowed("alice", net("192.0.3.1")))
	require.NoError(t, l.allowed("bob", net("192.0.2.1")))
	for i := range networkBurst - userBurst {
		require.NoError(t, l.take(fmt.Sprint("user", i), net("192.0.2.1")))
	}
	require.Error(t, l.allowed("bob", net("192.0.2.1")))
	exhaust(t, l, "alice", net("2001:db8::1"))
	require.Error(t, l.allowed("alice", net("2001:db8::ffff:1")))
	require.NoError(t, l.allowed("alice", net("2001:db8:0:1::1")))
	exhaust(t, l, "alice", network(netip.Addr{}))
}

// TestLimitBound: however many are tried, so many are remembered.
func TestLimitBound(t *testing.T) {
	t.Parallel()
	l := NewLimiter(newWorld().now)
	for i := range limiterSize {
		addr := netip.AddrFrom4([4]byte{byte(i >> 16), byte(i >> 8), byte(i), 1})
		require.NoError(t, l.take("alice", network(addr)))
	}
	require.Equal(t, limiterSize/2, l.users.Len())
	require.Equal(t, limiterSize/2, l.networks.Len())
	// Who has all attempts again is forgotten.
	peer := network(netip.AddrFrom4([4]byte{200, 0, 0, 1}))
	require.NoError(t, l.take("bob", peer))
	l.giveBack("bob", peer)
	require.False(t, l.users.Contains(userPeer{user: 0, peer: peer}))
	require.False(t, l.networks.Contains(peer))
}

// TestLimitOfThoseAtOnce: a thousand wrong passwords at once are ten hashes. A
// right one from elsewhere waits for one hash at most.
func TestLimitOfThoseAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newWorld())
		s.basic.slots.free = 1
		s.addUser("alice", rightPassword)
		step := make(gate)
		s.onCompare = func(string) { step.wait() }
		var wrong []*login
		for i := range 1000 {
			wrong = append(wrong, s.login(t, "alice", fmt.Sprint(wrongPassword, i)))
		}
		synctest.Wait()
		right := &login{}
		r := requestFrom(t, "198.51.100.1:1", "Authorization", basicHeader("alice:"+rightPassword))
		go func() {
			right.who, right.err = s.basic.Authenticate(r)
			right.end = true
		}()
		synctest.Wait()
		step <- struct{}{} // the one under way
		synctest.Wait()
		step <- struct{}{} // then another of the same network, or the right one
		step <- struct{}{}
		synctest.Wait()
		require.True(t, right.end)
		require.NoError(t, right.err)
		close(step)
		synctest.Wait()
		require.Equal(t, userBurst+1, s.counts()[1])
		var limited, busy, bad int
		for _, l := range wrong {
			var e *LimitedError
			switch {
			case errors.As(l.err, &e):
				limited++
			case errors.Is(l.err, ErrUnavailable):
				busy++
			case errors.Is(l.err, ErrBadCredentials):
				bad++
			}
		}
		require.Equal(t, userBurst, bad)
		require.Equal(t, 1000, limited+busy+bad)
		require.Equal(t, maxWaitingPeer+1-userBurst, limited)
	})
}

// TestManyFirstLogins: many users behind one address log in at once for the first
// time; what is under way is not taken for failures.
func TestManyFirstLogins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newWorld())
		s.basic.slots.free = maxSlots
		var logins []*login
		for i := range 60 {
			name := fmt.Sprint("user", i)
			s.addUser(name, rightPassword)
			logins = append(logins, s.login(t, name, rightPassword))
		}
		synctest.Wait()
		for _, l := range logins {
			require.NoError(t, l.err)
		}
	})
}
