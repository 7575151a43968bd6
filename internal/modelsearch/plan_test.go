package modelsearch

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/modelfilter"
)

// TestPlanModels: what a filter says about names decides where candidates are
// looked for.
func TestPlanModels(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, filter string
		names        []string
		prefix       string
		sources      int
	}{
		{name: "all", filter: ""},
		{name: "one", filter: "name = 'a'", names: []string{"a"}},
		{name: "both at once", filter: "name = 'a' AND name = 'b'", names: []string{}},
		{name: "beginning", filter: "name LIKE 'abc%'", prefix: "abc", sources: 1},
		{name: "beginning in any case", filter: "name ILIKE 'abc%'", sources: 1},
		{name: "longest beginning", filter: "name LIKE 'a%' AND name LIKE 'ab%'", prefix: "ab"},
		{name: "part", filter: "name LIKE '%abc%' AND name LIKE '%d%'", sources: 1},
		{name: "others", filter: "name != 'a' AND tags.k = 'name'"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			q, err := modelfilter.Parse(tt.filter, nil)
			require.NoError(t, err)
			plan := planModels(q.Clauses)
			require.Equal(t, tt.names, plan.names)
			require.Equal(t, tt.prefix, plan.prefix)
			require.Len(t, plan.sources, tt.sources)
		})
	}
}

// TestIndexedTexts: versions without a run have no row, so a filter for them is
// served by no index.
func TestIndexedTexts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, filter  string
		runs, sources []string
	}{
		{name: "all", filter: ""},
		{name: "a run", filter: "run_id = 'r'", runs: []string{"r"}},
		{name: "runs", filter: "run_id IN ('r', 's')", runs: []string{"r", "s"}},
		{name: "runs of both lists", filter: "run_id IN ('r', 's') AND run_id IN ('s', 't')", runs: []string{"s"}},
		{name: "no run", filter: "run_id = ''"},
		{name: "a source", filter: "source_path = 's3://b/a'", sources: []string{"s3://b/a"}},
		{name: "another source", filter: "source_path != 's3://b/a'"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			q, err := modelfilter.ParseVersions(tt.filter, nil)
			require.NoError(t, err)
			runs, sources := indexedTexts(q.Clauses)
			require.Equal(t, tt.runs, runs)
			require.Equal(t, tt.sources, sources)
		})
	}
}
