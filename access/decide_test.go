package access_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/access" //nolint:revive // rules are read as in doc.go
)

// grants makes a snapshot of user 1 in workspace "w" from lines such as "run * READ"
// of a role and "=experiment 5 MANAGE" of a direct grant.
func grants(tb testing.TB, policy Policy, lines ...[3]string) *Grants {
	tb.Helper()
	return grantsIn(tb, policy, "w", lines...)
}

func grantsIn(tb testing.TB, policy Policy, workspace string, lines ...[3]string) *Grants {
	tb.Helper()
	h := Holding{User: 1, Workspace: workspace}
	role := Role{ID: 9, Name: "team"}
	for _, l := range lines {
		typ, direct := l[0], l[0][0] == '='
		if direct {
			typ = typ[1:]
		}
		grant, err := ParseRoleGrant(typ, l[1], l[2])
		require.NoError(tb, err)
		if direct {
			h.Direct = append(h.Direct, grant)
		} else {
			role.Grants = append(role.Grants, grant)
		}
	}
	if role.Grants != nil {
		h.Roles = []Role{role}
	}
	return NewGrants(policy, h)
}

type lines = [][3]string

var (
	spaces  = Policy{Workspaces: true, Default: LevelRead}
	single  = Policy{Default: LevelRead}
	nothing = Policy{}
	open    = Policy{Workspaces: true, Default: LevelRead, OpenDefault: true}
	user    = &Principal{ID: 1, Name: "bob"}
	root    = &Principal{ID: 2, Name: "admin", Admin: true}
)

