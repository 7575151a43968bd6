package dynamodbstore_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
)

// TestReplacedModels deletes a model, and makes another one of its name and as
// many versions, while an act on it is at its k-th table call, for every k: it
// ends as if one had come after the other, and a collection
// finds nothing that is needed.
func TestReplacedModels(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"models", "full models"} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			clock := newStillClock()
			points := 0
			for _, a := range modelActs {
				tab, drop := briefTable(t, clock)
				sw := &sweep{tab: configured(t, tab, clock), clock: clock, state: state}
				want := []result{
					sw.replacedInTurn(t, a.do, noAct), sw.replacedInTurn(t, noAct, a.do), sw.replacedInTurn(t, noAct, noAct),
				}
				want[2].errs[0] = string(dynamodbstore.CodeResourceDoesNotExist) // between deletion and creation
				for k := 1; sw.replaceAt(t, a, k, want); k++ {
					points++
				}
				sw.collect(t)
				drop()
			}
			t.Logf("%d points", points)
		})
	}
}

// replaceModel deletes the model "vision", if there is one, and makes another.
func replaceModel(t *testing.T, sw *sweep, workspace string) {
	t.Helper()
	s := view(t, sw.tab, sw.clock.Now, workspace)
	err := s.DeleteRegisteredModel(t.Context(), "vision")
	if err != nil {
		require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
	}
	sceneOf := modelScenes[sw.state]
	require.NoError(t, s.DeleteRegisteredModel(t.Context(), "greeting"))
	sceneOf(t, s)
	require.NoError(t, s.SetModelVersionTag(t.Context(), "vision", 1, tag("of", "the second")))
	require.NoError(t, s.SetRegisteredModelTag(t.Context(), "vision", tag("of", "the second")))
	require.NoError(t, s.Close())
}

func noAct(context.Context, *dynamodbstore.Store, scene) error { return nil }

// replacedInTurn does one thing before the replacement, and one behind it.
func (sw *sweep) replacedInTurn(t *testing.T, before, behind func(context.Context, *dynamodbstore.Store, scene) error) (r result) {
	t.Helper()
	workspace, sc := sw.workspace(t, sw.tab)
	first := before(t.Context(), sc.s, sc)
	replaceModel(t, sw, workspace)
	r.errs[0] = code(t, cmp.Or(first, behind(t.Context(), sc.s, sc)))
	r.seen = sw.look(t, workspace)
	require.NoError(t, sc.s.Close())
	return r
}

// replaceAt replaces the model at the k-th call of an act, and reports whether
// there was one.
func (sw *sweep) replaceAt(t *testing.T, a act, k int, want []result) bool {
	t.Helper()
	name := fmt.Sprintf("%s %s, %s, replaced at call %d", a.method, a.label, sw.state, k)
	ft := faulty.Wrap(sw.tab, nil)
	workspace, sc := sw.workspace(t, ft)
	ft.SetPlan(func(c faulty.Call) faulty.Fault {
		if c.N != k {
			return faulty.Fault{}
		}
		return faulty.Fault{Wait: func(context.Context) error {
			replaceModel(t, sw, workspace) //nolint:contextcheck // another client's
			return nil
		}}
	})
	err := a.do(t.Context(), sc.s, sc)
	reached := ft.Calls() >= k
	require.NoError(t, sc.s.Close())
	if !reached {
		return false
	}
	var got result
	got.errs[0], got.seen = code(t, err), sw.look(t, workspace)
	require.True(t, slices.ContainsFunc(want, func(w result) bool { return reflect.DeepEqual(w, got) }), "%s: %v", name, err)
	sw.points = append(sw.points, crashPoint{name, workspace, got.seen})
	return true
}

// collect collects garbage long after, which changes nothing that is seen.
func (sw *sweep) collect(t *testing.T) {
	t.Helper()
	sw.clock.Advance(3 * time.Hour)
	s := view(t, sw.tab, sw.clock.Now, "collector")
	_, err := s.CollectGarbage(t.Context(), dynamodbstore.GCParams{})
	require.NoError(t, errors.Join(err, s.Close()))
	for _, p := range sw.points {
		require.Equal(t, p.want, sw.look(t, p.workspace), p.name)
	}
}

// TestReplacedAtTheSameRevision: another model of the same name and revision is
// another one, and is not taken for what it replaced.
func TestReplacedAtTheSameRevision(t *testing.T) {
	t.Parallel()
	clock := newStillClock()
	for _, a := range modelActs {
		tab, drop := briefTable(t, clock)
		sw := &sweep{tab: configured(t, tab, clock), clock: clock, state: "models"}
		ft := faulty.Wrap(sw.tab, nil)
		workspace, sc := sw.workspace(t, ft)
		other := view(t, sw.tab, clock.Now, workspace)
		replaced := false
		ft.SetPlan(func(c faulty.Call) faulty.Fault {
			if c.Op == "Transact" && !replaced {
				replaced = true
				require.NoError(t, other.DeleteRegisteredModel(t.Context(), "vision"))
				require.NoError(t, other.DeleteRegisteredModel(t.Context(), "greeting"))
				modelScene(t, other)
			}
			return faulty.Fault{}
		})
		_ = a.do(t.Context(), sc.s, sc) // some fail for what they name
		checkModels(t, sw.tab, other)
		sw.look(t, workspace)
		require.NoError(t, errors.Join(sc.s.Close(), other.Close()))
		drop()
	}
}
