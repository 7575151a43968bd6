package access_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	. "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/access" //nolint:revive // as in decide_test.go
)

// book is a source that writes down what it is asked.
type book struct {
	snapshots map[string]*Grants
	fails     error
	asked     []string
}

func (b *book) Grants(_ context.Context, _ *Principal, workspace string, _ Requirement) (*Grants, error) {
	b.asked = append(b.asked, workspace)
	return b.snapshots[workspace], b.fails
}

func (b *book) AllGrants(_ context.Context, _ *Principal, workspace string) (*Grants, error) {
	b.asked = append(b.asked, "all of "+workspace)
	return b.snapshots[workspace], b.fails
}

func (b *book) Workspaces(context.Context, *Principal) ([]string, error) {
	b.asked = append(b.asked, "workspaces")
	return []string{"w", "v", "u"}, b.fails
}

func newBook(t *testing.T) *book {
	t.Helper()
	return &book{snapshots: map[string]*Grants{
		"w": grantsIn(t, spaces, "w", [3]string{"experiment", "5", "EDIT"}),
		"v": grantsIn(t, spaces, "v", [3]string{"workspace", "*", "MANAGE"}),
	}}
}

// TestCheck: all requirements have to be met, each in its workspace; the source is
// asked for what cannot be decided without.
func TestCheck(t *testing.T) {
	t.Parallel()
	here := &Principal{ID: 1, Name: "bob", Token: &TokenScopes{Workspaces: []string{"w"}, Write: true, Administer: true}}
	for _, c := range []struct {
		name  string
		p     *Principal
		all   []Requirement
		want  string // "" if allowed
		asked []string
	}{
		{"no rule", root, nil, "permission denied: what nobody has: refused: nobody can have it", nil},
		{"nobody", nil, []Requirement{Anyone()}, "permission denied: anyone: refused: nobody can have it", nil},
		{"all", user, []Requirement{Read(Experiment).ID("5"), Update(Run).Of("5")}, "", []string{"w", "w"}},
		{"the second not", user, []Requirement{Read(Experiment).ID("5"), Delete(Run).Of("5")}, `permission denied: delete run ← experiment "5": refused: EDIT by role "team" on experiment "5"`, []string{"w", "w"}},
		{"unknown workspace", user, []Requirement{Read(Run).Of("5").In("x")}, `permission denied: read run ← experiment "5" in workspace "x": refused: no grant`, []string{"x"}},
		{"another workspace", user, []Requirement{WorkspaceAdmin().In("v")}, "", []string{"v"}},
		{"any workspace", user, []Requirement{WorkspaceAdmin().InAnyWorkspace()}, "", []string{"w", "workspaces", "v"}},
		{"none of all", user, []Requirement{Delete(Trace).InAnyWorkspace().In(Any), Anyone()}, "", []string{"w", "workspaces", "v"}},
		{"in no workspace", user, []Requirement{ServerAdmin().InAnyWorkspace()}, "permission denied: server admin in any workspace: refused: by identity", []string{"workspaces"}},
		{"any of", user, []Requirement{AnyOf(Be("eve"), WorkspaceAdmin().In("w"), WorkspaceAdmin().In("v"))}, "", []string{"w", "v"}},
		{"none of any", user, []Requirement{AnyOf(Be("eve"), ServerAdmin())}, `permission denied: be "eve" or server admin: refused: by identity`, nil},
		{"admins cost nothing", root, []Requirement{Delete(Run).Of("5"), WorkspaceAdmin().InAnyWorkspace(), ServerAdmin()}, "", nil},
		{"who somebody is costs nothing", user, []Requirement{Be("bob"), Anyone()}, "", nil},
		{"a token in another workspace", here, []Requirement{WorkspaceAdmin().In("v")}, `permission denied: workspace admin in workspace "v": refused: token is limited`, nil},
		{"a token in any", here, []Requirement{WorkspaceAdmin().InAnyWorkspace()}, "permission denied: workspace admin in any workspace: refused: no grant", []string{"w", "workspaces"}},
		{"senseless", root, []Requirement{Read(Run).Else(ServerAdmin())}, "permission denied: what nobody has: refused: nobody can have it", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBook(t)
			err := ByGrants(b).Check(t.Context(), c.p, "w", c.all...)
			require.Equal(t, c.asked, b.asked)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, ErrDenied)
			require.EqualError(t, err, c.want)
			var denied *DeniedError
			require.ErrorAs(t, err, &denied)
			require.Equal(t, "w", denied.Workspace)
			if c.p != nil {
				require.Equal(t, c.p.Name, denied.User)
			}
		})
	}
}

