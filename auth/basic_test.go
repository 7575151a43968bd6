package auth

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestBasicCosts: the first request of a credential reads the user and hashes the
// password, those after it do neither; later the user is read again, and only
// another hash in the table makes the password be hashed.
func TestBasicCosts(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	s.addUser("alice", rightPassword)
	s.addUser("bob", rightPassword)
	login := func(want [2]int) {
		t.Helper()
		who, err := s.basic.Authenticate(basicRequest(t, "alice", rightPassword))
		require.NoError(t, err)
		require.Equal(t, &Identity{ID: 1, Name: "alice", Method: MethodBasic, Epoch: s.users["alice"].Epoch, Admin: s.users["alice"].Admin}, who)
		require.Equal(t, want, s.counts())
	}
	login([2]int{1, 1})
	login([2]int{0, 0})
	s.pass(DefaultVerifiedRecheck)
	login([2]int{1, 0})
	login([2]int{0, 0})
	s.change("bob", true, func(c *Credentials) { c.Off = true }) // somebody else
	login([2]int{0, 0})
	s.change("alice", true, func(c *Credentials) { c.Admin = true })
	login([2]int{1, 0})
	login([2]int{0, 0})
	s.change("alice", true, func(c *Credentials) { c.Hash = "old:" + rightPassword })
	login([2]int{1, 1})
	require.Equal(t, testHash(rightPassword), s.users["alice"].Hash, "it was hashed anew")
	login([2]int{0, 0})
}

// TestBasicRefuses: who is refused costs the same hash whoever it is, and is not
// remembered.
func TestBasicRefuses(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	s.addUser("alice", rightPassword)
	s.addUser("off", rightPassword)
	s.change("off", true, func(c *Credentials) { c.Off = true })
	s.change("external", true, func(*Credentials) {})
	for _, name := range []string{"alice", "nobody", "off", "external", "ALICE", "alice "} {
		password := rightPassword
		if name == "alice" {
			password = wrongPassword
		}
		for range 2 {
			who, err := s.basic.Authenticate(basicRequest(t, name, password))
			require.Equal(t, ErrBadCredentials, err)
			require.Nil(t, who)
			require.Equal(t, [2]int{1, 1}, s.counts(), name)
		}
	}
	require.Zero(t, s.verified.entries.Len())
}

// TestBasicHeader: what is not a name and a password is refused and looked up
// nowhere; what is of another kind, another may know.
func TestBasicHeader(t *testing.T) {
	t.Parallel()
	right := basicHeader("alice:" + rightPassword)
	for _, tt := range []struct {
		name, header string
		want         error
	}{
		{"right", right, nil},
		{"another case of the scheme", "bAsIc" + right[5:], nil},
		{"spaces around", "Basic  " + right[6:] + " ", nil},
		{"another scheme", "Bearer abc", ErrNoCredentials},
		{"a longer scheme", "Basic2 abc", ErrNoCredentials},
		{"only the scheme", "Basic", ErrNoCredentials},
		{"nothing behind it", "Basic ", ErrBadCredentials},
		{"empty", "", ErrNoCredentials},
		{"not base64", "Basic %%%", ErrBadCredentials},
		{"no padding", strings.TrimRight(basicHeader("alice:"+rightPassword+"12"), "="), ErrBadCredentials},
		{"a line in it", right[:10] + "\n" + right[10:], ErrBadCredentials},
		{"bits behind the end", "Basic YTp4eR==", ErrBadCredentials},
		{"no colon", basicHeader("alice"), ErrBadCredentials},
		{"no name", basicHeader(":" + rightPassword), ErrBadCredentials},
		{"no password", basicHeader("alice:"), ErrBadCredentials},
		{"not UTF-8", basicHeader("alice:\xff" + rightPassword), ErrBadCredentials},
		{"a control character in the name", basicHeader("ali\x00ce:" + rightPassword), ErrBadCredentials},
		{"a long password", basicHeader("alice:" + strings.Repeat("x", 1025)), ErrBadCredentials},
		{"very long", basicHeader("alice:" + strings.Repeat("x", 1<<20)), ErrBadCredentials},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, newWorld())
			s.addUser("alice", rightPassword)
			_, err := s.basic.Authenticate(requestFrom(t, "192.0.2.1:1", "Authorization", tt.header))
			require.ErrorIs(t, err, tt.want)
			if tt.want != nil {
				require.Equal(t, [2]int{0, 0}, s.counts())
			}
		})
	}
	s := newServer(t, newWorld())
	_, err := s.basic.Authenticate(requestFrom(t, "192.0.2.1:1"))
	require.Equal(t, ErrNoCredentials, err)
	s.addUser("alice", rightPassword)
	_, err = s.basic.Authenticate(requestFrom(t, "192.0.2.1:1", "Authorization", right, "Authorization", right))
	require.Equal(t, ErrBadCredentials, err, "it is there twice")
}

