package auth

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPeers: a client is who the last trusted proxy says; nobody else is
// believed.
func TestPeers(t *testing.T) {
	t.Parallel()
	p := NewPeers([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}, true)
	for _, tt := range []struct {
		name, tcp string
		forwarded []string
		want      string
	}{
		{"no proxy", "192.0.2.1:1", nil, "192.0.2.1"},
		{"nobody to believe", "192.0.2.1:1", []string{"198.51.100.1"}, "192.0.2.1"},
		{"a proxy", "10.0.0.1:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"a proxy that says nothing", "10.0.0.1:1", nil, "10.0.0.1"},
		{"what the client says itself", "10.0.0.1:1", []string{"1.1.1.1, 198.51.100.1"}, "198.51.100.1"},
		{"two proxies", "10.0.0.1:1", []string{"1.1.1.1, 198.51.100.1 ,10.0.0.2"}, "198.51.100.1"},
		{"two headers", "10.0.0.1:1", []string{"1.1.1.1", "198.51.100.1", "10.0.0.2"}, "198.51.100.1"},
		{"only proxies", "10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"nonsense", "10.0.0.1:1", []string{"198.51.100.1, unknown"}, "10.0.0.1"},
		{"empty", "10.0.0.1:1", []string{""}, "10.0.0.1"},
		{"with a port", "10.0.0.1:1", []string{"198.51.100.1:77"}, "198.51.100.1"},
		{"IPv6", "[fd00::1]:1", []string{"2001:db8::1"}, "2001:db8::1"},
		{"IPv6 with a port", "[fd00::1]:1", []string{"[2001:db8::1]:77"}, "2001:db8::1"},
		{"mapped", "[::ffff:10.0.0.1]:1", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"a zone", "[fe80::1%eth0]:1", nil, "fe80::1"},
		{"a Unix socket", "@", []string{"198.51.100.1"}, "invalid IP"},
		{"very many", "10.0.0.1:1", []string{"1.1.1.1" + strings.Repeat(",10.0.0.2", 100_000)}, "10.0.0.2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := requestFrom(t, tt.tcp)
			r.Header["X-Forwarded-For"] = tt.forwarded
			require.Equal(t, tt.want, p.Of(r).String())
			require.Equal(t, tcpPeer(requestFrom(t, tt.tcp)), NewPeers(nil, true).Of(r))
		})
	}
}

// TestLimitBehindProxy: clients behind a trusted proxy are limited one by one.
func TestLimitBehindProxy(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	s.addUser("alice", rightPassword)
	exhaust(t, s.limiter, "alice", network(netip.MustParseAddr("198.51.100.1")))
	header := basicHeader("alice:" + rightPassword)
	_, err := s.basic.Authenticate(requestFrom(t, "10.0.0.1:1", "Authorization", header, "X-Forwarded-For", "198.51.100.1"))
	var limited *LimitedError
	require.ErrorAs(t, err, &limited)
	_, err = s.basic.Authenticate(requestFrom(t, "10.0.0.1:1", "Authorization", header, "X-Forwarded-For", "203.0.113.1"))
	require.NoError(t, err)
}

// FuzzPeers: no header makes a request come from where it may not.
func FuzzPeers(f *testing.F) {
	f.Add("1.1.1.1, 10.0.0.1")
	f.Add("[::1]:1,,")
	p := NewPeers([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, true)
	f.Fuzz(func(t *testing.T, header string) {
		r := requestFrom(t, "10.0.0.1:1")
		r.Header["X-Forwarded-For"] = []string{header}
		addr := p.Of(r)
		require.True(t, addr.IsValid())
		require.Empty(t, addr.Zone())
		r.RemoteAddr = "192.0.2.1:1"
		require.Equal(t, "192.0.2.1", p.Of(r).String())
	})
}
