package auth

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
)

// SecretKeyVariable is the variable that the secret of the servers is in.
const SecretKeyVariable = "MLFLOW_FLASK_SERVER_SECRET_KEY" //nolint:gosec // the name of a variable

// errNoSecret is for whoever starts a server. Source: MLflow 3.18,
// server/auth/__init__.py.
var errNoSecret = errors.New("A static secret key needs to be set for CSRF protection. Please set the " + //nolint:staticcheck // MLflow's text
	"`MLFLOW_FLASK_SERVER_SECRET_KEY` environment variable before starting the server. For example:\n\n" +
	"export MLFLOW_FLASK_SERVER_SECRET_KEY='my-secret-key'\n\n" +
	"If you are using multiple servers, please ensure this key is consistent between them, in order to prevent validation issues.")

// Use is what a key is for. One key is never used for two things: what is learnt
// of one tells nothing of another.
type Use string

// The uses. They are part of the keys: a changed one makes void what was made by
// the key.
const (
	UseSignUp    Use = "sign-up form v1"
	UsePageToken Use = "page token v1"
)

// Keys derives keys from the secret that all servers of a table share.
type Keys struct {
	secret []byte
}

// NewKeys returns the keys of a secret, which must not be empty.
func NewKeys(secret string) (*Keys, error) {
	if secret == "" {
		return nil, errNoSecret
	}
	return &Keys{[]byte(secret)}, nil
}

// Of returns the key for a use, by HKDF with SHA-256. It is the same on all
// servers of one secret.
func (k *Keys) Of(use Use) [32]byte {
	key, err := hkdf.Key(sha256.New, k.secret, nil, "mlflow-dynamodbstore "+string(use), 32)
	if err != nil {
		panic("auth: " + err.Error()) // 32 bytes are never too many
	}
	return [32]byte(key)
}