// TestBasicFirstColon: the first colon ends the name, others are of the password.
func TestBasicFirstColon(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	s.addUser("ül", "with:a:colon:in:it")
	who, err := s.basic.Authenticate(basicRequest(t, "ül", "with:a:colon:in:it"))
	require.NoError(t, err)
	require.Equal(t, "ül", who.Name)
}

// TestLongestCredentials: the longest name and password that there may be fit.
func TestLongestCredentials(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	name, password := strings.Repeat("\U0001F600", 255), strings.Repeat("x", MaxPasswordBytes)
	s.addUser(name, password)
	_, err := s.basic.Authenticate(basicRequest(t, name, password))
	require.NoError(t, err)
}

// TestDefaultPassword: a password that everybody knows counts on this machine,
// and nowhere else, also when it is remembered. Whoever comes by a proxy is not on this
// machine.
func TestDefaultPassword(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	s.change("admin", true, func(c *Credentials) { c.Hash, c.DefaultPassword = testHash(DefaultPassword), true })
	header := basicHeader("admin:" + DefaultPassword)
	for range 2 { // not remembered, and remembered
		for _, tt := range []struct {
			name, peer string
			header     string
			want       error
		}{
			{"loopback", "127.0.0.1:5", "", nil},
			{"loopback 6", "[::1]:5", "", nil},
			{"mapped", "[::ffff:127.0.0.1]:5", "", nil},
			{"elsewhere", "192.0.2.1:5", "", ErrBadCredentials},
			{"private", "10.1.2.3:5", "", ErrBadCredentials},
			{"a Unix socket", "@", "", ErrBadCredentials},
			{"forwarded", "127.0.0.1:5", "Forwarded", ErrBadCredentials},
			{"forwarded for", "127.0.0.1:5", "X-Forwarded-For", ErrBadCredentials},
			{"forwarded by protocol", "127.0.0.1:5", "X-Forwarded-Proto", ErrBadCredentials},
			{"via", "127.0.0.1:5", "Via", ErrBadCredentials},
			{"real ip", "127.0.0.1:5", "X-Real-Ip", ErrBadCredentials},
		} {
			r := requestFrom(t, tt.peer, "Authorization", header)
			if tt.header != "" {
				r.Header.Set(tt.header, "127.0.0.1")
			}
			_, err := s.basic.Authenticate(r)
			require.ErrorIs(t, err, tt.want, tt.name)
		}
		s.pass(time.Hour)
	}
	for _, p := range []*Peers{NewPeers(nil, false), NewPeers([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, true)} {
		s.basic.peers = p
		_, err := s.basic.Authenticate(requestFrom(t, "127.0.0.1:5", "Authorization", header))
		require.Equal(t, ErrBadCredentials, err, "in Lambda, and behind a proxy on this machine")
	}
	// Once it is another one, it counts everywhere.
	s.change("admin", true, func(c *Credentials) { c.Hash, c.DefaultPassword = testHash(rightPassword), false })
	_, err := s.basic.Authenticate(basicRequest(t, "admin", rightPassword))
	require.NoError(t, err)
}

// TestBasicTableDown: what the table cannot say now is said so, and not that
// somebody is wrong; who is remembered and need not be read passes.
func TestBasicTableDown(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	s.addUser("alice", rightPassword)
	_, err := s.basic.Authenticate(basicRequest(t, "alice", rightPassword))
	require.NoError(t, err)
	s.down = errors.New("throttled")
	_, err = s.basic.Authenticate(basicRequest(t, "alice", rightPassword))
	require.NoError(t, err)
	s.pass(time.Hour)
	_, err = s.basic.Authenticate(basicRequest(t, "alice", rightPassword))
	require.ErrorIs(t, err, ErrUnavailable)
	require.ErrorIs(t, err, s.down)
	require.NotErrorIs(t, err, ErrBadCredentials)
	s.down = nil
	_, err = s.basic.Authenticate(basicRequest(t, "alice", rightPassword))
	require.NoError(t, err)
}

// FuzzBasicHeader: whatever a header says, it names nobody but the user whose
// name and password it has in the one way of writing them.
func FuzzBasicHeader(f *testing.F) {
	for _, h := range []string{"Basic YTpi", "basic YTpi=", "Bearer x", "Basic", basicHeader("alice:" + rightPassword), basicHeader("a:b:c")} {
		f.Add(h)
	}
	v, err := NewVerified(newWorld(), time.Now, 1, time.Hour)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, header string) {
		text, err := authorization(&http.Request{Header: http.Header{"Authorization": {header}}}, "Basic")
		if err != nil {
			return
		}
		s := v.scratch()
		defer v.free(s)
		plain, colon := s.decode(text)
		if colon < 0 {
			return
		}
		require.Equal(t, base64.StdEncoding.EncodeToString(plain), text)
		require.Equal(t, strings.IndexByte(string(plain), ':'), colon)
		require.NotEmpty(t, plain[:colon])
		require.NotEmpty(t, plain[colon+1:])
		require.LessOrEqual(t, len(plain)-colon-1, MaxPasswordBytes)
	})
}
