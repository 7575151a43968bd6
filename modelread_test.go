package dynamodbstore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
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

// modelSearchReads read "vision" by each path of the searches.
var modelSearchReads = map[string]func(ctx context.Context, s *dynamodbstore.Store) (any, error){
	"SearchRegisteredModels": func(ctx context.Context, s *dynamodbstore.Store) (any, error) {
		page, err := s.SearchRegisteredModels(ctx, dynamodbstore.SearchRegisteredModelsParams{})
		return page.Items, err
	},
	"SearchModelVersions": func(ctx context.Context, s *dynamodbstore.Store) (any, error) {
		page, err := s.SearchModelVersions(ctx, dynamodbstore.SearchModelVersionsParams{})
		return page.Items, err
	},
	"SearchModelVersions by run": func(ctx context.Context, s *dynamodbstore.Store) (any, error) {
		page, err := s.SearchModelVersions(ctx, dynamodbstore.SearchModelVersionsParams{Filter: "run_id = 'run-vision'"})
		return page.Items, err
	},
}

// TestReadModelsUnderChange lets somebody else change or delete what is read, at
// each call of the read: it sees all of it as it was, or as it is after.
func TestReadModelsUnderChange(t *testing.T) {
	t.Parallel()
	clock := newStillClock()
	for _, tc := range []struct {
		state string
		reads map[string]func(ctx context.Context, s *dynamodbstore.Store) (any, error)
	}{
		{"models", modelReads},
		{"full models", modelReads},
		{"models", modelSearchReads},
	} {
		for name, read := range tc.reads {
			t.Run(tc.state+" "+name, func(t *testing.T) {
				t.Parallel()
				tab, drop := briefTable(t, clock)
				defer drop()
				sw := &sweep{tab: configured(t, tab, clock), clock: clock, state: tc.state}
				for _, a := range modelActs {
					if a.method == "DeleteRegisteredModel" && strings.HasPrefix(name, "Search") {
						continue // a search may show those versions whose rows are left
					}
					k := 1
					for sw.readAt(t, fmt.Sprint(name, " beside ", a.method, " ", a.label), a, k, read) {
						k++
					}
				}
			})
		}
	}
}

// readAt makes a change at the k-th call of a read, and reports whether there
// was one.
func (sw *sweep) readAt(t *testing.T, what string, a act, k int,
	read func(ctx context.Context, s *dynamodbstore.Store) (any, error),
) bool {
	t.Helper()
	seen := func(v any, err error) string {
		text, jsonErr := json.MarshalIndent(v, "", " ")
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
	if !slices.Contains(want, got) {
		require.Equal(t, want[1], got, "%s, call %d", what, k)
	}
	return reached
}
