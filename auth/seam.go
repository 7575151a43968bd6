package auth

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"
)

// What an Authenticator answers besides an identity. An error that is none of
// these and not the context's own is of the table, and comes as ErrUnavailable.
var (
	// ErrNoCredentials says that the request has none of the kind that was asked
	// for: another Authenticator may know it.
	ErrNoCredentials = errors.New("the request has no credentials")
	// ErrBadCredentials says that they are wrong or malformed: nobody else is asked.
	ErrBadCredentials = errors.New("the credentials are not valid")
	// ErrForbidden says that somebody is who they claim to be and is nobody here:
	// the name of an external identity belongs to another user.
	ErrForbidden = errors.New("the name belongs to another user")
	// ErrUnavailable says that it could not be found out now: clients repeat the
	// request after the answer 503.
	ErrUnavailable = errors.New("credentials cannot be checked now")
)

// LimitedError says that too many attempts have failed. It is answered with 429
// and a header Retry-After.
type LimitedError struct {
	RetryAfter time.Duration // above zero
}

// Error tells the rest of the time in seconds.
func (e *LimitedError) Error() string {
	return fmt.Sprintf("too many failed attempts, try again in %s seconds", e.Seconds())
}

// Seconds is the value of the header Retry-After: whole seconds, rounded up.
func (e *LimitedError) Seconds() string {
	return strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds())))
}

// Authenticator tells who sends a request.
type Authenticator interface {
	Authenticate(r *http.Request) (*Identity, error)
}

// Method is how somebody has told who they are.
type Method string

// The methods.
const (
	MethodBasic Method = "basic"
	MethodToken Method = "token"
	MethodOIDC  Method = "oidc"
	MethodProxy Method = "proxy"
)

// Identity is who sends a request. It is shared between requests: nobody changes
// it.
type Identity struct {
	ID     int64
	Name   string
	Admin  bool
	Method Method
	// Epoch is the newest change that the identity is known to include.
	Epoch  int64
	Scopes Scopes
	// GroupRoles are the roles that the groups of an external identity stand for,
	// sorted.
	GroupRoles []string
}

// Scopes bound what a request may do whatever its user may. Admins are bound by
// them too.
type Scopes struct {
	Token      string   // the id of the token that they are of, "" if there is none
	ReadOnly   bool     // nothing may be changed
	Workspaces []string // where the token counts; none: everywhere
}

// Credentials are what is known of a user who logs in.
type Credentials struct {
	ID    int64
	Name  string
	Hash  string // of the password; "" if the user has none
	Admin bool
	Off   bool // may not log in
	// DefaultPassword marks a user whose password is the one that everybody knows.
	DefaultPassword bool
	// Epoch is the change that made the user as it is here.
	Epoch int64
}

// StoredToken is an API token as it is kept.
type StoredToken struct {
	ID         string
	User       Credentials // as they are now, by the id in the token's item
	Digest     [32]byte    // SHA-256 of the secret
	Expires    time.Time   // zero: never
	ReadOnly   bool
	Workspaces []string
}

// Origin is where an external identity comes from. Two identities are one user
// only if they are equal in both.
type Origin struct {
	Issuer  string // of an OpenID Connect token, or proxy: and the name of a header
	Subject string
}

// What those answer who know the users.
var (
	// ErrNoUser says that there is no such user, or no such token.
	ErrNoUser = errors.New("no such user")
	// ErrNotReplaced says that the stored hash is another one now.
	ErrNotReplaced = errors.New("the hash has been changed")
)

// Users are those who log in by a password. Reads are strong.
type Users interface {
	// ByName returns a user, or ErrNoUser.
	ByName(ctx context.Context, name string) (Credentials, error)
	// Rehash replaces a hash by another one of the same password and returns the
	// user as written. It does nothing but answer ErrNotReplaced unless the stored
	// hash is still the old one.
	Rehash(ctx context.Context, id int64, old, hash string) (Credentials, error)
}

// External are the users whom somebody else vouches for.
type External interface {
	// ByOrigin returns the user of an origin, and makes one of that name, without a
	// password and without any rights, at first sight. A name that another user
	// has is ErrForbidden. That the user has that origin, the user's own item says
	// that is returned.
	ByOrigin(ctx context.Context, origin Origin, name string) (Credentials, error)
}

// Tokens are the API tokens.
type Tokens interface {
	// Token returns a token with its present user, or ErrNoUser.
	Token(ctx context.Context, id string) (StoredToken, error)
}

// Changes are what this process knows of changes of users.
type Changes interface {
	// Epoch is the number of the newest change known. It fails when that is too old
	// to be relied on.
	Epoch(ctx context.Context) (int64, error)
	// Changed tells whether a change after that one is of this user, or may be.
	Changed(user, since int64) bool
}

// unavailable makes what a table could not do into an answer. A context's own
// error stays what it is.
func unavailable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
