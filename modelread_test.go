package dynamodbstore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
)

// modelReads read what of "vision" stands in several items.
var modelReads = map[string]func(ctx context.Context, s *dynamodbstore.Store) (any, error){
	"GetRegisteredModel": func(ctx context.Context, s *dynamodbstore.Store) (any, error) {
		return s.GetRegisteredModel(ctx, "vision")
	},
	"GetModelVersion": func(ctx context.Context, s *dynamodbstore.Store) (any, error) {
		return s.GetModelVersion(ctx, "vision", 2)
	},
	"GetModelVersionByAlias": func(ctx context.Context, s *dynamodbstore.Store) (any, error) {
		return s.GetModelVersionByAlias(ctx, "vision", "elsewhere")
	},
	"LatestVersions": func(ctx context.Context, s *dynamodbstore.Store) (any, error) {
		return s.LatestVersions(ctx, "vision", nil)
	},
}

// TestReadModelsUnderChange lets somebody else change or delete what is read, at
// each call of the read: it sees all of it as it was, or as it is after.
func TestReadModelsUnderChange(t *testing.T) {
	t.Parallel()
	clock := newStillClock()
	for name, read := range modelReads {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tab, drop := briefTable(t, clock)
			defer drop()
			sw := &sweep{tab: configured(t, tab, clock), clock: clock, state: "full models"}
			for _, a := range modelActs {
				k := 1
				for sw.readAt(t, fmt.Sprint(name, " beside ", a.method, " ", a.label), a, k, read) {
					k++
				}
			}
		})
	}
}

// readAt makes a change at the k-th call of a read, and reports whether there
// was one.
func (sw *sweep) readAt(t *testing.T, what string, a act, k int,
	read func(ctx context.Context, s *dynamodbstore.Store) (any, error),
) bool {
	t.Helper()
	seen := func(v any, err error) string {
		text, jsonErr := json.Marshal(v)
		require.NoError(t, jsonErr)
		return code(t, err) + string(text)
	}
	ft := faulty.Wrap(sw.tab, nil)
	workspace, sc := sw.workspace(t, ft)
	defer func() { require.NoError(t, sc.s.Close()) }()
	before := seen(read(t.Context(), sc.s))
	ft.SetPlan(func(c faulty.Call) faulty.Fault {
		if c.N != k {
			return faulty.Fault{}
		}
		other := view(t, sw.tab, sw.clock.Now, workspace)
		code(t, a.do(t.Context(), other, scene{s: other}))
		require.NoError(t, other.Close())
		return faulty.Fault{}
	})
	got := seen(read(t.Context(), sc.s))
	reached := ft.Calls() >= k
	ft.SetPlan(nil)
	want := []string{before, seen(read(t.Context(), sc.s))}
	require.True(t, slices.Contains(want, got), "%s, call %d", what, k)
	return reached
}