// TestDecide is the model of MLflow, rule by rule.
func TestDecide(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		policy Policy
		lines  lines
		r      Requirement
		want   string
	}{
		{"nothing with workspaces", spaces, nil, Read(Experiment).ID("5"), "refused: no grant"},
		{"nothing without workspaces", single, nil, Read(Experiment).ID("5"), "allowed: READ by default"},
		{"default is not enough", single, nil, Update(Experiment).ID("5"), "refused: READ by default"},
		{"default is nothing", nothing, nil, Read(Experiment).ID("5"), "refused: NO_PERMISSIONS by default"},
		{"grant on one", spaces, lines{{"experiment", "5", "EDIT"}}, Update(Experiment).ID("5"), `allowed: EDIT by role "team" on experiment "5"`},
		{"grant on another", spaces, lines{{"experiment", "5", "EDIT"}}, Update(Experiment).ID("6"), "refused: no grant"},
		{"grant on all", spaces, lines{{"experiment", "*", "EDIT"}}, Update(Experiment).ID("6"), `allowed: EDIT by role "team" on all of experiment`},
		{"deleting takes MANAGE", spaces, lines{{"experiment", "*", "EDIT"}}, Delete(Experiment).ID("6"), `refused: EDIT by role "team" on all of experiment`},
		{"another spelling of the id", spaces, lines{{"experiment", "5", "READ"}}, Read(Experiment).ID(" 05"), `allowed: READ by role "team" on experiment "5"`},
		{"highest wins", spaces, lines{{"experiment", "5", "READ"}, {"=experiment", "5", "MANAGE"}}, Manage(Experiment).ID("5"), `allowed: MANAGE by direct grant on experiment "5"`},
		{"all and one alike", spaces, lines{{"experiment", "5", "READ"}, {"experiment", "*", "EDIT"}}, Update(Experiment).ID("5"), `allowed: EDIT by role "team" on all of experiment`},
		{"DENY of all wins", spaces, lines{{"experiment", "5", "MANAGE"}, {"experiment", "*", "DENY"}}, Read(Experiment).ID("5"), `refused: DENY by role "team" on all of experiment`},
		{"DENY of one wins", spaces, lines{{"experiment", "5", "DENY"}, {"experiment", "*", "MANAGE"}}, Read(Experiment).ID("5"), `refused: DENY by role "team" on experiment "5"`},
		{"a workspace's admin is not denied", spaces, lines{{"experiment", "*", "DENY"}, {"workspace", "*", "MANAGE"}}, Delete(Experiment).ID("5"), "allowed: workspace admin"},
		{"child from the parent", spaces, lines{{"experiment", "5", "EDIT"}}, Update(Run).Of("5"), `allowed: EDIT by role "team" on experiment "5"`},
		{"child replaces downwards", spaces, lines{{"experiment", "5", "MANAGE"}, {"run", "*", "READ"}}, Update(Run).Of("5"), `refused: READ by role "team" on all of run`},
		{"child replaces upwards", spaces, lines{{"experiment", "5", "READ"}, {"run", "*", "EDIT"}}, Update(Run).Of("5"), `allowed: EDIT by role "team" on all of run`},
		{"child denied", spaces, lines{{"experiment", "5", "MANAGE"}, {"run", "*", "DENY"}}, Read(Run).Of("5"), `refused: DENY by role "team" on all of run`},
		{"parent's own action without grants", single, nil, Delete(Assessment).Else(Read(Experiment).ID("5")), "allowed: READ by default"},
		{"parent's own action by its grant", spaces, lines{{"experiment", "5", "EDIT"}}, Delete(Assessment).Else(Update(Experiment).ID("5")), `allowed: EDIT by role "team" on experiment "5"`},
		{"own action by own grant", spaces, lines{{"experiment", "5", "MANAGE"}, {"assessment", "*", "EDIT"}}, Delete(Assessment).Else(Update(Experiment).ID("5")), `refused: EDIT by role "team" on all of assessment`},
		{"floor", Policy{Workspaces: true, Default: LevelEdit}, lines{{"experiment", "5", "READ"}}, Update(Experiment).ID("5"), `allowed: EDIT by role "team" on experiment "5"`},
		{"no floor under DENY", Policy{Default: LevelManage}, lines{{"experiment", "5", "DENY"}}, Read(Experiment).ID("5"), `refused: DENY by role "team" on experiment "5"`},
		{"default DENY lowers no grant", Policy{Default: LevelDeny}, lines{{"experiment", "5", "READ"}}, Read(Experiment).ID("5"), `allowed: READ by role "team" on experiment "5"`},
		{"default DENY denies", Policy{Default: LevelDeny}, nil, NotDenied(Run), "refused: DENY by default"},
		{"not denied without grants", spaces, nil, NotDenied(Run), "allowed: no grant"},
		{"not denied by another type", spaces, lines{{"trace", "*", "DENY"}}, NotDenied(Run), "allowed: no grant"},
		{"denied", spaces, lines{{"run", "*", "DENY"}}, NotDenied(Run), `refused: DENY by role "team" on all of run`},
		{"not denied by the parent", spaces, lines{{"=scorer", "5/a%2Fb", "DENY"}}, NotDenied(ScorerVersion).Of(ScorerID("5", "a/b")), `refused: DENY by direct grant on scorer "5/a%2Fb"`},
		{"on all, by all only", spaces, lines{{"experiment", "5", "MANAGE"}}, Read(Experiment), "refused: no grant"},
		{"empty id", spaces, lines{{"experiment", "5", "MANAGE"}}, Read(Experiment).ID(""), "refused: no grant"},
		{"may create", spaces, lines{{"workspace", "*", "USE"}}, MayCreate(), `allowed: USE by role "team" on all of workspace`},
		{"may not create with other rights", spaces, lines{{"experiment", "*", "MANAGE"}}, MayCreate(), "refused: no grant"},
		{"all may create without workspaces", nothing, nil, MayCreate(), "allowed: NO_PERMISSIONS by default"},
		{"member sees nothing", spaces, lines{{"workspace", "*", "USE"}}, Read(Experiment).ID("5"), "refused: no grant"},
		{"member is no admin", spaces, lines{{"workspace", "*", "USE"}}, WorkspaceAdmin(), "refused: no grant"},
		{"admin of the workspace", spaces, lines{{"workspace", "*", "MANAGE"}}, WorkspaceAdmin(), "allowed: workspace admin"},
		{"of another workspace", spaces, lines{{"workspace", "*", "MANAGE"}}, WorkspaceAdmin().In("v"), "refused: no grant"},
		{"no admin of the server", spaces, lines{{"workspace", "*", "MANAGE"}}, ServerAdmin(), "refused: by identity"},
		{"role held", spaces, lines{{"run", "*", "DENY"}}, HoldRole(), "allowed: by identity"},
		{"no role held", single, nil, HoldRole(), "refused: by identity"},
		{"entered by a grant", spaces, lines{{"=experiment", "5", "READ"}}, Enter(), "allowed: by identity"},
		{"not entered", spaces, nil, Enter(), "refused: by identity"},
		{"entered without workspaces", nothing, nil, Enter(), "allowed: NO_PERMISSIONS by default"},
		{"oneself", spaces, nil, Be("bob"), "allowed: by identity"},
		{"another", spaces, nil, Be("Bob"), "refused: by identity"},
		{"anyone", spaces, nil, Anyone(), "allowed: by identity"},
		{"any of, the second", spaces, lines{{"trace", "*", "EDIT"}}, AnyOf(Update(Experiment).ID("5"), Update(Trace).Of("5")), `allowed: EDIT by role "team" on all of trace`},
		{"any of none", spaces, nil, AnyOf(), "refused: nobody can have it"},
		{"model by name", spaces, lines{{"registered_model", "m", "EDIT"}}, Update(RegisteredModel).Named("m", "u"), `allowed: EDIT by role "team" on registered_model "m"`},
		{"model by internal id", spaces, lines{{"=registered_model", "u", "EDIT"}}, Update(RegisteredModel).Named("m", "u"), `allowed: EDIT by direct grant on registered_model "u"`},
		{"a name is no internal id", spaces, lines{{"=registered_model", "u", "EDIT"}}, Update(RegisteredModel).Named("u", "v"), "refused: no grant"},
		{"an internal id is no name", spaces, lines{{"registered_model", "u", "EDIT"}}, Update(RegisteredModel).Named("m", "u"), "refused: no grant"},
		{"direct grants go along when a model turns into a prompt", spaces, lines{{"=registered_model", "u", "MANAGE"}}, Delete(Prompt).Named("m", "u"), `allowed: MANAGE by direct grant on registered_model "u"`},
		{"grants of roles do not", spaces, lines{{"registered_model", "m", "MANAGE"}}, Delete(Prompt).Named("m", "u"), "refused: no grant"},
		{"denied by internal id", spaces, lines{{"registered_model", "*", "MANAGE"}, {"=prompt", "u", "DENY"}}, Read(RegisteredModel).Named("m", "u"), `refused: DENY by direct grant on prompt "u"`},
		{"version from the model", spaces, lines{{"=registered_model", "u", "EDIT"}}, Update(RegisteredModelVersion).OfNamed("m", "u"), `allowed: EDIT by direct grant on registered_model "u"`},
		{"new name", spaces, lines{{"registered_model", "m", "DENY"}}, NotDenied(RegisteredModel).New("m"), `refused: DENY by role "team" on registered_model "m"`},
		{"a name that is free", spaces, lines{{"=registered_model", "m", "DENY"}}, NotDenied(RegisteredModel).New("m"), "allowed: no grant"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, grants(t, c.policy, c.lines...).Decide(user, c.r).String())
		})
	}
}