// TestCheckNowhere: without a workspace, or in one that has the name of all, nobody
// is let in, and nothing goes round in circles.
func TestCheckNowhere(t *testing.T) {
	t.Parallel()
	a := ByGrants(newBook(t))
	for _, w := range []string{"", Any} {
		require.ErrorIs(t, a.Check(t.Context(), root, w, WorkspaceAdmin().InAnyWorkspace()), ErrDenied)
		require.ErrorIs(t, a.Check(t.Context(), user, w, Anyone()), ErrDenied)
	}
}

// TestSourceFails: who cannot be decided about is neither allowed nor denied.
func TestSourceFails(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.fails = errors.New("table throttles")
	a := ByGrants(b)
	for _, r := range []Requirement{
		Read(Run).Of("5"), WorkspaceAdmin().InAnyWorkspace(), AnyOf(MayCreate(), Anyone()), ServerAdmin().InAnyWorkspace(),
	} {
		err := a.Check(t.Context(), user, "w", r)
		require.ErrorIs(t, err, b.fails, "%v", r)
		require.NotErrorIs(t, err, ErrDenied)
	}
	for _, typ := range []Type{Run, Workspace} {
		s, err := a.Scope(t.Context(), user, "w", typ)
		require.ErrorIs(t, err, b.fails)
		require.True(t, s.IsNone())
	}
}

// TestScopes: lists of things and of workspaces.
func TestScopes(t *testing.T) {
	t.Parallel()
	limited := func(p Principal, workspaces ...string) *Principal {
		p.Token = &TokenScopes{Workspaces: workspaces}
		return &p
	}
	for _, c := range []struct {
		name      string
		p         *Principal
		workspace string
		typ       Type
		want      Scope
		asked     []string
	}{
		{"some", user, "w", Run, Only("5"), []string{"all of w"}},
		{"a workspace's admin", user, "v", Run, All(), []string{"all of v"}},
		{"a stranger", user, "x", Run, None(), []string{"all of x"}},
		{"nobody", nil, "w", Run, None(), nil},
		{"nowhere", root, "", Run, None(), nil},
		{"an admin", root, "x", Run, All(), nil},
		{"an admin's token elsewhere", limited(*root, "v"), "w", Run, None(), nil},
		{"an admin's token here", limited(*root, "w"), "w", Run, All(), nil},
		{"workspaces", user, "w", Workspace, Only("w", "v", "u"), []string{"workspaces"}},
		{"workspaces of a token", limited(*user, "w", "x"), "w", Workspace, Only("w"), []string{"workspaces"}},
		{"workspaces of an admin", root, "w", Workspace, All(), nil},
		{"workspaces of an admin's token", limited(*root, "x"), "w", Workspace, Only("x"), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBook(t)
			got, err := ByGrants(b).Scope(t.Context(), c.p, c.workspace, c.typ)
			require.NoError(t, err)
			require.Equal(t, c.asked, b.asked)
			require.Equal(t, c.want.String(), got.String())
			for _, id := range []string{"5", "6", "u", "v", "w", "x"} {
				require.Equal(t, c.want.Has(id), got.Has(id), id)
			}
		})
	}
}
