package auth

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
)

// TestNoSecretTold: no error and no log record holds a password, a token, what is
// kept of one, or a hash, whatever goes wrong.
func TestNoSecretTold(t *testing.T) {
	t.Parallel()
	w := newOIDCWorld(t, nil)
	var logged bytes.Buffer
	w.basic.log = slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w.basic.compareHash = VerifyPassword
	w.basic.newHash = HashPassword
	password := "canary password 51ff"
	hash, broken := HashPassword("another canary"), "scrypt:1073741824:8:1$canarysalt$"+strings.Repeat("ca", 64)
	w.change("alice", true, func(c *Credentials) { c.Hash = hash })
	w.change("broken", true, func(c *Credentials) { c.Hash = broken })
	w.change("old", true, func(c *Credentials) { c.Hash = werkzeugHashes()[2] })
	token := w.addToken("1", "alice", nil)
	_, digest, _ := parseToken(token)
	forged := sign(t, jose.ES256, newECKey(t, "k9"), w.issuer.claims("canary", "canary claim"))
	wrongAudience := w.token(t, "aud", "canary audience")

	secrets := []string{
		"canary", password, foreignPassword, hash, broken, werkzeugHashes()[2], token, token[len(token)-43:], hex.EncodeToString(digest[:]),
		base64.StdEncoding.EncodeToString([]byte("alice:" + password)), forged, wrongAudience, strings.Split(forged, ".")[2],
	}
	told := func(err error) {
		t.Helper()
		require.Error(t, err)
		for _, text := range []string{err.Error(), fmt.Sprintf("%+v %#v", err, err), logged.String()} {
			for _, secret := range secrets {
				require.NotContains(t, text, secret)
			}
		}
	}
	login := func(name string) error {
		_, err := w.basic.Authenticate(basicRequest(t, name, password))
		return err
	}
	asToken := func(text string) error {
		_, err := w.server.token.Authenticate(requestFrom(t, "192.0.2.1:1", bearer(text)...))
		return err
	}
	for _, name := range []string{"alice", "broken", "nobody", "al\x00ice"} {
		told(login(name))
	}
	require.Contains(t, logged.String(), "a user cannot log in")
	told(asToken(token[:len(token)-1]))
	told(asToken(token[:len(token)-2] + "AA"))
	for _, text := range []string{forged, wrongAudience, forged + "x"} {
		_, err := w.login(t, text)
		told(err)
	}
	w.down = errors.New("throttled")
	told(login("alice"))
	told(asToken(token))
	for range 2 * userBurst {
		w.down = nil
		told(login("alice"))
	}
	told(CheckPassword("canary"))
	w.basic.users = failingRehash{w.world}
	who, err := w.basic.Authenticate(basicRequest(t, "old", foreignPassword))
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprintf("%+v", who), foreignPassword)
	require.Contains(t, logged.String(), "a password hash was not renewed")
	told(errors.New("the end"))
}

// failingRehash cannot write.
type failingRehash struct{ *world }

func (failingRehash) Rehash(context.Context, int64, string, string) (Credentials, error) {
	return Credentials{}, errors.New("throttled")
}
