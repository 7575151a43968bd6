package auth

import (
	"net/http"
	"strings"
)

// The answer to who has not told who they are, or not rightly: status 401, this
// header WWW-Authenticate and this body. Source: MLflow 3.17,
// server/auth/__init__.py, make_basic_auth_response.
const (
	Challenge         = `Basic realm="mlflow"`
	UnauthorizedText  = "You are not authenticated. Please see https://www.mlflow.org/docs/latest/auth/index.html#authenticating-to-mlflow on how to authenticate."
	maxAuthentication = 16 << 10 // bytes of the header
)

// authorization returns what follows a scheme in the header Authorization. A
// header that is there twice is refused: a proxy may have looked at the other
// one.
func authorization(r *http.Request, scheme string) (string, error) {
	values := r.Header["Authorization"]
	if len(values) == 0 {
		return "", ErrNoCredentials
	}
	if len(values) > 1 || len(values[0]) > maxAuthentication {
		return "", ErrBadCredentials
	}
	v := values[0]
	if len(v) < len(scheme) || !strings.EqualFold(v[:len(scheme)], scheme) {
		return "", ErrNoCredentials
	}
	v = v[len(scheme):]
	if v == "" || v[0] != ' ' {
		return "", ErrNoCredentials
	}
	return strings.Trim(v, " "), nil
}
