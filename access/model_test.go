package access_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	. "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/access" //nolint:revive // as in decide_test.go
)

// world is what has been granted to one user in workspace "w", in words.
type world struct {
	spaces, open bool
	def          string
	rows         []row
}

type row struct {
	typ, pattern, level string
	direct              bool
}

// place is where the naive fold looks: name and uid are "" for all of a type.
type place struct{ typ, name, uid, action string }

// order is MLflow's: a level has what stands before it too.
var order = []string{"READ", "USE", "EDIT", "MANAGE"}

var needed = map[string]string{"read": "READ", "use": "USE", "update": "EDIT", "delete": "MANAGE", "manage": "MANAGE"}

// allows is AUTHorization as a page of prose would say it, by loops over all grants.
func (w world) allows(chain ...place) bool {
	for _, r := range w.rows {
		if r.typ == "workspace" && r.level == "MANAGE" {
			return true
		}
	}
	for _, p := range chain {
		var levels []string
		for _, r := range w.rows {
			if r.on(p) {
				levels = append(levels, r.level)
			}
		}
		if len(levels) == 0 {
			continue
		}
		if slices.Contains(levels, "DENY") {
			return false
		}
		if slices.Contains(order, w.def) {
			levels = append(levels, w.def)
		}
		return p.action == "not denied" || slices.ContainsFunc(levels, func(l string) bool {
			return slices.Index(order, l) >= slices.Index(order, needed[p.action])
		})
	}
	level := "NO_PERMISSIONS"
	if !w.spaces || w.open {
		level = w.def
	}
	action := chain[len(chain)-1].action
	if action == "not denied" {
		return level != "DENY"
	}
	return slices.Contains(order, level) && slices.Index(order, level) >= slices.Index(order, needed[action])
}

func (r row) on(p place) bool {
	model := func(t string) bool { return t == "registered_model" || t == "prompt" }
	switch {
	case r.pattern == "*":
		return r.typ == p.typ
	case r.direct && model(r.typ):
		return model(p.typ) && p.uid != "" && r.pattern == p.uid
	default:
		return r.typ == p.typ && p.name != "" && r.pattern == p.name
	}
}

// snapshot is the same as the package has it.
func (w world) snapshot(t require.TestingT) *Grants {
	def, err := ParseLevel(w.def)
	require.NoError(t, err)
	h := Holding{User: 1, Workspace: "w"}
	if w.open {
		h.Workspace = DefaultWorkspace
	}
	for i, r := range w.rows {
		grant, err := ParseRoleGrant(r.typ, r.pattern, r.level)
		require.NoError(t, err)
		switch {
		case r.direct:
			h.Direct = append(h.Direct, grant)
		case i%2 == 0 && len(h.Roles) > 0: // some share a role
			h.Roles[0].Grants = append(h.Roles[0].Grants, grant)
		default:
			h.Roles = append(h.Roles, Role{ID: int64(i) + 1, Name: fmt.Sprint("r", i), Grants: []Grant{grant}})
		}
	}
	return NewGrants(Policy{Workspaces: w.spaces, Default: def, OpenDefault: w.open}, h)
}

// Few ids, so that grants meet; names that look like internal ids among them.
var (
	names = []string{"m", "n", "u1"}
	uids  = []string{"u1", "u2"}
)

func idsOf(t Type) []string {
	switch t {
	case Experiment:
		return []string{"1", "2"}
	case Scorer:
		return []string{"1/a", "1/b%2Fc", "2/a"}
	default:
		return names
	}
}

func allTypes() []Type {
	var all []Type
	for t := Experiment; t <= Workspace; t++ {
		all = append(all, t)
	}
	return all
}

