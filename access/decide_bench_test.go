package access_test

import (
	"strconv"
	"testing"

	. "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/access" //nolint:revive // as in decide_test.go
)

// busy is a user of five roles and 200 direct grants.
func busy(b *testing.B) *Grants {
	b.Helper()
	h := Holding{User: 1, Workspace: "w"}
	for i := range 5 {
		h.Roles = append(h.Roles, Role{ID: int64(i) + 1, Name: "r", Grants: []Grant{
			{Experiment, strconv.Itoa(i), LevelEdit}, {RegisteredModel, "m" + strconv.Itoa(i), LevelRead}, {Trace, Any, LevelRead},
		}})
	}
	for i := range 200 {
		h.Direct = append(h.Direct, Grant{Experiment, strconv.Itoa(1000 + i), LevelManage})
	}
	return NewGrants(spaces, h)
}

func BenchmarkDecide(b *testing.B) {
	g := busy(b)
	late := g.With(Grant{Experiment, "5000", LevelManage})
	for _, c := range []struct {
		name string
		g    *Grants
		r    Requirement
	}{
		{"run in experiment", g, Update(Run).Of("1100")},
		{"all of a type", g, Read(Trace).Of("1100")},
		{"nothing", g, Update(Run).Of("99999")},
		{"model", g, Read(RegisteredModel).Named("m3", "0123456789abcdef0123456789abcdef")},
		{"any of", g, AnyOf(Update(Experiment).ID("9"), Update(Trace).Of("1100"), Update(Run).Of("1100"))},
		{"late grant", late, Update(Run).Of("5000")},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.g.Decide(user, c.r)
			}
		})
	}
	b.Run("with the requirement made", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			g.Decide(user, Update(Run).Of("1100"))
		}
	})
}

func BenchmarkScope(b *testing.B) {
	g := busy(b)
	b.ReportAllocs()
	for b.Loop() {
		g.Scope(user, Run)
	}
}

// TestDecideAllocates nothing, whichever way it goes.
func TestDecideAllocates(t *testing.T) {
	g := grants(t, spaces, [3]string{"experiment", "5", "EDIT"}, [3]string{"=registered_model", "u", "READ"}, [3]string{"trace", "*", "DENY"})
	p := &Principal{ID: 1, Name: "bob", Token: &TokenScopes{Workspaces: []string{"w"}, Write: true}}
	var allowed int
	n := testing.AllocsPerRun(100, func() {
		for _, r := range [...]Requirement{
			Update(Run).Of("5"), Read(Experiment).ID("5"), Read(Trace).Of("5"), Update(Run).Of("6"), Read(RegisteredModel).Named("m", "u"),
			MayCreate(), Be("bob"),
		} {
			if g.Decide(p, r).Allowed {
				allowed++
			}
		}
	})
	if n != 0 || allowed == 0 {
		t.Fatalf("%v allocations, %d allowed", n, allowed)
	}
}
