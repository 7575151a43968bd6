package auth

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// maxHops is how many addresses of X-Forwarded-For are looked at.
const maxHops = 32

// Peers tells from which address a request comes.
type Peers struct {
	trusted []netip.Prefix
	local   bool
}

// NewPeers returns one that believes what these proxies say in X-Forwarded-For.
// Without any, nobody is believed. Where connections from this machine are of
// anybody, as in Lambda, local is false: then nobody is local.
func NewPeers(trusted []netip.Prefix, local bool) *Peers { return &Peers{trusted, local} }

// Of returns the address of the client: that of the connection or, as long as
// that is of a trusted proxy, the one that it says it had the request from. It is
// the zero address if there is none, as on a Unix socket.
func (p *Peers) Of(r *http.Request) netip.Addr {
	addr := tcpPeer(r)
	values := r.Header["X-Forwarded-For"]
	hops := 0
	for _, list := range slices.Backward(values) {
		for more := true; more; hops++ {
			if hops == maxHops || !contains(p.trusted, addr) {
				return addr
			}
			var last string
			if comma := strings.LastIndexByte(list, ','); comma >= 0 {
				list, last = list[:comma], list[comma+1:]
			} else {
				last, more = list, false
			}
			next, ok := parseAddr(strings.Trim(last, " \t"))
			if !ok {
				return addr
			}
			addr = next
		}
	}
	return addr
}

// tcpPeer is the other end of the connection, whatever headers say.
func tcpPeer(r *http.Request) netip.Addr {
	addr, _ := parseAddr(r.RemoteAddr)
	return addr
}

// parseAddr reads an address with or without a port.
func parseAddr(s string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(s)
	if err != nil {
		withPort, err := netip.ParseAddrPort(s)
		if err != nil {
			return netip.Addr{}, false
		}
		addr = withPort.Addr()
	}
	return addr.Unmap().WithZone(""), true
}

func contains(list []netip.Prefix, addr netip.Addr) bool {
	for _, p := range list {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// network is what counts as one peer: who has an address has those beside it.
func network(addr netip.Addr) netip.Prefix {
	bits := 64
	if addr.Is4() {
		bits = 24
	}
	p, _ := addr.Prefix(bits) // the zero address is a network of its own
	return p
}

// isLocal tells whether a request comes from this machine itself: the connection
// does, it is not of a proxy, and no header says that it passes on what another
// has sent.
func (p *Peers) isLocal(r *http.Request) bool {
	addr := tcpPeer(r)
	if !p.local || !addr.IsLoopback() || contains(p.trusted, addr) {
		return false
	}
	for name := range r.Header {
		if name == "Forwarded" || name == "Via" || name == "X-Real-Ip" || strings.HasPrefix(name, "X-Forwarded") {
			return false
		}
	}
	return true
}