func drawWorld(t *rapid.T) world {
	w := world{spaces: rapid.Bool().Draw(t, "workspaces"), def: rapid.SampledFrom([]string{
		"NO_PERMISSIONS", "READ", "READ", "USE", "EDIT", "MANAGE", "DENY",
	}).Draw(t, "default")}
	w.open = w.spaces && rapid.Bool().Draw(t, "open")
	// A few types a time, so that grants on one thing are many.
	types := rapid.SliceOfN(rapid.SampledFrom(allTypes()), 1, 4).Draw(t, "types")
	for range rapid.IntRange(0, 9).Draw(t, "rows") {
		typ := rapid.SampledFrom(types).Draw(t, "type")
		if parent := typ.Parent(); parent != NoType && rapid.Bool().Draw(t, "parent") {
			typ = parent
		}
		r := row{typ: typ.String(), pattern: "*", direct: rapid.Bool().Draw(t, "direct")}
		r.level = rapid.SampledFrom([]string{"READ", "USE", "EDIT", "MANAGE", "DENY"}).Filter(func(s string) bool {
			l, _ := ParseLevel(s)
			return typ.Grantable(l)
		}).Draw(t, "level")
		if typ.ByID() && rapid.IntRange(0, 3).Draw(t, "one") > 0 {
			ids := idsOf(typ)
			if r.direct && (typ == RegisteredModel || typ == Prompt) {
				ids = uids
			}
			r.pattern = rapid.SampledFrom(ids).Draw(t, "id")
		}
		w.rows = append(w.rows, r)
	}
	return w
}

var constructors = map[string]func(Type) Requirement{
	"read": Read, "use": Use, "update": Update, "delete": Delete, "manage": Manage, "not denied": NotDenied,
}

// drawPlace draws one place and the requirement that asks there.
func drawPlace(t *rapid.T, typ Type) (place, Requirement) {
	p := place{typ: typ.String(), action: rapid.SampledFrom([]string{
		"read", "use", "update", "delete", "manage", "not denied",
	}).Draw(t, "action")}
	r := constructors[p.action](typ)
	if !typ.ByID() || rapid.IntRange(0, 4).Draw(t, "one") == 0 {
		return p, r
	}
	p.name = rapid.SampledFrom(append(idsOf(typ), "3")).Draw(t, "name")
	if typ != RegisteredModel && typ != Prompt {
		return p, r.ID(p.name)
	}
	if rapid.IntRange(0, 4).Draw(t, "new") == 0 {
		return p, r.New(p.name)
	}
	p.uid = rapid.SampledFrom(append(uids, "u3")).Draw(t, "uid")
	return p, r.Named(p.name, p.uid)
}

// TestAgainstNaiveFold: decisions over random grants are those of a fold that
// knows nothing of the package.
func TestAgainstNaiveFold(t *testing.T) {
	t.Parallel()
	var yes, no int
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		g := w.snapshot(t)
		for range 8 {
			typ := rapid.SampledFrom(allTypes()).Draw(t, "type")
			own, r := drawPlace(t, typ)
			chain := []place{own}
			if rapid.Bool().Draw(t, "chain") {
				other := typ.Parent()
				if other == NoType {
					other = rapid.SampledFrom(allTypes()).Draw(t, "other")
				}
				parent, asks := drawPlace(t, other)
				chain, r = append(chain, parent), r.Else(asks)
			}
			d := g.Decide(user, r)
			require.Equal(t, w.allows(chain...), d.Allowed, "%v: %v", r, d)
			requireExplained(t, w, chain, d)
			if d.Allowed {
				yes++
			} else {
				no++
			}
		}
	})
	require.Greater(t, yes, 100)
	require.Greater(t, no, 100)
}

// requireExplained: the grant that is said to have decided is one that the user has, on
// the place that it is said to be on; and nothing is said to be one if there is none.
func requireExplained(t *rapid.T, w world, chain []place, d Decision) {
	if d.Reason != ByGrant {
		require.True(t, d.Held == nil || d.Reason == ByWorkspaceAdmin)
		return
	}
	said := row{d.Held.Type.String(), d.Held.Pattern, d.Held.Level.String(), d.Held.Role == 0}
	require.Contains(t, w.rows, said)
	for _, p := range chain {
		if slices.ContainsFunc(w.rows, func(r row) bool { return r.on(p) }) {
			require.True(t, said.on(p))
			return
		}
	}
	require.Fail(t, "no grant decides")
}

