package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
)

// issuer is an OpenID Connect issuer that a test serves.
type issuer struct {
	*httptest.Server
	world *world

	mu      sync.Mutex
	keys    []jose.JSONWebKey
	fetches int // of keys
	down    bool
	answer  http.HandlerFunc // in place of the keys
}

func newIssuer(t *testing.T, w *world) *issuer {
	t.Helper()
	i := &issuer{world: w}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(rw http.ResponseWriter, _ *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		if i.down {
			http.Error(rw, "down", http.StatusBadGateway)
			return
		}
		_ = json.NewEncoder(rw).Encode(map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/keys"})
	})
	mux.HandleFunc("/keys", func(rw http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.fetches++
		if i.answer != nil {
			i.answer(rw, r)
			return
		}
		set := jose.JSONWebKeySet{}
		for _, key := range i.keys {
			set.Keys = append(set.Keys, key.Public())
		}
		_ = json.NewEncoder(rw).Encode(set)
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) set(f func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	f()
}

func (i *issuer) fetched() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	n := i.fetches
	i.fetches = 0
	return n
}

// addKey makes a key that the issuer signs with and shows.
func (i *issuer) addKey(t *testing.T, id string) jose.JSONWebKey {
	t.Helper()
	key := newECKey(t, id)
	i.set(func() { i.keys = append(i.keys, key) })
	return key
}

func newECKey(t *testing.T, id string) jose.JSONWebKey {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return jose.JSONWebKey{Key: private, KeyID: id, Use: "sig", Algorithm: string(jose.ES256)}
}

func newRSAKey(t *testing.T, id string) jose.JSONWebKey {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	return jose.JSONWebKey{Key: crypto.PrivateKey(private), KeyID: id}
}

// claims are those of a token that is right, changed by pairs; nil removes one.
func (i *issuer) claims(pairs ...any) map[string]any {
	c := map[string]any{
		"iss": i.URL, "sub": "u-1", "aud": []string{"mlflow"}, "exp": i.world.now().Add(time.Hour).Unix(), "iat": i.world.now().Unix(),
		"preferred_username": "alice", "groups": []string{"ml", "unknown", "ops"},
	}
	for k := 0; k < len(pairs); k += 2 {
		name, _ := pairs[k].(string)
		if pairs[k+1] == nil {
			delete(c, name)
			continue
		}
		c[name] = pairs[k+1]
	}
	return c
}

func sign(t *testing.T, alg jose.SignatureAlgorithm, key any, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, nil)
	require.NoError(t, err)
	payload, err := json.Marshal(claims)
	require.NoError(t, err)
	jws, err := signer.Sign(payload)
	require.NoError(t, err)
	text, err := jws.CompactSerialize()
	require.NoError(t, err)
	return text
}
