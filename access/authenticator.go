package access

import (
	"errors"
	"net/http"
)

// What an [Authenticator] may find.
var (
	// ErrNoCredentials is returned where a request has none of the kind that an
	// authenticator reads. The next of a [Chain] may find others.
	ErrNoCredentials = errors.New("no credentials")
	// ErrBadCredentials is returned where they are wrong, and ends it. The answer
	// to clients says the same for both.
	ErrBadCredentials = errors.New("bad credentials")
)

// Authenticator tells who sends a request. It returns either a principal or an
// error. Besides [ErrNoCredentials] and [ErrBadCredentials], possibly wrapped, an
// error is a failure of the authenticator's own, such as a table that throttles,
// and no statement about the credentials.
//
// It must not read the body of the request, and be safe for concurrent use.
type Authenticator interface {
	Authenticate(r *http.Request) (*Principal, error)
}

// AuthenticatorFunc is a function that is an [Authenticator].
type AuthenticatorFunc func(r *http.Request) (*Principal, error)

// Authenticate calls the function.
func (f AuthenticatorFunc) Authenticate(r *http.Request) (*Principal, error) { return f(r) }

// Chain asks one authenticator after the other, until one returns something else
// than [ErrNoCredentials]. The error of a chain in which none does is
// ErrNoCredentials.
type Chain []Authenticator

var errNobody = errors.New("authenticator returned neither a principal nor an error")

// Authenticate implements [Authenticator].
func (c Chain) Authenticate(r *http.Request) (*Principal, error) {
	for _, a := range c {
		p, err := a.Authenticate(r)
		switch {
		case errors.Is(err, ErrNoCredentials):
		case err != nil:
			return nil, err
		case p == nil:
			return nil, errNobody
		default:
			return p, nil
		}
	}
	return nil, ErrNoCredentials
}