// TestOpenDefault: the default holds in the default workspace if the policy says so,
// and in no other.
func TestOpenDefault(t *testing.T) {
	t.Parallel()
	edit := Policy{Workspaces: true, Default: LevelEdit, OpenDefault: true}
	for _, c := range []struct {
		policy    Policy
		workspace string
		lines     lines
		r         Requirement
		want      string
	}{
		{open, "default", nil, Read(Run).Of("5"), "allowed: READ by default"},
		{open, "w", nil, Read(Run).Of("5"), "refused: no grant"},
		{spaces, "default", nil, Read(Run).Of("5"), "refused: no grant"},
		{open, "default", nil, Enter(), "allowed: READ by default"},
		{open, "default", nil, MayCreate(), "refused: READ by default"},
		{edit, "default", nil, MayCreate(), "allowed: EDIT by default"},
		{edit, "w", nil, MayCreate(), "refused: no grant"},
		{open, "default", lines{{"run", "*", "DENY"}}, Read(Run).Of("5"), `refused: DENY by role "team" on all of run`},
	} {
		require.Equal(t, c.want, grantsIn(t, c.policy, c.workspace, c.lines...).Decide(user, c.r).String(), "%v", c.r)
	}
}

// TestNobody: what makes no sense is refused to all but admins of the server, and to
// them too if it says nothing; so is a snapshot of somebody else.
func TestNobody(t *testing.T) {
	t.Parallel()
	boss := grants(t, Policy{Default: LevelManage}, [3]string{"workspace", "*", "MANAGE"})
	senseless := []Requirement{
		Read(NoType), Read(Type(99)), Read(Run).ID("x"), Read(Workspace).ID("w"), Read(Experiment).Of("5"),
		Read(RegisteredModel).ID("m"), Read(Prompt).ID("m"), Read(Experiment).Named("5", "u"), Read(Experiment).New("5"),
		Read(RegisteredModel).Named("m", ""), Read(RegisteredModelVersion).Of("m"), Read(Run).OfNamed("m", "u"),
		Read(RegisteredModelVersion).OfNamed("m", ""),
	}
	for _, r := range senseless {
		require.Equal(t, "refused: nobody can have it", boss.Decide(user, r).String(), "%v", r)
		require.True(t, boss.Decide(root, r).Allowed, "%v", r)
	}
	for _, r := range []Requirement{
		{},
		AnyOf(), AnyOf(Requirement{}), MayCreate().Of("5"), Read(Run).Else(ServerAdmin()), Read(Run).Of("5").Of("6"),
		Read(Run).Else(Read(ScorerVersion).Of("5/a")),
	} {
		for _, p := range []*Principal{user, root} {
			require.Equal(t, "refused: nobody can have it", boss.Decide(p, r).String(), "%v", r)
		}
	}
	require.False(t, boss.Decide(nil, Anyone()).Allowed)
	require.False(t, boss.Decide(&Principal{ID: 3}, Read(Run).Of("5")).Allowed)
	require.False(t, boss.Decide(&Principal{ID: 1}, Be("")).Allowed)

	var none *Grants
	require.False(t, none.Decide(user, Read(Run).Of("5")).Allowed)
	require.True(t, none.Decide(root, Read(Run).Of("5")).Allowed)
	require.True(t, none.Decide(user, Be("bob")).Allowed)
}

