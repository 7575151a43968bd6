package storetest

import (
	"fmt"

	"github.com/stretchr/testify/require"

	d "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

func registrySearchCases() []testCase {
	return []testCase{
		{"models", searchModels},
		{"model pages", searchModelPages},
		{"versions", searchVersions},
		{"version pages", searchVersionPages},
		{"bad input", badRegistrySearches},
	}
}

// models returns the names of all models that match, page by page.
func (b bundle) models(p d.SearchRegisteredModelsParams) []string {
	b.t.Helper()
	names := []string{}
	for {
		page, err := b.SearchRegisteredModels(b.ctx(), p)
		b.ok(err)
		for _, m := range page.Items {
			names = append(names, m.Name)
			require.Equal(b.t, b.getModel(m.Name), m)
		}
		if p.PageToken = page.NextPageToken; p.PageToken == "" {
			return names
		}
	}
}

// versions returns name/number of all versions that match, page by page.
func (b bundle) versions(p d.SearchModelVersionsParams) []string {
	b.t.Helper()
	out := []string{}
	for {
		page, err := b.SearchModelVersions(b.ctx(), p)
		b.ok(err)
		for _, v := range page.Items {
			out = append(out, fmt.Sprint(v.Name, "/", v.Version))
			want := b.getVersion(v.Name, v.Version)
			want.Aliases = v.Aliases // searches need not show them
			require.Equal(b.t, want, v)
		}
		if p.PageToken = page.NextPageToken; p.PageToken == "" {
			return out
		}
	}
}

func searchModels(b bundle) {
	for i, name := range []string{"vision-large", "Vision", "audio", "vision"} {
		b.model(name, d.Tag{Key: "n", Value: fmt.Sprint(i)}, d.Tag{Key: "team", Value: "a"})
	}
	all := []string{"Vision", "audio", "vision", "vision-large"}
	for filter, want := range map[string][]string{
		"":                                 all,
		"name = 'vision'":                  {"vision"},
		"name != 'vision'":                 {"Vision", "audio", "vision-large"},
		"name LIKE 'vision%'":              {"vision", "vision-large"},
		"name ILIKE '%ISION%'":             {"Vision", "vision", "vision-large"},
		"name LIKE '%dio'":                 {"audio"},
		"tags.n = '1'":                     {"Vision"},
		"tag.team = 'a'":                   all,
		"tags.n != '1'":                    {"audio", "vision", "vision-large"},
		"tags.none = '1'":                  {},
		"name ILIKE 'V%' AND tags.n = '3'": {"vision"},
	} {
		require.Equal(b.t, want, b.models(d.SearchRegisteredModelsParams{Filter: filter}), filter)
	}
	require.Equal(b.t, []string{"vision-large", "vision", "audio", "Vision"},
		b.models(d.SearchRegisteredModelsParams{OrderBy: []string{"name DESC"}}))
}

func searchModelPages(b bundle) {
	var want []string
	for i := range 7 {
		want = append(want, b.model(fmt.Sprint("m", i)).Name)
	}
	for _, order := range []string{"name ASC", "last_updated_timestamp"} {
		for _, size := range []int{1, 3, 7} {
			p := d.SearchRegisteredModelsParams{OrderBy: []string{order}, MaxResults: size}
			got := b.models(p)
			if order == "name ASC" {
				require.Equal(b.t, want, got)
			}
			require.ElementsMatch(b.t, want, got, "%s, pages of %d", order, size)
		}
	}
	_, err := b.UpdateRegisteredModel(b.ctx(), d.UpdateRegisteredModelParams{Name: "m3", Description: "d"})
	b.ok(err)
	updated := b.models(d.SearchRegisteredModelsParams{OrderBy: []string{"last_updated_timestamp DESC"}, MaxResults: 2})
	require.ElementsMatch(b.t, want, updated)
	for i := 1; i < len(updated); i++ {
		require.GreaterOrEqual(b.t, b.getModel(updated[i-1]).LastUpdateTime, b.getModel(updated[i]).LastUpdateTime)
	}
}

func searchVersions(b bundle) {
	b.model("a")
	b.model("b")
	b.version("a", "s3://x/1", "r1", d.Tag{Key: "k", Value: "1"})
	b.version("a", "s3://x/2", "r2")
	b.version("b", "s3://x/1", "r2", d.Tag{Key: "k", Value: "2"})
	for filter, want := range map[string][]string{
		"":                               {"a/1", "a/2", "b/1"},
		"name = 'a'":                     {"a/1", "a/2"},
		"name LIKE 'b%'":                 {"b/1"},
		"run_id = 'r2'":                  {"a/2", "b/1"},
		"run_id IN ('r1', 'none')":       {"a/1"},
		"source_path = 's3://x/1'":       {"a/1", "b/1"},
		"tags.k = '2'":                   {"b/1"},
		"name = 'a' AND run_id = 'r2'":   {"a/2"},
		"version_number > 1":             {"a/2"},
		"name = 'none'":                  {},
		"run_id = 'r1' AND tags.k = '2'": {},
	} {
		require.ElementsMatch(b.t, want, b.versions(d.SearchModelVersionsParams{Filter: filter}), filter)
	}
	b.ok(b.DeleteModelVersion(b.ctx(), "a", 2))
	require.Equal(b.t, []string{"b/1"}, b.versions(d.SearchModelVersionsParams{Filter: "run_id = 'r2'"}))
}

func searchVersionPages(b bundle) {
	var want []string
	for _, name := range []string{"a", "b"} {
		b.model(name)
		for i := range 4 {
			want = append(want, fmt.Sprint(name, "/", b.version(name, "s", fmt.Sprint("r", i))))
		}
	}
	for _, size := range []int{1, 3, 8} {
		require.Equal(b.t, want, b.versions(d.SearchModelVersionsParams{OrderBy: []string{"name", "version_number"}, MaxResults: size}))
		require.Equal(b.t, []string{"b/4", "b/3", "b/2", "b/1"}, b.versions(d.SearchModelVersionsParams{
			Filter: "name = 'b'", OrderBy: []string{"version_number DESC"}, MaxResults: size,
		}))
		require.ElementsMatch(b.t, want, b.versions(d.SearchModelVersionsParams{MaxResults: size}))
	}
}

func badRegistrySearches(b bundle) {
	for _, filter := range []string{"nonsense", "unknown = 'x'", "name = 5"} {
		_, err := b.SearchRegisteredModels(b.ctx(), d.SearchRegisteredModelsParams{Filter: filter})
		require.ErrorIs(b.t, err, d.ErrInvalid, filter)
		_, err = b.SearchModelVersions(b.ctx(), d.SearchModelVersionsParams{Filter: filter})
		require.ErrorIs(b.t, err, d.ErrInvalid, filter)
	}
	_, err := b.SearchRegisteredModels(b.ctx(), d.SearchRegisteredModelsParams{MaxResults: 1001})
	require.ErrorIs(b.t, err, d.ErrInvalid)
	_, err = b.SearchModelVersions(b.ctx(), d.SearchModelVersionsParams{MaxResults: 200001})
	require.ErrorIs(b.t, err, d.ErrInvalid)
	_, err = b.SearchRegisteredModels(b.ctx(), d.SearchRegisteredModelsParams{PageToken: "nonsense"})
	require.ErrorIs(b.t, err, d.ErrInvalid)
}
