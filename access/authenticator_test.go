package access_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/access" //nolint:revive // as in decide_test.go
)

// TestChain: the first that knows something about the credentials has the last word.
func TestChain(t *testing.T) {
	t.Parallel()
	broken := errors.New("table throttles")
	says := func(p *Principal, err error) Authenticator {
		return AuthenticatorFunc(func(*http.Request) (*Principal, error) { return p, err })
	}
	none := says(nil, fmt.Errorf("basic: %w", ErrNoCredentials))
	bad := says(nil, fmt.Errorf("basic: %w", ErrBadCredentials))
	for _, c := range []struct {
		name  string
		chain Chain
		want  *Principal
		err   error
	}{
		{"empty", nil, nil, ErrNoCredentials},
		{"none", Chain{none, none}, nil, ErrNoCredentials},
		{"second", Chain{none, says(user, nil), bad}, user, nil},
		{"bad ends it", Chain{none, bad, says(user, nil)}, nil, ErrBadCredentials},
		{"so does a failure", Chain{says(nil, broken), says(user, nil)}, nil, broken},
		{"a principal beside an error is nobody", Chain{says(root, ErrBadCredentials)}, nil, ErrBadCredentials},
		{"a chain in a chain", Chain{Chain{none}, says(user, nil)}, user, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := c.chain.Authenticate(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
			require.ErrorIs(t, err, c.err)
			require.Equal(t, c.want, got)
		})
	}
	// Neither of both is a mistake of the authenticator's, and nobody.
	got, err := Chain{says(nil, nil), says(user, nil)}.Authenticate(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	require.Nil(t, got)
	require.Error(t, err)
	require.NotErrorIs(t, err, ErrNoCredentials)
	require.NotErrorIs(t, err, ErrBadCredentials)
}

// TestTokenScopes: a token makes no token that may do more than itself.
func TestTokenScopes(t *testing.T) {
	t.Parallel()
	some := TokenScopes{Workspaces: []string{"a", "b"}, Write: true}
	all := TokenScopes{AllWorkspaces: true, Write: true, Administer: true}
	for _, c := range []struct {
		scopes, maker TokenScopes
		want          bool
	}{
		{TokenScopes{}, TokenScopes{}, true},
		{some, some, true},
		{some, all, true},
		{all, some, false},
		{TokenScopes{Workspaces: []string{"a"}}, some, true},
		{TokenScopes{Workspaces: []string{"a", "c"}}, some, false},
		{TokenScopes{AllWorkspaces: true}, some, false},
		{TokenScopes{Workspaces: []string{"a"}, Administer: true}, some, false},
		{TokenScopes{Workspaces: []string{"a"}, Write: true}, TokenScopes{Workspaces: []string{"a"}}, false},
	} {
		require.Equal(t, c.want, c.scopes.Within(c.maker), "%+v within %+v", c.scopes, c.maker)
	}
}

// TestPermits: without a token nothing is limited.
func TestPermits(t *testing.T) {
	t.Parallel()
	require.True(t, user.Permits(Administers, "w"))
	require.False(t, (*Principal)(nil).Permits(Reads, "w"))
	p := &Principal{Token: &TokenScopes{Workspaces: []string{"w"}}}
	require.True(t, p.Permits(Reads, "w"))
	require.False(t, p.Permits(Reads, "v"))
	require.False(t, p.Permits(Writes, "w"))
}