// TestTokens: what a token may not, its user may not either, admin or not.
func TestTokens(t *testing.T) {
	t.Parallel()
	here := []string{"w"}
	for _, c := range []struct {
		name  string
		token TokenScopes
		yes   []Requirement
		no    []Requirement
	}{
		{
			"zero",
			TokenScopes{},
			[]Requirement{Anyone(), Be("admin")},
			[]Requirement{Read(Run).Of("5"), Enter(), Anyone().WhichWrites(), ServerAdmin().WhichReads(), NotDenied(Run)},
		},
		{
			"reads here",
			TokenScopes{Workspaces: here},
			[]Requirement{Read(Run).Of("5"), Enter(), HoldRole(), Read(Run).Of("5").In("w"), WorkspaceAdmin().WhichReads(), AnyOf(Update(Run), Read(Run))},
			[]Requirement{Read(Run).Of("5").In("v"), Update(Run).Of("5"), Use(GatewaySecret), MayCreate(), WorkspaceAdmin(), ServerAdmin().WhichReads(), Read(Run).WhichWrites(), AnyOf(Update(Run), Read(Run)).WhichWrites()},
		},
		{
			"writes here",
			TokenScopes{Workspaces: here, Write: true},
			[]Requirement{Update(Run).Of("5"), MayCreate(), Use(GatewaySecret)},
			[]Requirement{MayCreate().In("v"), AnyOf(MayCreate(), MayCreate()).In("v"), ServerAdmin(), Manage(Experiment).ID("5").WhichAdministers(), Anyone().WhichWrites(), Be("admin").WhichAdministers()},
		},
		{
			"administers nothing without writing",
			TokenScopes{AllWorkspaces: true, Administer: true},
			[]Requirement{ServerAdmin().WhichReads(), Read(Run).In("v")},
			[]Requirement{ServerAdmin().WhichAdministers(), MayCreate()},
		},
		{
			"all",
			TokenScopes{AllWorkspaces: true, Write: true, Administer: true},
			[]Requirement{ServerAdmin().WhichAdministers(), Be("admin").WhichAdministers(), WorkspaceAdmin().In("v").WhichAdministers(), Anyone().WhichWrites()},
			nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := &Principal{ID: 2, Name: "admin", Admin: true, Token: &c.token}
			g := NewGrants(spaces, Holding{User: 2, Workspace: "w"})
			for _, r := range c.yes {
				require.True(t, g.Decide(p, r).Allowed, "%v", r)
				require.True(t, g.Decide(root, r).Allowed || r.Action() == ActionBe, "%v", r)
			}
			for _, r := range c.no {
				require.Equal(t, "refused: token is limited", g.Decide(p, r).String(), "%v", r)
				require.True(t, g.Decide(root, r).Allowed, "%v", r)
			}
		})
	}
}

// TestWith: direct grants that come later count as those of the beginning do, and
// leave the snapshot as it was.
func TestWith(t *testing.T) {
	t.Parallel()
	before := grants(t, spaces, [3]string{"experiment", "*", "READ"})
	after := before.With(Grant{Experiment, "05", LevelManage}, Grant{RegisteredModel, "u", LevelEdit}, Grant{Experiment, Any, LevelManage})
	again := after.With(Grant{Experiment, "5", LevelDeny}, Grant{Prompt, "u", LevelManage})
	for _, c := range []struct {
		r    Requirement
		want [3]bool
	}{
		{Delete(Experiment).ID("5"), [3]bool{false, true, false}},
		{Delete(Run).Of("5"), [3]bool{false, true, false}},
		{Delete(Experiment).ID("6"), [3]bool{}},
		{Update(RegisteredModel).Named("m", "u"), [3]bool{false, true, true}},
		{Delete(RegisteredModel).Named("m", "u"), [3]bool{false, false, true}},
		{Read(Experiment).ID("5"), [3]bool{true, true, false}},
		{Read(Experiment).ID("6"), [3]bool{true, true, true}},
	} {
		var got [3]bool
		for i, g := range []*Grants{before, after, again} {
			got[i] = g.Decide(user, c.r).Allowed
		}
		require.Equal(t, c.want, got, "%v", c.r)
	}
	require.False(t, again.Scope(user, Run).Has("5"))
	require.True(t, after.Scope(user, Run).Has("5"))
	require.Equal(t, "w", again.Workspace())

	stranger := NewGrants(spaces, Holding{User: 1, Workspace: "w"})
	require.False(t, stranger.Decide(user, Enter()).Allowed)
	require.True(t, stranger.With(Grant{Experiment, "5", LevelRead}).Decide(user, Enter()).Allowed)
}
