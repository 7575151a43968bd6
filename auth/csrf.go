package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// csrfLife is how long a form may be open.
const csrfLife = time.Hour

const (
	csrfCookie = 32              // random bytes
	csrfToken  = 8 + sha256.Size // a time and a MAC
)

// CSRF makes and checks the double token of the sign-up form. A cookie holds a
// random value that another site can make a browser send but not read; the form
// holds a MAC of it, of the user whom the form is shown to and of a time, which
// only the server can make. A cookie and a token that somebody has got and puts
// into another's browser are of no use there. Nothing is stored: any server with
// the same secret checks what another has made.
type CSRF struct {
	key [32]byte
	now func() time.Time
}

// NewCSRF returns one whose tokens count for an hour.
func NewCSRF(k *Keys, now func() time.Time) *CSRF {
	return &CSRF{key: k.Of(UseSignUp), now: now}
}

// Issue returns the value of a cookie and the token of a form that is shown to a
// user. A cookie that the browser has, and that is one of ours in form, stays:
// forms that are open count on.
func (c *CSRF) Issue(user int64, has string) (cookie, token string) {
	if _, ok := decodeExactly(has, csrfCookie); !ok {
		var b [csrfCookie]byte
		_, _ = rand.Read(b[:]) // it never fails
		has = base64.RawURLEncoding.EncodeToString(b[:])
	}
	at := binary.BigEndian.AppendUint64(nil, uint64(c.now().Unix())) //nolint:gosec // a time of today
	return has, base64.RawURLEncoding.EncodeToString(append(at, c.mac(user, has, at)...))
}

// Check fails with BAD_REQUEST and a text for the page unless the token was made
// for the user and the cookie, less than an hour ago. Source of the texts: Flask-WTF 1.2,
// csrf.py.
func (c *CSRF) Check(user int64, cookie, token string) error {
	if token == "" {
		return csrfError("The CSRF token is missing.")
	}
	if cookie == "" {
		return csrfError("The CSRF session token is missing.")
	}
	b, ok := decodeExactly(token, csrfToken)
	if !ok {
		return csrfError("The CSRF token is invalid.")
	}
	if !hmac.Equal(b[8:], c.mac(user, cookie, b[:8])) {
		return csrfError("The CSRF tokens do not match.")
	}
	age := c.now().Sub(time.Unix(int64(binary.BigEndian.Uint64(b)), 0)) //nolint:gosec // it is one of ours
	if age >= csrfLife || age < -csrfLife {
		return csrfError("The CSRF token has expired.")
	}
	return nil
}

func csrfError(text string) error {
	return &mlflow.Error{Code: mlflow.CodeBadRequest, Message: text}
}

func (c *CSRF) mac(user int64, cookie string, at []byte) []byte {
	m := hmac.New(sha256.New, c.key[:])
	m.Write(at)
	m.Write(binary.BigEndian.AppendUint64(nil, uint64(user))) //nolint:gosec // its bits
	m.Write([]byte(cookie))
	return m.Sum(nil)
}

// decodeExactly decodes URL-safe base64 of so many bytes.
func decodeExactly(s string, n int) ([]byte, bool) {
	if len(s) != base64.RawURLEncoding.EncodedLen(n) {
		return nil, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return b, err == nil && len(b) == n
}
