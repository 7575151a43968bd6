package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"golang.org/x/sync/singleflight"
)

var (
	// errNoKeys says that the issuer cannot be asked for its keys now.
	errNoKeys    = errors.New("the keys of the issuer cannot be fetched")
	errSignature = errors.New("no key of the issuer has signed this")
)

// The times of keys.
const (
	keysTimeout = 10 * time.Second
	keysPause   = time.Minute     // between two times that keys are fetched
	keysRetry   = 5 * time.Second // after keys could not be fetched
	keysAge     = time.Hour       // after which they are fetched anew
)

// maxIssuerAnswer bounds what is read of an issuer.
const maxIssuerAnswer = 1 << 20

// issuerKeys has the public keys of an issuer. They are fetched when a token
// names one that is not there or when they are an hour old, at most once a
// minute, and five seconds after that has failed.
type issuerKeys struct {
	issuer     string
	algorithms []jose.SignatureAlgorithm
	client     *http.Client
	now        func() time.Time
	flights    singleflight.Group

	mu      sync.Mutex
	keys    []jose.JSONWebKey
	fetched time.Time // zero: never
	next    time.Time // when they may be fetched again
	err     error     // of the last time, if that failed
}

func newIssuerKeys(opts *OIDCOptions, now func() time.Time) *issuerKeys {
	k := &issuerKeys{issuer: opts.Issuer, now: now}
	for _, alg := range opts.Algorithms {
		k.algorithms = append(k.algorithms, jose.SignatureAlgorithm(alg))
	}
	transport := opts.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	k.client = &http.Client{
		Timeout:   keysTimeout,
		Transport: boundedTransport{transport},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // keys come from where the issuer says
		},
	}
	return k
}

// verify returns the payload of a token that a key of the issuer has signed. If
// none of those here has, there may be new ones.
func (k *issuerKeys) verify(ctx context.Context, jwt string) ([]byte, error) {
	jws, err := jose.ParseSigned(jwt, k.algorithms)
	if err != nil || len(jws.Signatures) != 1 {
		return nil, errSignature
	}
	keys, fresh := k.held(&jws.Signatures[0].Header)
	payload, signed := signedBy(jws, keys)
	if signed && fresh {
		return payload, nil
	}
	select {
	case <-k.flights.DoChan("", func() (any, error) { k.refresh(ctx); return nil, nil }): //nolint:nilnil // what it found is in k
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if keys, _ = k.held(&jws.Signatures[0].Header); len(keys) == 0 {
		return nil, k.whyNone()
	}
	if payload, signed = signedBy(jws, keys); !signed {
		return nil, errSignature
	}
	return payload, nil
}

func signedBy(jws *jose.JSONWebSignature, keys []jose.JSONWebKey) ([]byte, bool) {
	for i := range keys {
		if payload, err := jws.Verify(&keys[i]); err == nil {
			return payload, true
		}
	}
	return nil, false
}

// whyNone tells whether there may be a key that could not be fetched.
func (k *issuerKeys) whyNone() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err != nil {
		return fmt.Errorf("%w: %w", errNoKeys, k.err)
	}
	return errSignature
}

// held returns the keys here that may have signed something, and whether they
// are younger than an hour.
func (k *issuerKeys) held(header *jose.Header) (keys []jose.JSONWebKey, fresh bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, key := range k.keys {
		if (header.KeyID == "" || key.KeyID == header.KeyID) && (key.Algorithm == "" || key.Algorithm == header.Algorithm) {
			keys = append(keys, key)
		}
	}
	return keys, k.now().Sub(k.fetched) < keysAge
}

// refresh fetches the keys, unless it is too early. What is there stays if that
// fails.
func (k *issuerKeys) refresh(ctx context.Context) {
	k.mu.Lock()
	early := k.now().Before(k.next)
	k.mu.Unlock()
	if early {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keysTimeout)
	defer cancel()
	keys, err := k.fetch(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	k.err, k.next = err, now.Add(keysRetry)
	if err == nil {
		k.keys, k.fetched, k.next = keys, now, now.Add(keysPause)
	}
}

// fetch asks the issuer where its keys are, and for them.
func (k *issuerKeys) fetch(ctx context.Context) ([]jose.JSONWebKey, error) {
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, k.client), k.issuer)
	if err != nil {
		return nil, fmt.Errorf("asking the issuer: %.200s", err.Error()) // which may hold the whole answer
	}
	var found struct {
		Keys string `json:"jwks_uri"`
	}
	if err := provider.Claims(&found); err != nil || !isSecure(found.Keys) {
		return nil, errors.New("the issuer does not say where its keys are, or not by https")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, found.Keys, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("asking for keys: %w", err)
	}
	resp, err := k.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking for keys: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("asking for keys: status %d", resp.StatusCode)
	}
	return readKeys(resp.Body)
}

// readKeys takes the public keys for signatures of a JWKS. Others are of no use
// here and stop nothing.
func readKeys(body io.Reader) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.NewDecoder(body).Decode(&set); err != nil {
		return nil, fmt.Errorf("reading keys: %w", err)
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(raw) == nil && key.Valid() && key.IsPublic() && (key.Use == "" || key.Use == "sig") {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("the issuer has no key for signatures")
	}
	return keys, nil
}

// boundedTransport bounds the bodies of answers.
type boundedTransport struct {
	http.RoundTripper
}

// RoundTrip passes a request on.
func (t boundedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err //nolint:wrapcheck // it stands in for the transport
	}
	resp.Body = http.MaxBytesReader(nil, resp.Body, maxIssuerAnswer)
	return resp, nil
}
