package access_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/access" //nolint:revive // as in decide_test.go
)

// TestRequirement: what a requirement says of itself, and which direct grants could
// decide it.
func TestRequirement(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		r      Requirement
		text   string
		effect Effect
		keys   []string
	}{
		{Read(Experiment).ID("07"), `read experiment "7"`, Reads, []string{"experiment 7"}},
		{Update(Run).Of("5"), `update run ← experiment "5"`, Writes, []string{"experiment 5"}},
		{Delete(Assessment).Else(Update(Experiment).ID("5")), `delete assessment ← update experiment "5"`, Writes, []string{"experiment 5"}},
		{Manage(Prompt).Named("p", "u"), `manage prompt "p"`, Writes, []string{"registered_model u"}},
		{Update(PromptVersion).OfNamed("p", "u"), `update prompt_version ← prompt "p"`, Writes, []string{"registered_model u"}},
		{NotDenied(Prompt).New("p"), `not denied prompt "p"`, Reads, nil},
		{NotDenied(ScorerVersion).Of("7/a b"), `not denied scorer_version ← scorer "7/a%20b"`, Reads, []string{"scorer 7/a%20b"}},
		{Read(Scorer).ID("x").Else(Read(Experiment).ID("5")), `read scorer "x" ← experiment "5"`, Reads, []string{"scorer x", "experiment 5"}},
		{Use(GatewaySecret), "use gateway_secret", Writes, nil},
		{MayCreate().In("w"), `may create in workspace "w"`, Writes, nil},
		{WorkspaceAdmin().InAnyWorkspace().WhichAdministers(), "workspace admin in any workspace", Administers, nil},
		{ServerAdmin().WhichReads(), "server admin", Reads, nil},
		{Anyone().WhichWrites(), "anyone", Writes, nil},
		{Enter(), "enter", Reads, nil},
		{HoldRole(), "hold a role", Reads, nil},
		{Be("b\nb"), `be "b\nb"`, Reads, nil},
		{AnyOf(Update(Experiment).ID("5"), Update(Trace).Of("6")), `update experiment "5" or update trace ← experiment "6"`, Writes, []string{"experiment 5", "experiment 6"}},
		{Requirement{}, "what nobody has", Writes, nil},
	} {
		require.Equal(t, c.text, c.r.String())
		require.Equal(t, c.effect, c.r.Effect(), c.text)
		var keys []string
		for typ, id := range c.r.DirectKeys() {
			keys = append(keys, typ.String()+" "+id)
		}
		require.Equal(t, c.keys, keys, c.text)
		for range c.r.DirectKeys() {
			break
		}
	}
	require.Equal(t, "w", MayCreate().In("w").Workspace())
	require.Equal(t, ActionMayCreate, MayCreate().Action())
}

// TestRequirementsAreValues: what is made from a requirement does not change it.
func TestRequirementsAreValues(t *testing.T) {
	t.Parallel()
	r := AnyOf(Read(Run), Read(Trace))
	text := r.String()
	_ = r.In("w").WhichAdministers()
	require.Equal(t, text, r.String())
	g := grants(t, spaces, [3]string{"run", "*", "READ"})
	require.True(t, g.Decide(user, r).Allowed)
}
