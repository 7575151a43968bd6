package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"net/netip"
	"strings"
)

// An API token is mdt_<id>_<secret>: an id of letters and digits, and 32 random
// bytes as 43 characters of URL-safe base64. The secret is random, so its SHA-256
// is enough: there is nothing to guess.
const (
	tokenPrefix = "mdt_"
	tokenSecret = 43
	maxTokenID  = 64
)

// MakeToken makes a token of an id, which is at most 64 letters and digits, and
// returns beside it the digest that is kept. The token itself is shown once.
func MakeToken(id string) (token string, digest [32]byte) {
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // it never fails
	return tokenPrefix + id + "_" + base64.RawURLEncoding.EncodeToString(secret[:]), sha256.Sum256(secret[:])
}

// parseToken takes a token apart. There is one way to write each.
func parseToken(s string) (id string, digest [32]byte, ok bool) {
	rest, ok := strings.CutPrefix(s, tokenPrefix)
	if !ok || len(rest) > maxTokenID+1+tokenSecret {
		return "", digest, false
	}
	id, text, _ := strings.Cut(rest, "_")
	if id == "" || len(id) > maxTokenID || len(text) != tokenSecret || strings.ContainsAny(text, "\r\n") { // which the decoder would skip
		return "", digest, false
	}
	if strings.ContainsFunc(id, func(c rune) bool { return !strings.ContainsRune(alphanumeric, c) }) {
		return "", digest, false
	}
	secret, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return "", digest, false
	}
	return id, sha256.Sum256(secret), true
}

const alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// Token authenticates by an API token as a Bearer token. As a password, [Basic]
// takes it.
type Token struct {
	verified *Verified
	tokens   Tokens
	limiter  *Limiter
	peers    *Peers
}

// NewToken returns an authenticator that remembers tokens in v.
func NewToken(v *Verified, t Tokens, l *Limiter, p *Peers) *Token {
	return &Token{verified: v, tokens: t, limiter: l, peers: p}
}

// Authenticate reads nothing if the token is remembered, and the token with its
// user otherwise. A Bearer token that has not the prefix of ours is
// ErrNoCredentials: an issuer may know it.
func (t *Token) Authenticate(r *http.Request) (*Identity, error) {
	text, err := authorization(r, "Bearer")
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(text, tokenPrefix) {
		return nil, ErrNoCredentials
	}
	return t.authenticate(r, text)
}

func (t *Token) authenticate(r *http.Request, text string) (*Identity, error) {
	key := t.verified.proofOf(MethodToken, text)
	e, err := t.verified.known(r.Context(), key)
	if e == nil && err == nil {
		e, err = t.lookUp(r, key, text)
	}
	if err != nil {
		return nil, err
	}
	return &e.who, nil
}

func (t *Token) lookUp(r *http.Request, key proof, text string) (*entry, error) {
	id, digest, ok := parseToken(text)
	if !ok {
		return nil, ErrBadCredentials
	}
	peer := network(t.peers.Of(r))
	return t.verified.verify(r.Context(), key, peer.String(), func(ctx context.Context, old *entry) (*entry, error) {
		return t.read(ctx, id, digest, peer, old)
	})
}

// read looks a token up. Who tries many that are wrong is stopped before the
// table is asked.
func (t *Token) read(ctx context.Context, id string, digest [32]byte, peer netip.Prefix, old *entry) (*entry, error) {
	who := tokenPrefix + id
	if old == nil {
		if err := t.limiter.allowed(who, peer); err != nil {
			return nil, err
		}
	}
	stored, err := t.tokens.Token(ctx, id)
	if err != nil && !errors.Is(err, ErrNoUser) {
		return nil, unavailable(ctx, err)
	}
	equal := subtle.ConstantTimeCompare(stored.Digest[:], digest[:]) == 1
	if err != nil || !equal || stored.User.Off || t.verified.past(stored.Expires) {
		_ = t.limiter.take(who, peer) // it counts from the next one on
		return nil, ErrBadCredentials
	}
	return tokenEntry(stored), nil
}

func tokenEntry(s StoredToken) *entry {
	return &entry{
		who: Identity{
			ID: s.User.ID, Name: s.User.Name, Admin: s.User.Admin, Method: MethodToken, Epoch: s.User.Epoch,
			Scopes: Scopes{Token: s.ID, ReadOnly: s.ReadOnly, Workspaces: s.Workspaces},
		},
		expires: s.Expires,
	}
}
