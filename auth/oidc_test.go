package auth

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
)

type oidcWorld struct {
	*server
	issuer *issuer
	oidc   *OIDC
	key    jose.JSONWebKey
}

func newOIDCWorld(t *testing.T, change func(*OIDCOptions)) *oidcWorld {
	t.Helper()
	s := newServer(t, newWorld())
	i := newIssuer(t, s.world)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	opts := OIDCOptions{
		Issuer: i.URL, Audience: "mlflow", Algorithms: []string{"ES256"}, NameClaim: "preferred_username", GroupsClaim: "groups",
		GroupRoles: map[string][]string{"ml": {"trainer", "reader"}, "ops": {"reader", "admin"}}, Transport: transport,
	}
	if change != nil {
		change(&opts)
	}
	o, err := NewOIDC(s.verified, s.world, opts)
	require.NoError(t, err)
	return &oidcWorld{server: s, issuer: i, oidc: o, key: i.addKey(t, "k1")}
}

func (w *oidcWorld) token(t *testing.T, pairs ...any) string {
	t.Helper()
	return sign(t, jose.ES256, w.key, w.issuer.claims(pairs...))
}

func (w *oidcWorld) login(t *testing.T, token string) (*Identity, error) {
	t.Helper()
	return w.oidc.Authenticate(requestFrom(t, "192.0.2.1:1", bearer(token)...))
}

// TestOIDC: a token that an issuer has signed is a user of ours with the roles of
// its groups; then it costs nothing, for five minutes.
func TestOIDC(t *testing.T) {
	t.Parallel()
	w := newOIDCWorld(t, nil)
	token := w.token(t)
	want := &Identity{ID: 1, Name: "alice", Method: MethodOIDC, Epoch: 1, GroupRoles: []string{"admin", "reader", "trainer"}}
	for _, reads := range []int{1, 0} {
		who, err := w.login(t, token)
		require.NoError(t, err)
		require.Equal(t, want, who)
		require.Equal(t, [2]int{reads, 0}, w.counts())
	}
	require.False(t, want.Admin, "no token makes an admin")
	w.pass(externalLife - time.Second)
	_, err := w.login(t, token)
	require.NoError(t, err)
	require.Equal(t, [2]int{0, 0}, w.counts())
	w.pass(time.Second)
	_, err = w.login(t, token)
	require.NoError(t, err)
	require.Equal(t, [2]int{1, 0}, w.counts())
	require.Equal(t, 1, w.issuer.fetched())
	w.change("alice", true, func(c *Credentials) { c.Off = true })
	_, err = w.login(t, token)
	require.Equal(t, ErrBadCredentials, err)
}

// TestOIDCExpires: a token that is remembered ends when it says.
func TestOIDCExpires(t *testing.T) {
	t.Parallel()
	w := newOIDCWorld(t, nil)
	token := w.token(t, "exp", w.now().Add(time.Minute).Unix())
	_, err := w.login(t, token)
	require.NoError(t, err)
	w.pass(time.Minute)
	_, err = w.login(t, token)
	require.Equal(t, ErrBadCredentials, err)
}

// TestOIDCIdentity: who somebody is, issuer and subject tell, never the name that
// they may choose.
func TestOIDCIdentity(t *testing.T) {
	t.Parallel()
	w := newOIDCWorld(t, nil)
	w.change("admin", true, func(c *Credentials) { c.Hash, c.Admin = testHash(rightPassword), true })
	_, err := w.login(t, w.token(t, "preferred_username", "admin"))
	require.Equal(t, ErrForbidden, err)
	first, err := w.login(t, w.token(t))
	require.NoError(t, err)
	_, err = w.login(t, w.token(t, "sub", "u-2"))
	require.Equal(t, ErrForbidden, err, "another subject of the same name")
	renamed, err := w.login(t, w.token(t, "preferred_username", "alison"))
	require.NoError(t, err)
	require.Equal(t, first.ID, renamed.ID, "the same subject of another name")
	require.Equal(t, "alice", renamed.Name)
	require.Contains(t, w.origins, Origin{w.issuer.URL, "u-1"})
}

