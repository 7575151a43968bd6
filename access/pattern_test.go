package access_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/access"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// TestScorerID: ids of MLflow 3.18.0, as urllib.parse.quote(name, safe="") writes
// names.
func TestScorerID(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ experiment, name, want string }{
		{"7", "plain", "7/plain"},
		{"007", "a b", "7/a%20b"},
		{"7", "a/b", "7/a%2Fb"},
		{"7", "a+b%", "7/a%2Bb%25"},
		{"7", "ü~-_.", "7/%C3%BC~-_."},
		{"7", "!*'();:@&=$,?#[]", "7/%21%2A%27%28%29%3B%3A%40%26%3D%24%2C%3F%23%5B%5D"},
	} {
		id := access.ScorerID(c.experiment, c.name)
		require.Equal(t, c.want, id)
		experiment, name, err := access.ParseScorerID(id)
		require.NoError(t, err)
		require.Equal(t, "7", experiment)
		require.Equal(t, c.name, name)
	}
}

// TestScorerIDs: no two scorers have one id, and every id reads back.
func TestScorerIDs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a/%+ 2Fü*]*[a%/]`)
		number := rapid.SampledFrom([]string{"0", "7", "12"})
		e, n := number.Draw(t, "e"), name.Draw(t, "n")
		gotE, gotN, err := access.ParseScorerID(access.ScorerID(e, n))
		require.NoError(t, err)
		require.Equal(t, [2]string{e, n}, [2]string{gotE, gotN})
	})
}

// FuzzPattern: whatever comes in is refused in MLflow's way or kept in a form that
// stays as it is, and that a requirement for the same thing finds.
func FuzzPattern(f *testing.F) {
	for _, s := range []string{"7", " 07", "7/a/b", "7/a%2fb", "7/%", "/", "@o/n", "*", "", "\xff", "9223372036854775808"} {
		f.Add("experiment", s)
		f.Add("scorer", s)
		f.Add("skill", s)
		f.Add("registered_model", s)
		f.Add("run", s)
	}
	f.Fuzz(func(t *testing.T, typ, pattern string) {
		grant, err := access.ParseRoleGrant(typ, pattern, "MANAGE")
		if err != nil {
			require.ErrorIs(t, err, mlflow.ErrInvalid)
			return
		}
		again, err := access.ParseRoleGrant(typ, grant.Pattern, "MANAGE")
		require.NoError(t, err)
		require.Equal(t, grant, again)
		if grant.Type == access.Workspace || grant.Pattern == "\xff" {
			return
		}
		g := access.NewGrants(access.Policy{Workspaces: true}, access.Holding{
			User: 1, Workspace: "w", Roles: []access.Role{{ID: 1, Grants: []access.Grant{grant}}},
		})
		r := access.Delete(grant.Type)
		switch {
		case grant.Pattern == access.Any:
		case grant.Type == access.RegisteredModel || grant.Type == access.Prompt:
			r = r.Named(pattern, "uid")
		default:
			r = r.ID(pattern)
		}
		d := g.Decide(&access.Principal{ID: 1}, r)
		require.True(t, d.Allowed, "%v for %v: %v", grant, r, d)
	})
}
