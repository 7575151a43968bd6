package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
)

// maxGroups bounds the groups that are looked at, of a token.
const maxGroups = 1000

// OIDCOptions say whose tokens are believed and what is taken from them.
type OIDCOptions struct {
	// Issuer is the URL of the issuer, as in the claim iss: https, or http on a
	// loopback address.
	Issuer string
	// Audience has to be among those of the claim aud.
	Audience string
	// Algorithms that tokens may be signed with: RS, PS and ES with 256, 384 or 512,
	// and EdDSA. Default: RS256.
	Algorithms []string
	// NameClaim is where the name of a new user comes from; who somebody is,
	// iss and sub tell alone. The claim email counts if email_verified does.
	// Default: sub.
	NameClaim string
	// GroupsClaim is where groups are, a list of strings or one; GroupRoles, which
	// roles a group stands for. Groups count until the token is looked at again.
	// Default: none.
	GroupsClaim string
	GroupRoles  map[string][]string
	// Transport fetches keys. Default: http.DefaultTransport.
	Transport http.RoundTripper
}

// OIDC authenticates by a Bearer token that an OpenID Connect issuer has signed.
type OIDC struct {
	verified *Verified
	users    External
	opts     OIDCOptions
	keys     *issuerKeys
}

// NewOIDC returns an authenticator. It asks the issuer nothing: one that is down
// does not stop a server from starting.
func NewOIDC(v *Verified, u External, opts OIDCOptions) (*OIDC, error) {
	if len(opts.Algorithms) == 0 {
		opts.Algorithms = []string{oidc.RS256}
	}
	if opts.NameClaim == "" {
		opts.NameClaim = "sub"
	}
	if !isSecure(opts.Issuer) {
		return nil, fmt.Errorf("auth: the issuer %q is not an https URL", opts.Issuer)
	}
	if opts.Audience == "" {
		return nil, fmt.Errorf("auth: the issuer %s needs an audience", opts.Issuer)
	}
	if len(opts.GroupRoles) > 0 && opts.GroupsClaim == "" {
		return nil, fmt.Errorf("auth: the issuer %s has roles for groups, and no claim that holds groups", opts.Issuer)
	}
	for _, alg := range opts.Algorithms {
		if !slices.Contains(publicAlgorithms(), alg) {
			return nil, fmt.Errorf("auth: tokens of %s cannot be signed with %q", opts.Issuer, alg)
		}
	}
	return &OIDC{verified: v, users: u, opts: opts, keys: newIssuerKeys(&opts, v.now)}, nil
}

// publicAlgorithms are those whose key to check with is not that to sign with.
func publicAlgorithms() []string {
	return []string{
		oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA,
	}
}

// isSecure tells whether nobody on the way can change what a URL says.
func isSecure(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || err == nil && addr.IsLoopback())
}

// Authenticate remembers a verified token until it ends, at most five minutes.
// Tokens of other issuers, and API tokens, are ErrNoCredentials. While the
// issuer's keys cannot be fetched, those that need them are ErrUnavailable.
func (o *OIDC) Authenticate(r *http.Request) (*Identity, error) {
	token, err := authorization(r, "Bearer")
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(token, tokenPrefix) {
		return nil, ErrNoCredentials
	}
	key := o.verified.proofOf(MethodOIDC, token)
	e, err := o.verified.known(r.Context(), key)
	if err != nil {
		return nil, err
	}
	if e != nil {
		return &e.who, nil
	}
	switch issuer, ok := claimedIssuer(token); {
	case !ok:
		return nil, ErrBadCredentials
	case issuer != o.opts.Issuer:
		return nil, ErrNoCredentials
	}
	e, err = o.verified.verify(r.Context(), key, "", func(ctx context.Context, _ *entry) (*entry, error) {
		return o.look(ctx, token)
	})
	if err != nil {
		return nil, err
	}
	return &e.who, nil
}

// claimedIssuer returns who a token says that it is from. It is only asked whose
// keys to try.
func claimedIssuer(token string) (string, bool) {
	_, rest, _ := strings.Cut(token, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	if signature == "" || strings.Contains(signature, ".") {
		return "", false
	}
	raw, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return "", false
	}
	var claims struct {
		Issuer string `json:"iss"`
	}
	return claims.Issuer, json.Unmarshal(raw, &claims) == nil && claims.Issuer != ""
}

// look verifies a token and reads its user.
func (o *OIDC) look(ctx context.Context, token string) (*entry, error) {
	keys := &askedKeys{issuerKeys: o.keys}
	verifier := oidc.NewVerifier(o.opts.Issuer, keys, &oidc.Config{
		ClientID: o.opts.Audience, SupportedSigningAlgs: o.opts.Algorithms, Now: o.verified.now,
	})
	verified, err := verifier.Verify(ctx, token)
	if keys.err != nil {
		return nil, unavailable(ctx, keys.err)
	}
	if err != nil || verified.Issuer != o.opts.Issuer || verified.Subject == "" || o.verified.past(verified.Expiry) {
		return nil, ErrBadCredentials // what is wrong with it may tell what is in it
	}
	claims := map[string]json.RawMessage{}
	if err := verified.Claims(&claims); err != nil {
		return nil, ErrBadCredentials
	}
	name, ok := o.name(claims)
	if !ok {
		return nil, ErrBadCredentials
	}
	e, err := lookExternal(ctx, o.users, Origin{verified.Issuer, verified.Subject}, name, MethodOIDC)
	if err != nil {
		return nil, err
	}
	e.who.GroupRoles = o.roles(claims)
	e.expires = verified.Expiry
	e.until = o.verified.now().Add(min(externalLife, o.verified.recheck))
	return e, nil
}

// name returns what a new user is called. An address that the issuer has not
// verified is what anybody likes to say.
func (o *OIDC) name(claims map[string]json.RawMessage) (string, bool) {
	if o.opts.NameClaim == "email" {
		if v := string(claims["email_verified"]); v != "true" && v != `"true"` {
			return "", false
		}
	}
	var name string
	err := json.Unmarshal(claims[o.opts.NameClaim], &name)
	return name, err == nil && isName(name)
}

// roles returns what the groups of a token stand for, sorted. Groups that are not
// in the map stand for nothing.
func (o *OIDC) roles(claims map[string]json.RawMessage) []string {
	raw, ok := claims[o.opts.GroupsClaim]
	if !ok || o.opts.GroupsClaim == "" {
		return nil
	}
	var groups []string
	if json.Unmarshal(raw, &groups) != nil {
		var one string
		if json.Unmarshal(raw, &one) != nil {
			return nil
		}
		groups = []string{one}
	}
	var roles []string
	for _, g := range groups[:min(len(groups), maxGroups)] {
		roles = append(roles, o.opts.GroupRoles[g]...)
	}
	slices.Sort(roles)
	return slices.Compact(roles)
}

// askedKeys remembers that keys could not be had, which is not the token's fault.
type askedKeys struct {
	*issuerKeys
	err error
}

// VerifySignature is called once by a verifier.
func (a *askedKeys) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := a.verify(ctx, jwt)
	if errors.Is(err, errNoKeys) {
		a.err = err
	}
	return payload, err
}

var _ oidc.KeySet = (*askedKeys)(nil)
