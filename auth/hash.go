package auth

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/scrypt"
)

// errHash says nothing of the hash: it is a secret.
var errHash = errors.New("a stored password hash is not understood")

// Bounds of what a stored hash may ask for. The table is trusted less than that:
// a hash from elsewhere must not stop the server.
const (
	maxHash       = 1024      // bytes of the string
	maxHashMemory = 128 << 20 // bytes while it is computed
	maxArgonTime  = 10
	maxThreads    = 16
	maxScryptN    = 1 << 17
	maxPBKDF2     = 2_000_000 // twice werkzeug's own
	minKey        = 16        // bytes
	maxKey        = 64
)

// storedHash is a stored hash, taken apart.
type storedHash struct {
	derive    func(password string) ([]byte, error)
	salt, key []byte
}

func parseHash(s string) (storedHash, error) {
	if len(s) > maxHash {
		return storedHash{}, errHash
	}
	if rest, ok := strings.CutPrefix(s, "$argon2id$"); ok {
		return parseArgon(rest)
	}
	method, rest, _ := strings.Cut(s, "$")
	salt, digest, found := strings.Cut(rest, "$")
	key, err := hex.DecodeString(digest)
	if !found || err != nil || salt == "" || len(key) < minKey || len(key) > maxKey {
		return storedHash{}, errHash
	}
	h := storedHash{salt: []byte(salt), key: key} // werkzeug takes the characters of a salt as they are
	switch name, params, _ := strings.Cut(method, ":"); name {
	case "scrypt":
		return h.scrypt(params)
	case "pbkdf2":
		return h.pbkdf2(params)
	}
	return storedHash{}, errHash
}

// parseArgon takes v=19$m=19456,t=2,p=1$salt$key apart.
func parseArgon(s string) (storedHash, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 4 || parts[0] != "v="+strconv.Itoa(argon2.Version) {
		return storedHash{}, errHash
	}
	params := strings.Split(parts[1], ",")
	if len(params) != 3 {
		return storedHash{}, errHash
	}
	m, okM := parameter(params[0], "m=", maxHashMemory>>10)
	t, okT := parameter(params[1], "t=", maxArgonTime)
	p, okP := parameter(params[2], "p=", maxThreads)
	salt, errSalt := base64.RawStdEncoding.Strict().DecodeString(parts[2])
	key, errKey := base64.RawStdEncoding.Strict().DecodeString(parts[3])
	if !okM || !okT || !okP || errSalt != nil || errKey != nil || m < 8*p || len(salt) < 8 || len(key) < minKey || len(key) > maxKey {
		return storedHash{}, errHash
	}
	return storedHash{salt: salt, key: key, derive: func(password string) ([]byte, error) {
		//nolint:gosec // they are bounded above
		return argon2.IDKey([]byte(password), salt, uint32(t), uint32(m), uint8(p), uint32(len(key))), nil
	}}, nil
}

// scrypt completes a hash of werkzeug by the parameters N:r:p.
func (h storedHash) scrypt(params string) (storedHash, error) {
	parts := strings.Split(params, ":")
	if len(parts) != 3 {
		return storedHash{}, errHash
	}
	n, okN := parameter(parts[0], "", maxScryptN)
	r, okR := parameter(parts[1], "", 32)
	p, okP := parameter(parts[2], "", maxThreads)
	if !okN || !okR || !okP || n < 2 || n&(n-1) != 0 || 128*n*r > maxHashMemory || 128*n*r*p > 2*maxHashMemory {
		return storedHash{}, errHash
	}
	h.derive = func(password string) ([]byte, error) {
		key, err := scrypt.Key([]byte(password), h.salt, n, r, p, len(h.key))
		if err != nil {
			return nil, fmt.Errorf("scrypt: %w", err)
		}
		return key, nil
	}
	return h, nil
}

// pbkdf2 completes a hash of werkzeug by the parameters sha256:iterations.
func (h storedHash) pbkdf2(params string) (storedHash, error) {
	digest, iterations, _ := strings.Cut(params, ":")
	n, ok := parameter(iterations, "", maxPBKDF2)
	if !ok || digest != "sha256" {
		return storedHash{}, errHash
	}
	h.derive = func(password string) ([]byte, error) {
		key, err := pbkdf2.Key(sha256.New, password, h.salt, n, len(h.key))
		if err != nil {
			return nil, fmt.Errorf("pbkdf2: %w", err)
		}
		return key, nil
	}
	return h, nil
}

// parameter reads a positive number behind a prefix, written as it is made: no
// sign, no zeros in front.
func parameter(s, prefix string, most int) (int, bool) {
	digits, ok := strings.CutPrefix(s, prefix)
	n, err := strconv.Atoi(digits)
	return n, ok && err == nil && n >= 1 && n <= most && strconv.Itoa(n) == digits
}