// TestOIDCRefuses: what is not a valid token of this issuer is refused before
// anybody is read or made.
func TestOIDCRefuses(t *testing.T) {
	t.Parallel()
	w := newOIDCWorld(t, nil)
	right := w.token(t)
	header, rest, _ := strings.Cut(right, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	b64 := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	public, err := json.Marshal(w.key.Public())
	require.NoError(t, err)
	hs := sign(t, jose.HS256, public, w.issuer.claims())
	stranger := newECKey(t, "k1")
	for name, token := range map[string]string{
		"expired":                 w.token(t, "exp", w.now().Unix()),
		"without an end":          w.token(t, "exp", nil),
		"not yet valid":           w.token(t, "nbf", w.now().Add(time.Hour).Unix()),
		"for somebody else":       w.token(t, "aud", "other"),
		"for nobody":              w.token(t, "aud", nil),
		"of nobody":               w.token(t, "sub", nil),
		"no name":                 w.token(t, "preferred_username", nil),
		"a name that is a number": w.token(t, "preferred_username", 5),
		"an empty name":           w.token(t, "preferred_username", ""),
		"a name with a line":      w.token(t, "preferred_username", "a\nb"),
		"a long name":             w.token(t, "preferred_username", strings.Repeat("x", 256)),
		"alg none":                b64(`{"alg":"none"}`) + "." + payload + ".",
		"alg none, signed":        b64(`{"alg":"none","kid":"k1"}`) + "." + payload + "." + signature,
		"alg HS256":               hs,
		"another algorithm":       sign(t, jose.RS256, newRSAKey(t, "k1"), w.issuer.claims()),
		"another key":             sign(t, jose.ES256, stranger, w.issuer.claims()),
		"another payload":         header + "." + b64(`{"iss":"`+w.issuer.URL+`","sub":"u-2","aud":"mlflow","exp":9999999999}`) + "." + signature,
		"no signature":            header + "." + payload + ".",
		"two parts":               header + "." + payload,
		"four parts":              right + "." + signature,
		"not base64":              "%." + "%" + ".%",
		"not JSON":                header + "." + b64("{") + "." + signature,
		"no issuer":               w.token(t, "iss", nil),
		"nothing":                 "",
		"a key in the header":     signEmbedded(t, stranger, w.issuer.claims()),
	} {
		_, err := w.login(t, token)
		require.Equal(t, ErrBadCredentials, err, name)
	}
	require.Equal(t, [2]int{0, 0}, w.counts())
	require.Empty(t, w.users)
	for name, token := range map[string]string{"another issuer": w.token(t, "iss", "https://elsewhere.example"), "an API token": "mdt_1_x"} {
		_, err := w.login(t, token)
		require.Equal(t, ErrNoCredentials, err, name)
	}
	_, err = w.oidc.Authenticate(basicRequest(t, "alice", rightPassword))
	require.Equal(t, ErrNoCredentials, err)
	require.LessOrEqual(t, w.issuer.fetched(), 1)
}

// signEmbedded signs with a key that the token brings itself.
func signEmbedded(t *testing.T, key jose.JSONWebKey, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, &jose.SignerOptions{EmbedJWK: true})
	require.NoError(t, err)
	payload, err := json.Marshal(claims)
	require.NoError(t, err)
	jws, err := signer.Sign(payload)
	require.NoError(t, err)
	text, err := jws.CompactSerialize()
	require.NoError(t, err)
	return text
}

// TestOIDCEmail: an address is a name if the issuer has verified it.
func TestOIDCEmail(t *testing.T) {
	t.Parallel()
	w := newOIDCWorld(t, func(o *OIDCOptions) { o.NameClaim = "email" })
	for _, verified := range []any{nil, false, "false", "yes", 1} {
		_, err := w.login(t, w.token(t, "email", "a@example.org", "email_verified", verified))
		require.Equal(t, ErrBadCredentials, err, verified)
	}
	who, err := w.login(t, w.token(t, "email", "a@example.org", "email_verified", true))
	require.NoError(t, err)
	require.Equal(t, "a@example.org", who.Name)
}

// TestOIDCGroups: groups may be one text; what else they are stands for nothing.
func TestOIDCGroups(t *testing.T) {
	t.Parallel()
	w := newOIDCWorld(t, nil)
	for _, tt := range []struct {
		groups any
		want   []string
	}{
		{"ml", []string{"reader", "trainer"}},
		{[]string{}, nil},
		{[]string{"ML"}, nil},
		{nil, nil},
		{5, nil},
		{[]any{"ml", 5}, nil},
		{map[string]any{"ml": true}, nil},
	} {
		who, err := w.login(t, w.token(t, "groups", tt.groups))
		require.NoError(t, err)
		require.Equal(t, tt.want, who.GroupRoles, "%v", tt.groups)
	}
}

// TestOIDCDownAtStart: an issuer that is down stops no server and no other user;
// tokens that need its keys are told to come again, and five seconds later it is
// asked again.
func TestOIDCDownAtStart(t *testing.T) {
	t.Parallel()
	w := newOIDCWorld(t, nil)
	w.issuer.set(func() { w.issuer.down = true })
	token := w.token(t)
	for range 3 {
		_, err := w.login(t, token)
		require.ErrorIs(t, err, ErrUnavailable)
		require.NotErrorIs(t, err, ErrBadCredentials)
	}
	w.issuer.set(func() { w.issuer.down = false })
	_, err := w.login(t, token)
	require.ErrorIs(t, err, ErrUnavailable, "it is not asked yet")
	w.pass(keysRetry)
	_, err = w.login(t, token)
	require.NoError(t, err)
	// Keys that are there go on while the issuer is down, however old.
	w.issuer.set(func() { w.issuer.down = true })
	w.pass(30 * time.Minute)
	_, err = w.login(t, w.token(t))
	require.NoError(t, err)
	w.pass(keysAge)
	_, err = w.login(t, w.token(t))
	require.NoError(t, err)
	// A key that is not there may be a new one.
	_, err = w.login(t, sign(t, jose.ES256, newECKey(t, "k2"), w.issuer.claims()))
	require.ErrorIs(t, err, ErrUnavailable)
}

