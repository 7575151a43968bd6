package auth

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// TestCSRF: a form counts with the cookie it was made for, for an hour, on every
// server of the secret.
func TestCSRF(t *testing.T) {
	t.Parallel()
	w := newWorld()
	forms := func(secret string) *CSRF {
		k, err := NewKeys(secret)
		require.NoError(t, err)
		return NewCSRF(k, w.now)
	}
	one, other := forms("a secret"), forms("a secret")
	cookie, token := one.Issue(1, "")
	require.NoError(t, other.Check(1, cookie, token))
	again, second := one.Issue(1, cookie)
	require.Equal(t, cookie, again)
	require.NoError(t, one.Check(1, cookie, second))
	fresh, _ := one.Issue(1, "chosen by somebody else")
	require.NotEqual(t, "chosen by somebody else", fresh)
	foreign, foreignToken := one.Issue(1, "")
	require.NotEqual(t, cookie, foreign)

	refuse := func(c *CSRF, cookie, token, want string) {
		t.Helper()
		require.Equal(t, &mlflow.Error{Code: mlflow.CodeBadRequest, Message: want}, c.Check(1, cookie, token))
	}
	refuse(one, cookie, "", "The CSRF token is missing.")
	refuse(one, "", token, "The CSRF session token is missing.")
	refuse(one, cookie, "x", "The CSRF token is invalid.")
	refuse(one, cookie, strings.Repeat("=", len(token)), "The CSRF token is invalid.")
	refuse(one, cookie, foreignToken, "The CSRF tokens do not match.")
	refuse(one, foreign, token, "The CSRF tokens do not match.")
	refuse(one, cookie, "B"+token[1:], "The CSRF tokens do not match.")
	require.EqualError(t, one.Check(2, cookie, token), one.Check(1, foreign, token).Error(), "it was shown to another")
	refuse(forms("another secret"), cookie, token, "The CSRF tokens do not match.")
	w.pass(time.Hour - time.Second)
	require.NoError(t, one.Check(1, cookie, token))
	w.pass(time.Second)
	refuse(one, cookie, token, "The CSRF token has expired.")
	w.pass(-3 * time.Hour)
	refuse(one, cookie, token, "The CSRF token has expired.")
}

// TestKeys: keys of one secret differ by their use, are the same everywhere, and
// never change: what was made by them has to stay valid.
func TestKeys(t *testing.T) {
	t.Parallel()
	k, err := NewKeys("a secret")
	require.NoError(t, err)
	same, err := NewKeys("a secret")
	require.NoError(t, err)
	require.Equal(t, k.Of(UseSignUp), same.Of(UseSignUp))
	require.NotEqual(t, k.Of(UseSignUp), k.Of(UsePageToken))
	key := k.Of(UsePageToken)
	require.Equal(t, "f73984ed6b0bcf30baf47ffeac4f0b4708bbae861630a4a90c910a218d6f00a1", hex.EncodeToString(key[:]))
	_, err = NewKeys("")
	require.ErrorContains(t, err, "A static secret key needs to be set for CSRF protection.")
}

// FuzzCSRF: nothing but what was issued is taken.
func FuzzCSRF(f *testing.F) {
	k, err := NewKeys(rand.Text()) // that of no other process
	require.NoError(f, err)
	w := newWorld()
	c := NewCSRF(k, w.now)
	cookie, token := c.Issue(1, "")
	f.Add(cookie, token)
	f.Add("", "x")
	f.Fuzz(func(t *testing.T, otherCookie, otherToken string) {
		if otherCookie != cookie || otherToken != token {
			require.Error(t, c.Check(1, otherCookie, otherToken))
		}
	})
}
