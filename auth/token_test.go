package auth

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// addToken makes a token of a user.
func (w *world) addToken(id, user string, f func(*StoredToken)) (text string) {
	text, digest := MakeToken(id)
	t := StoredToken{ID: id, User: w.users[user], Digest: digest}
	if f != nil {
		f(&t)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tokens[id] = t
	return text
}

func bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }

// TestToken: a token is its user within its scopes, as Bearer and as a password;
// after the first time it costs no read.
func TestToken(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	s.addUser("alice", rightPassword)
	s.addUser("bob", rightPassword)
	text := s.addToken("k7", "alice", func(st *StoredToken) { st.ReadOnly, st.Workspaces = true, []string{"team"} })
	want := &Identity{
		ID: 1, Name: "alice", Method: MethodToken, Epoch: 1,
		Scopes: Scopes{Token: "k7", ReadOnly: true, Workspaces: []string{"team"}},
	}
	for i, counts := range [][2]int{{1, 0}, {0, 0}, {0, 0}} {
		who, err := s.token.Authenticate(requestFrom(t, "192.0.2.1:1", bearer(text)...))
		if i == 1 {
			who, err = s.basic.Authenticate(basicRequest(t, "alice", text))
		}
		require.NoError(t, err)
		require.Equal(t, want, who)
		require.Equal(t, counts, s.counts())
	}
	_, err := s.basic.Authenticate(basicRequest(t, "bob", text))
	require.Equal(t, ErrBadCredentials, err, "it is alice's")
	_, err = s.basic.Authenticate(requestFrom(t, "192.0.2.1:1", bearer(text)...))
	require.Equal(t, ErrNoCredentials, err)
	_, err = s.token.Authenticate(basicRequest(t, "alice", rightPassword))
	require.Equal(t, ErrNoCredentials, err)
	_, err = s.token.Authenticate(requestFrom(t, "192.0.2.1:1", bearer("eyJ.a.b")...))
	require.Equal(t, ErrNoCredentials, err, "an issuer's")
	_, err = s.token.Authenticate(requestFrom(t, "192.0.2.1:1", append(bearer(text), bearer(text)...)...))
	require.Equal(t, ErrBadCredentials, err, "it is there twice")
}

// TestTokenEnds: a token that has expired, was revoked, or whose user is off, counts
// no more, also if it is remembered.
func TestTokenEnds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		end  func(s *server)
	}{
		{"expired", func(s *server) { s.pass(time.Minute) }},
		{"revoked", func(s *server) {
			s.change("alice", true, func(*Credentials) { delete(s.tokens, "1") })
		}},
		{"the user is off", func(s *server) { s.change("alice", true, func(c *Credentials) { c.Off = true }) }},
		{"another secret", func(s *server) {
			s.change("alice", true, func(*Credentials) {
				stored := s.tokens["1"]
				stored.Digest[0]++
				s.tokens["1"] = stored
			})
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, remembered := range []bool{true, false} {
				s := newServer(t, newWorld())
				s.addUser("alice", rightPassword)
				text := s.addToken("1", "alice", func(st *StoredToken) { st.Expires = s.now().Add(time.Minute) })
				r := requestFrom(t, "192.0.2.1:1", bearer(text)...)
				if remembered {
					_, err := s.token.Authenticate(r)
					require.NoError(t, err)
				}
				tt.end(s)
				for range 2 {
					_, err := s.token.Authenticate(r)
					require.Equal(t, ErrBadCredentials, err)
					_, err = s.basic.Authenticate(basicRequest(t, "alice", text))
					require.Equal(t, ErrBadCredentials, err)
				}
				require.Zero(t, s.hashes)
			}
		})
	}
}

// TestTokenRevokedWhileRead: a token that is revoked while it is read is neither
// taken nor remembered.
func TestTokenRevokedWhileRead(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	s.addUser("alice", rightPassword)
	text := s.addToken("1", "alice", nil)
	s.onRead = func() {
		s.onRead = nil
		s.change("alice", true, func(*Credentials) { delete(s.tokens, "1") })
	}
	_, err := s.token.Authenticate(requestFrom(t, "192.0.2.1:1", bearer(text)...))
	require.Equal(t, ErrBadCredentials, err)
	require.Zero(t, s.verified.entries.Len())
}

// TestTokenLimit: who tries many tokens is stopped before the table is read, and
// those that are remembered pass.
func TestTokenLimit(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	s.addUser("alice", rightPassword)
	right := requestFrom(t, "192.0.2.1:1", bearer(s.addToken("1", "alice", nil))...)
	_, err := s.token.Authenticate(right)
	require.NoError(t, err)
	s.counts()
	for range 2 * userBurst {
		wrong, _ := MakeToken("1")
		_, err = s.token.Authenticate(requestFrom(t, "192.0.2.1:1", bearer(wrong)...))
	}
	var limited *LimitedError
	require.ErrorAs(t, err, &limited)
	require.Equal(t, [2]int{userBurst, 0}, s.counts())
	_, err = s.token.Authenticate(right)
	require.NoError(t, err)

	s.down = errors.New("throttled")
	other, _ := MakeToken("2")
	for range 2 * userBurst { // what the table does not answer is nobody's failure
		_, err = s.token.Authenticate(requestFrom(t, "192.0.2.1:1", bearer(other)...))
		require.ErrorIs(t, err, ErrUnavailable)
	}
}

// TestParseToken: there is one way to write a token.
func TestParseToken(t *testing.T) {
	t.Parallel()
	text, digest := MakeToken("aZ09")
	require.Regexp(t, `^mdt_aZ09_[A-Za-z0-9_-]{43}$`, text)
	id, got, ok := parseToken(text)
	require.True(t, ok)
	require.Equal(t, "aZ09", id)
	require.Equal(t, digest, got)
	secret := text[len("mdt_aZ09_"):]
	last := base64.RawURLEncoding.EncodeToString(append(make([]byte, 31), 1)) // its last character has bits to spare
	for _, bad := range []string{
		"", "mdt_", "mdt__" + secret, "mdt_1_", "mdt_1" + secret, "mdt_1_" + secret + "A", "mdt_1_" + secret[1:], "MDT_1_" + secret,
		"mdt_1_" + secret + "=", "mdt_1-_" + secret, "mdt_ü_" + secret, " " + text, text + "\n", "mdt_1_" + secret[:21] + "\n" + secret[22:],
		"mdt_1_" + last[:42] + "F", "mdt_1_" + strings.Repeat("+", 43), "mdt_" + strings.Repeat("1", 65) + "_" + secret,
	} {
		_, _, ok := parseToken(bad)
		require.False(t, ok, "%q", bad)
	}
}

// FuzzParseToken: what is read as a token is written as it would be made.
func FuzzParseToken(f *testing.F) {
	text, _ := MakeToken("1")
	f.Add(text)
	f.Add("mdt_1_")
	f.Fuzz(func(t *testing.T, s string) {
		id, _, ok := parseToken(s)
		if !ok {
			return
		}
		require.Len(t, s, len("mdt_")+len(id)+1+43)
		secret, err := base64.RawURLEncoding.DecodeString(s[len(s)-43:])
		require.NoError(t, err)
		require.Equal(t, "mdt_"+id+"_"+base64.RawURLEncoding.EncodeToString(secret), s)
	})
}