// TestPointAndList: a thing is in the list of its type exactly if reading it is
// allowed, by its name, its internal id or both.
func TestPointAndList(t *testing.T) {
	t.Parallel()
	kinds := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		g := w.snapshot(t)
		p := *user
		if rapid.IntRange(0, 9).Draw(t, "token") == 0 {
			p.Token = &TokenScopes{Workspaces: []string{rapid.SampledFrom([]string{"w", "v"}).Draw(t, "in")}}
		}
		if rapid.Bool().Draw(t, "late") {
			g = g.With(Grant{Experiment, "1", LevelRead}, Grant{Prompt, "u1", LevelDeny}, Grant{Scorer, "2/a", LevelDeny})
		}
		for _, typ := range allTypes() {
			scope := g.Scope(&p, typ)
			kinds[scope.String()]++
			for _, ref := range refsOf(typ) {
				want := true
				for _, r := range ToRead(typ, ref) {
					want = want && g.Decide(&p, r).Allowed
				}
				got := scope.Has(ref.ID)
				if ref.UID != "" {
					got = scope.HasNamed(ref.ID, ref.UID)
				}
				require.Equal(t, want, got, "%v %v in %v", typ, ref, scope)
				requireCandidate(t, scope, ref, got)
			}
		}
	})
	require.Len(t, kinds, 4, "%v", kinds)
}

// requireCandidate: what is in a small scope is among its candidates.
func requireCandidate(t *rapid.T, s Scope, ref Ref, in bool) {
	ids, named, few := s.Candidates()
	if in && few {
		require.True(t, slices.Contains(ids, ref.ID) || slices.Contains(named, ref.UID), "%v in %v, %v", ref, ids, named)
	}
}

func refsOf(t Type) []Ref {
	top := t
	if t.Parent() != NoType {
		top = t.Parent()
	}
	var refs []Ref
	if top == RegisteredModel || top == Prompt {
		for _, name := range append(names, "other") {
			for _, uid := range append(uids, "u3") {
				refs = append(refs, Ref{name, uid})
			}
		}
		return refs
	}
	for _, id := range append(idsOf(top), "3", "w", "v", "default") {
		refs = append(refs, Ref{ID: id})
	}
	return refs
}

// TestTotal: any requirement over any strings and numbers is answered, and says what
// it is.
func TestTotal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := drawWorld(t).snapshot(t)
		r := drawAny(t, 2)
		for _, p := range []*Principal{nil, user, root, {ID: 1, Token: &TokenScopes{}}} {
			for _, of := range []*Grants{nil, {}, g} {
				d := of.Decide(p, r)
				require.NotEmpty(t, d.String())
				require.False(t, d.Allowed && p == nil)
				of.Scope(p, Type(rapid.Uint8().Draw(t, "scope")))
			}
		}
		require.NotEmpty(t, r.String())
		for typ, id := range r.DirectKeys() {
			require.NotEqual(t, Prompt, typ)
			require.NotEmpty(t, id)
		}
	})
}

func drawAny(t *rapid.T, depth int) Requirement {
	typ := Type(rapid.Uint8Range(0, uint8(Workspace)+2).Draw(t, "type"))
	id := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"1", "*", "", "1/a", "m"}))
	r := rapid.SampledFrom([]Requirement{
		{},
		MayCreate(), Enter(), HoldRole(), WorkspaceAdmin(), ServerAdmin(), Be("bob"), Anyone(), AnyOf(),
		Read(typ), Update(typ), NotDenied(typ),
	}).Draw(t, "r")
	steps := []func() Requirement{
		func() Requirement { return r.ID(id.Draw(t, "id")) },
		func() Requirement { return r.Named(id.Draw(t, "name"), id.Draw(t, "uid")) },
		func() Requirement { return r.New(id.Draw(t, "new")) },
		func() Requirement { return r.Of(id.Draw(t, "of")) },
		func() Requirement { return r.OfNamed(id.Draw(t, "name"), id.Draw(t, "uid")) },
		func() Requirement { return r.In(id.Draw(t, "in")) },
		r.WhichReads,
		r.WhichAdministers,
	}
	if depth > 0 {
		steps = append(steps,
			func() Requirement { return r.Else(drawAny(t, depth-1)) },
			func() Requirement { return AnyOf(r, drawAny(t, depth-1)) })
	}
	for range rapid.IntRange(0, 3).Draw(t, "steps") {
		r = rapid.SampledFrom(steps).Draw(t, "step")()
	}
	return r
}
