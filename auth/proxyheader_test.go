package auth

import (
	"errors"
	"net/http"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func proxied(t *testing.T, s *server, others Authenticator) *ProxyHeader {
	t.Helper()
	p, err := NewProxyHeader(s.verified, s.world, "x-remote-user", []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, others)
	require.NoError(t, err)
	return p
}

// TestProxyHeader: a trusted proxy names the user, who is made at first sight;
// then it costs no read.
func TestProxyHeader(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	p := proxied(t, s, nil)
	for _, want := range []int{1, 0} {
		who, err := p.Authenticate(requestFrom(t, "10.0.0.1:1", "X-Remote-User", " ul@example.org "))
		require.NoError(t, err)
		require.Equal(t, &Identity{ID: 1, Name: "ul@example.org", Method: MethodProxy, Epoch: 1}, who)
		require.Equal(t, [2]int{want, 0}, s.counts())
	}
	require.Contains(t, s.origins, Origin{"proxy:X-Remote-User", "ul@example.org"})
	s.change("ul@example.org", true, func(c *Credentials) { c.Off = true })
	_, err := p.Authenticate(requestFrom(t, "10.0.0.1:1", "X-Remote-User", "ul@example.org"))
	require.Equal(t, ErrBadCredentials, err)

	s.addUser("admin", rightPassword)
	_, err = p.Authenticate(requestFrom(t, "10.0.0.1:1", "X-Remote-User", "admin"))
	require.Equal(t, ErrForbidden, err, "the name is of a user with a password")
	s.down = errors.New("throttled")
	_, err = p.Authenticate(requestFrom(t, "10.0.0.1:1", "X-Remote-User", "carol"))
	require.ErrorIs(t, err, ErrUnavailable)
}

// TestProxyHeaderOfOthers: nobody else may set the header, whatever
// X-Forwarded-For says; it is gone for those who look later.
func TestProxyHeaderOfOthers(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	p := proxied(t, s, nil)
	for _, peer := range []string{"192.0.2.1:1", "127.0.0.1:1", "@", "[::1]:1"} {
		r := requestFrom(t, peer, "X-Remote-User", "alice", "X-Forwarded-For", "10.0.0.1")
		_, err := p.Authenticate(r)
		require.Equal(t, ErrNoCredentials, err, peer)
		require.Empty(t, r.Header["X-Remote-User"])
	}
	r := requestFrom(t, "10.0.0.1:1", "X-Remote-User", "alice")
	p.Strip(r)
	require.Equal(t, "alice", r.Header.Get("X-Remote-User"))
	_, err := p.Authenticate(requestFrom(t, "10.0.0.1:1"))
	require.Equal(t, ErrNoCredentials, err)
	require.Empty(t, s.users)
}

// TestProxyHeaderTwice: more than one name, in one header or two, is nobody, and
// so is what is no name.
func TestProxyHeaderTwice(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	p := proxied(t, s, nil)
	for _, headers := range [][]string{
		{"X-Remote-User", "alice", "X-Remote-User", "alice"},
		{"X-Remote-User", "mallory", "X-Remote-User", "alice"},
		{"X-Remote-User", "mallory, alice"},
		{"X-Remote-User", ""},
		{"X-Remote-User", " "},
		{"X-Remote-User", "al\x7fice"},
		{"X-Remote-User", "\xff"},
	} {
		_, err := p.Authenticate(requestFrom(t, "10.0.0.1:1", headers...))
		require.Equal(t, ErrBadCredentials, err, headers)
	}
	require.Empty(t, s.users)
}

// TestProxyHeaderBeside: further credentials have to be of the same user.
func TestProxyHeaderBeside(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	p := proxied(t, s, s.basic)
	_, err := p.Authenticate(requestFrom(t, "10.0.0.1:1", "X-Remote-User", "alice"))
	require.NoError(t, err)
	s.change("alice", true, func(c *Credentials) { c.Hash = testHash(rightPassword) })
	s.addUser("bob", rightPassword)
	for _, tt := range []struct {
		name, header string
		want         error
	}{
		{"the same", basicHeader("alice:" + rightPassword), nil},
		{"another", basicHeader("bob:" + rightPassword), ErrBadCredentials},
		{"wrong", basicHeader("alice:" + wrongPassword), ErrBadCredentials},
		{"of a kind that nobody knows", "Digest x", ErrBadCredentials},
	} {
		r := requestFrom(t, "10.0.0.1:1", "X-Remote-User", "alice", "Authorization", tt.header)
		_, err := p.Authenticate(r)
		require.ErrorIs(t, err, tt.want, tt.name)
		_, err = proxied(t, s, nil).Authenticate(r)
		require.Equal(t, ErrBadCredentials, err, "nobody can tell")
	}
}

// TestNewProxyHeader: both the header and who may set it have to be given, and a
// header that means something else is none.
func TestNewProxyHeader(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	some := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for _, name := range []string{"", "X Y", "ü", "authorization", "HOST", "x-forwarded-for", "Cookie", "X-MLFLOW-WORKSPACE"} {
		_, err := NewProxyHeader(s.verified, s.world, name, some, nil)
		require.Error(t, err, name)
	}
	_, err := NewProxyHeader(s.verified, s.world, "X-Remote-User", nil, nil)
	require.EqualError(t, err, "auth: the header X-Remote-User needs the networks of the proxies that may set it")
	require.Equal(t, "X-Mlflow-Workspace", http.CanonicalHeaderKey("X-MLFLOW-WORKSPACE"))
}
