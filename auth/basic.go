package auth

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxBasic bounds what is decoded of the header Authorization: a name of 255
// characters, a colon and a password of 1,024 bytes, in base64.
const maxBasic = 2736

// Basic authenticates by the header Authorization of the scheme Basic: users with
// a password, and API tokens in the place of one.
//
// A password that is remembered costs neither a read nor a hash. Otherwise the
// user is read, strongly, and the password hashed: at most a quarter of the
// processors do that, networks by turns, and who waits longer than two seconds
// gets ErrUnavailable. Too many failures are a [LimitedError] before anything is
// read; a password that is remembered passes still.
type Basic struct {
	verified *Verified
	users    Users
	token    *Token // nil: a token is a password like others
	limiter  *Limiter
	peers    *Peers
	slots    *slots
	log      *slog.Logger

	compareHash func(hash, password string) (bool, error) // VerifyPassword
	newHash     func(password string) string              // HashPassword
}

// NewBasic returns an authenticator that remembers users in v. Without a token
// authenticator, tokens are not taken for passwords.
func NewBasic(v *Verified, u Users, t *Token, l *Limiter, p *Peers, log *slog.Logger) *Basic {
	return &Basic{
		verified: v, users: u, token: t, limiter: l, peers: p, slots: newSlots(), log: log,
		compareHash: VerifyPassword, newHash: HashPassword,
	}
}

// Authenticate tells whose name and password the request has.
func (b *Basic) Authenticate(r *http.Request) (*Identity, error) {
	text, err := authorization(r, "Basic")
	if err != nil {
		return nil, err
	}
	s := b.verified.scratch()
	defer b.verified.free(s)
	plain, colon := s.decode(text)
	if colon < 0 {
		return nil, ErrBadCredentials
	}
	key := s.proof(MethodBasic, plain)
	e, err := b.verified.known(r.Context(), key)
	if err != nil {
		return nil, err
	}
	if e != nil && (!e.marked || b.peers.isLocal(r)) {
		return &e.who, nil
	}
	return b.authenticate(r, key, string(plain[:colon]), string(plain[colon+1:]))
}

// decode returns name:password and where the first colon is, which ends the
// name; below zero if that is not what the header says.
func (s *scratch) decode(text string) (plain []byte, colon int) {
	if len(text) > len(s.encoded) || strings.ContainsAny(text, "\r\n") { // which the decoder would skip
		return nil, -1
	}
	n := copy(s.encoded[:], text)
	n, err := base64.StdEncoding.Strict().Decode(s.plain[:], s.encoded[:n])
	plain = s.plain[:n]
	colon = bytes.IndexByte(plain, ':')
	if err != nil || colon <= 0 || colon == n-1 || n-colon-1 > MaxPasswordBytes || !utf8.Valid(plain) ||
		bytes.ContainsFunc(plain[:colon], unicode.IsControl) {
		return nil, -1
	}
	return plain, colon
}

// attempt is one name and password that are looked at.
type attempt struct {
	name, password string
	peer           netip.Prefix
	local          bool // see Peers.isLocal
}

func (b *Basic) authenticate(r *http.Request, key proof, name, password string) (*Identity, error) {
	if _, _, ok := parseToken(password); ok && b.token != nil {
		who, err := b.token.authenticate(r, password)
		if err == nil && who.Name != name {
			return nil, ErrBadCredentials
		}
		return who, err
	}
	a := attempt{name, password, network(b.peers.Of(r)), b.peers.isLocal(r)}
	apart := a.peer.String()
	if a.local {
		apart += " local"
	}
	e, err := b.verified.verify(r.Context(), key, apart, func(ctx context.Context, old *entry) (*entry, error) {
		return b.look(ctx, &a, old)
	})
	if err != nil {
		return nil, err
	}
	return &e.who, nil
}

// look reads the user and compares the password, unless it was right before with
// the hash that is stored now.
func (b *Basic) look(ctx context.Context, a *attempt, old *entry) (*entry, error) {
	if old == nil {
		if err := b.limiter.allowed(a.name, a.peer); err != nil {
			return nil, err
		}
	}
	c, err := b.users.ByName(ctx, a.name)
	if errors.Is(err, ErrNoUser) {
		c = Credentials{Off: true}
	} else if err != nil {
		return nil, unavailable(ctx, err)
	}
	// A password that everybody knows counts on this machine only.
	refused := c.Off || c.Hash == "" || c.DefaultPassword && !a.local
	if old != nil && !refused && c.ID == old.who.ID && c.Hash == old.hash {
		return basicEntry(&c), nil
	}
	if old != nil {
		if err := b.limiter.allowed(a.name, a.peer); err != nil {
			return nil, err
		}
	}
	return b.compare(ctx, a, &c, refused)
}

// compare hashes the password, also if it will be refused: the time tells nobody
// who is a user. A hash of another kind than new ones is replaced by one of
// those, while the place to compute it is there.
func (b *Basic) compare(ctx context.Context, a *attempt, c *Credentials, refused bool) (*entry, error) {
	if err := b.slots.acquire(ctx, a.peer); err != nil {
		return nil, err
	}
	defer b.slots.release()
	if err := b.limiter.take(a.name, a.peer); err != nil {
		return nil, err
	}
	right, err := b.compareHash(orDummy(c.Hash), a.password)
	if err != nil {
		b.log.LogAttrs(ctx, slog.LevelError, "a user cannot log in", slog.Int64("user_id", c.ID), slog.String("cause", err.Error()))
		_, _ = b.compareHash(dummyHash, a.password) // for its time
	}
	if !right || refused {
		return nil, ErrBadCredentials
	}
	b.limiter.giveBack(a.name, a.peer)
	if NeedsRehash(c.Hash) {
		if err := b.rehash(ctx, a.password, c); err != nil {
			return nil, err
		}
	}
	return basicEntry(c), nil
}

func orDummy(hash string) string {
	if hash == "" {
		return dummyHash
	}
	return hash
}

// rehash replaces the hash that the password was compared with. If another is
// stored by now, the password may have been changed: nothing is written, and it
// is looked again. If it cannot be written, the next login tries.
func (b *Basic) rehash(ctx context.Context, password string, c *Credentials) error {
	now, err := b.users.Rehash(ctx, c.ID, c.Hash, b.newHash(password))
	switch {
	case errors.Is(err, ErrNotReplaced), errors.Is(err, ErrNoUser), err == nil && now.Off:
		return errAgain
	case err != nil:
		b.log.LogAttrs(ctx, slog.LevelWarn, "a password hash was not renewed", slog.Int64("user_id", c.ID), slog.String("cause", err.Error()))
	default:
		*c = now
	}
	return nil
}

func basicEntry(c *Credentials) *entry {
	return &entry{
		who:    Identity{ID: c.ID, Name: c.Name, Admin: c.Admin, Method: MethodBasic, Epoch: c.Epoch},
		hash:   c.Hash,
		marked: c.DefaultPassword,
		epoch:  c.Epoch, // one item says all of this
	}
}
