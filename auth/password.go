package auth

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
)

// DefaultPassword is the password of the first admin if no other is configured.
// Everybody knows it: see [Credentials.DefaultPassword].
const DefaultPassword = "password1234"

// What a password may be.
const (
	MinPasswordCharacters = 12
	MaxPasswordBytes      = 1024
)

// CheckPassword refuses what no password may be set to, with an
// INVALID_PARAMETER_VALUE. Source of the first text: MLflow 3.17,
// server/auth/sqlalchemy_store.py.
func CheckPassword(password string) error {
	switch {
	case len(password) > MaxPasswordBytes:
		return failure.Invalidf("Password must be at most %d bytes.", MaxPasswordBytes)
	case utf8.RuneCountInString(password) < MinPasswordCharacters:
		return failure.Invalidf("Password must be at least %d characters.", MinPasswordCharacters)
	case !utf8.ValidString(password):
		return failure.Invalidf("Password must be valid UTF-8.")
	}
	if _, _, ok := parseToken(password); ok {
		return failure.Invalidf("Password must not have the form of an API token.")
	}
	return nil
}

// The parameters of new hashes. One takes 19 MiB of memory and some 36 ms of a
// core.
const (
	argonMemory  = 19 << 10 // KiB
	argonTime    = 2
	argonThreads = 1
	argonKey     = 32
	argonSalt    = 16
)

// HashPassword returns the argon2id hash of a password with a random salt, as a
// PHC string: $argon2id$v=19$m=19456,t=2,p=1$salt$hash.
func HashPassword(password string) string {
	salt := make([]byte, argonSalt)
	_, _ = rand.Read(salt) // it never fails
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		b64.EncodeToString(salt), b64.EncodeToString(key))
}

// VerifyPassword tells whether a hash is of the password. It knows the hashes of
// [HashPassword], and those of MLflow's users: scrypt and pbkdf2:sha256 as
// werkzeug writes them. It fails, without computing anything, for a hash that it
// does not know or that would take more than 128 MiB or some seconds.
func VerifyPassword(hash, password string) (bool, error) {
	h, err := parseHash(hash)
	if err != nil {
		return false, err
	}
	key, err := h.derive(password)
	if err != nil {
		return false, errHash
	}
	return subtle.ConstantTimeCompare(key, h.key) == 1, nil
}

// NeedsRehash tells whether a hash is not one that [HashPassword] would make.
func NeedsRehash(hash string) bool {
	prefix := fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, argonMemory, argonTime, argonThreads)
	if !strings.HasPrefix(hash, prefix) {
		return true
	}
	h, err := parseHash(hash)
	return err != nil || len(h.key) != argonKey || len(h.salt) != argonSalt
}

// dummyHash is what the password of an unknown user is compared with, so that it
// takes as long as that of a known one. Users imported from MLflow take longer
// until they have logged in once: who can try names can find those.
const dummyHash = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
