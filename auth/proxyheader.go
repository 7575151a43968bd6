package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxName is how many characters the name of a user may have.
const maxName = 255

// ProxyHeader authenticates by a header in which a trusted proxy names the user.
type ProxyHeader struct {
	verified *Verified
	users    External
	others   Authenticator
	header   string
	origin   string
	trusted  []netip.Prefix
}

// NewProxyHeader returns an authenticator that believes the header in requests
// whose connection comes from one of the trusted networks; both must be given.
// others tell whose further credentials a request has.
func NewProxyHeader(v *Verified, u External, header string, trusted []netip.Prefix, others Authenticator) (*ProxyHeader, error) {
	name := http.CanonicalHeaderKey(header)
	if !isToken(name) {
		return nil, fmt.Errorf("auth: %q is not the name of a header", header)
	}
	taken := []string{
		"Authorization", "Proxy-Authorization", "Cookie", "Host", "Origin", "Forwarded", "Via", "X-Real-Ip", "Content-Type",
		"Content-Length", "Transfer-Encoding", "Connection", "X-Mlflow-Workspace", "X-Mlflow-Authorization",
	}
	if slices.Contains(taken, name) || strings.HasPrefix(name, "X-Forwarded-For") {
		return nil, fmt.Errorf("auth: the header %s means something else and cannot name users", name)
	}
	if len(trusted) == 0 {
		return nil, fmt.Errorf("auth: the header %s needs the networks of the proxies that may set it", name)
	}
	return &ProxyHeader{
		verified: v, users: u, others: others, header: name, origin: "proxy:" + name, trusted: trusted,
	}, nil
}

func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return c != '-' && !strings.ContainsRune(alphanumeric, c)
	})
}

// Strip deletes the header from a request that does not come from a trusted
// proxy. It has to see each request before anybody else does. It looks at the
// other end of the connection and at no header.
func (p *ProxyHeader) Strip(r *http.Request) {
	if !contains(p.trusted, tcpPeer(r)) {
		r.Header.Del(p.header)
	}
}

// Authenticate tells whom the header names. More than one name, and further
// credentials that are not of the same user, are ErrBadCredentials: one of them
// is the client's own word. A comma joins names when proxies merge headers, so
// no name may have one.
func (p *ProxyHeader) Authenticate(r *http.Request) (*Identity, error) {
	p.Strip(r)
	values := r.Header[p.header]
	if len(values) == 0 {
		return nil, ErrNoCredentials
	}
	name := strings.Trim(values[0], " \t")
	if len(values) > 1 || !isName(name) || strings.Contains(name, ",") {
		return nil, ErrBadCredentials
	}
	key := p.verified.proofOf(MethodProxy, p.header+"\x00"+name)
	e, err := p.verified.known(r.Context(), key)
	if e == nil && err == nil {
		e, err = p.verified.verify(r.Context(), key, "", func(ctx context.Context, _ *entry) (*entry, error) {
			return lookExternal(ctx, p.users, Origin{p.origin, name}, name, MethodProxy)
		})
	}
	if err != nil {
		return nil, err
	}
	return &e.who, p.alone(r, e)
}

// alone refuses a request that has the credentials of somebody else, or such
// that nobody knows.
func (p *ProxyHeader) alone(r *http.Request, e *entry) error {
	if len(r.Header["Authorization"]) == 0 {
		return nil
	}
	if p.others == nil {
		return ErrBadCredentials
	}
	other, err := p.others.Authenticate(r)
	switch {
	case errors.Is(err, ErrNoCredentials):
		return ErrBadCredentials
	case err != nil:
		return err
	case other.ID != e.who.ID:
		return ErrBadCredentials
	}
	return nil
}

// isName tells whether a text may name a user whom somebody else vouches for.
func isName(s string) bool {
	return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= maxName && !strings.ContainsFunc(s, unicode.IsControl)
}

// lookExternal reads the user of an origin, who is made at first sight.
func lookExternal(ctx context.Context, u External, origin Origin, name string, m Method) (*entry, error) {
	c, err := u.ByOrigin(ctx, origin, name)
	switch {
	case errors.Is(err, ErrForbidden):
		return nil, ErrForbidden
	case err != nil:
		return nil, unavailable(ctx, err)
	case c.Off:
		return nil, ErrBadCredentials
	}
	return &entry{who: Identity{ID: c.ID, Name: c.Name, Admin: c.Admin, Method: m, Epoch: c.Epoch}, epoch: c.Epoch}, nil
}

// externalLife is how long a verified token of an issuer is taken for granted.
const externalLife = 5 * time.Minute
