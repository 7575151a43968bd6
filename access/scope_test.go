package access_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	. "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/access" //nolint:revive // as in decide_test.go
)

// TestScope: each of the four kinds.
func TestScope(t *testing.T) {
	t.Parallel()
	ids := []string{"3", "1", "2"}
	for _, c := range []struct {
		s         Scope
		name      string
		all, none bool
		filtered  []string
		few       bool
		found     []string
	}{
		{All(), "all", true, false, ids, false, nil},
		{None(), "none", false, true, nil, true, nil},
		{Scope{}, "none", false, true, nil, true, nil},
		{Only("2", "3", "4"), "some", false, false, []string{"3", "2"}, true, []string{"2", "3", "4"}},
		{Only(), "none", false, true, nil, true, nil},
		{AllBut("3"), "all but some", false, false, []string{"1", "2"}, false, nil},
		{AllBut(), "all", true, false, ids, false, nil},
		{Only("1", "2").And(AllBut("1")), "some", false, false, []string{"2"}, true, []string{"2"}},
		{Only("1").And(Only("2")), "none", false, true, nil, true, nil},
		{AllBut("1").And(AllBut("3")), "all but some", false, false, []string{"2"}, false, nil},
	} {
		require.Equal(t, c.name, c.s.String())
		require.Equal(t, c.all, c.s.IsAll())
		require.Equal(t, c.none, c.s.IsNone())
		require.Equal(t, c.filtered, c.s.Filter(ids))
		found, uids, few := c.s.Candidates()
		require.Equal(t, c.few, few)
		require.Equal(t, c.found, found)
		require.Empty(t, uids)
	}
}

// TestScopeAnd: what is in both is in what both come to.
func TestScopeAnd(t *testing.T) {
	t.Parallel()
	ids := []string{"1", "2", "3", "4"}
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) Scope {
			some := rapid.SliceOf(rapid.SampledFrom(ids[:3])).Draw(t, name)
			return rapid.SampledFrom([]Scope{All(), None(), Only(some...), AllBut(some...)}).Draw(t, name)
		}
		a, b := draw("a"), draw("b")
		for _, id := range ids {
			require.Equal(t, a.Has(id) && b.Has(id), a.And(b).Has(id))
		}
	})
}

// TestScopeOfModels: what is granted by name and by internal id, and denied by either.
func TestScopeOfModels(t *testing.T) {
	t.Parallel()
	g := grants(t, spaces, [3]string{"registered_model", "m", "READ"}, [3]string{"registered_model", "n", "DENY"},
		[3]string{"=registered_model", "u1", "MANAGE"}, [3]string{"=registered_model", "u2", "DENY"})
	s := g.Scope(user, RegisteredModel)
	for _, c := range []struct {
		name, uid string
		want      bool
	}{
		{"m", "u", true},
		{"x", "u1", true},
		{"m", "u1", true},
		{"n", "u1", false},
		{"m", "u2", false},
		{"x", "u", false},
		{"u1", "u", false},
	} {
		require.Equal(t, c.want, s.HasNamed(c.name, c.uid), "%v", c)
	}
	ids, uids, few := s.Candidates()
	require.True(t, few)
	require.Equal(t, []string{"m"}, ids)
	require.Equal(t, []string{"u1"}, uids)
	require.True(t, g.Scope(user, RegisteredModelVersion).HasNamed("m", "u"))
	require.Equal(t, "none", grants(t, spaces, [3]string{"registered_model", "m", "READ"},
		[3]string{"registered_model_version", "*", "DENY"}).Scope(user, RegisteredModelVersion).String())
}