// TestOIDCBrokenIssuer: whatever the issuer answers in place of keys, it is not
// the token's fault, and not much of it is read.
func TestOIDCBrokenIssuer(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"not JSON": func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte("<html>")) },
		"no keys":  func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte(`{"keys":[]}`)) },
		"a secret key": func(rw http.ResponseWriter, _ *http.Request) {
			_, _ = rw.Write([]byte(`{"keys":[{"kty":"oct","kid":"k1","k":"AAAA"}]}`))
		},
		"an error":  func(rw http.ResponseWriter, _ *http.Request) { http.Error(rw, "no", http.StatusInternalServerError) },
		"elsewhere": func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, "/elsewhere", http.StatusFound) },
		"very large": func(rw http.ResponseWriter, _ *http.Request) {
			_, _ = rw.Write([]byte(`{"keys":[` + strings.Repeat(" ", 4<<20)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newOIDCWorld(t, nil)
			w.issuer.set(func() { w.issuer.answer = answer })
			_, err := w.login(t, w.token(t))
			require.ErrorIs(t, err, ErrUnavailable)
			require.Empty(t, w.users)
		})
	}
}

// TestOIDCRotation: a key that is not known is asked for, at most once a minute,
// whoever sends how many of those.
func TestOIDCRotation(t *testing.T) {
	t.Parallel()
	w := newOIDCWorld(t, nil)
	_, err := w.login(t, w.token(t))
	require.NoError(t, err)
	w.key = w.issuer.addKey(t, "k2")
	for range 5 {
		_, err = w.login(t, w.token(t))
		require.Equal(t, ErrBadCredentials, err, "it is not asked yet")
	}
	require.Equal(t, 1, w.issuer.fetched())
	w.pass(keysPause)
	_, err = w.login(t, w.token(t))
	require.NoError(t, err)
	stranger := newECKey(t, "k9")
	for range 5 {
		_, err = w.login(t, sign(t, jose.ES256, stranger, w.issuer.claims()))
		require.Equal(t, ErrBadCredentials, err)
	}
	require.Equal(t, 1, w.issuer.fetched())

	// Another key of the same id, and one without an id, are found likewise.
	w.pass(keysPause)
	w.key = newECKey(t, "")
	w.key.Algorithm = ""
	w.issuer.set(func() { w.issuer.keys = []jose.JSONWebKey{w.key} })
	_, err = w.login(t, w.token(t))
	require.NoError(t, err)
	require.Equal(t, 1, w.issuer.fetched())

	// A key that the issuer has taken back counts an hour more at most.
	old := w.key
	w.issuer.set(func() { w.issuer.keys = nil })
	w.key = w.issuer.addKey(t, "k3")
	w.pass(keysAge)
	_, err = w.login(t, sign(t, jose.ES256, old, w.issuer.claims()))
	require.Equal(t, ErrBadCredentials, err)
}

// TestOIDCAtOnce: many at once before any key is there make one request for keys,
// and none of them is refused.
func TestOIDCAtOnce(t *testing.T) {
	t.Parallel()
	w := newOIDCWorld(t, nil)
	var wg sync.WaitGroup
	errs := make([]error, 32)
	for i := range errs {
		r := requestFrom(t, "192.0.2.1:1", bearer(w.token(t, "jti", i))...)
		wg.Go(func() { _, errs[i] = w.oidc.Authenticate(r) })
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.Equal(t, 1, w.issuer.fetched())
}

// TestNewOIDC: what would promise less than it seems is refused at once, and the
// issuer is not asked.
func TestNewOIDC(t *testing.T) {
	t.Parallel()
	s := newServer(t, newWorld())
	right := OIDCOptions{Issuer: "https://issuer.invalid", Audience: "mlflow"}
	_, err := NewOIDC(s.verified, s.world, right)
	require.NoError(t, err)
	for name, change := range map[string]func(*OIDCOptions){
		"no issuer":           func(o *OIDCOptions) { o.Issuer = "" },
		"http":                func(o *OIDCOptions) { o.Issuer = "http://issuer.example" },
		"a password in it":    func(o *OIDCOptions) { o.Issuer = "https://a:b@issuer.example" },
		"no audience":         func(o *OIDCOptions) { o.Audience = "" },
		"none":                func(o *OIDCOptions) { o.Algorithms = []string{"RS256", "none"} },
		"a secret to sign":    func(o *OIDCOptions) { o.Algorithms = []string{"HS256"} },
		"roles for no groups": func(o *OIDCOptions) { o.GroupRoles = map[string][]string{"a": {"b"}} },
	} {
		opts := right
		change(&opts)
		_, err := NewOIDC(s.verified, s.world, opts)
		require.Error(t, err, name)
	}
}

// FuzzClaimedIssuer: whatever a token looks like, asking whose it is does not
// fail otherwise than by saying so.
func FuzzClaimedIssuer(f *testing.F) {
	f.Add("a." + base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"x"}`)) + ".c")
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		if issuer, ok := claimedIssuer(token); ok {
			require.NotEmpty(t, issuer)
			require.Equal(t, 2, strings.Count(token, "."))
		}
	})
}
