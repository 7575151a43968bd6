package dynamodbstore_test

import (
	"fmt"
	"slices"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

const onlyPrompts = "tags.`mlflow.prompt.is_prompt` = 'true'"

// lookAtModels reads registered models and their versions by every path.
func lookAtModels(t tester, s *dynamodbstore.Store, out sight) {
	t.Helper()
	models := allModels(t, s, dynamodbstore.SearchRegisteredModelsParams{})
	models = append(models, allModels(t, s, dynamodbstore.SearchRegisteredModelsParams{Filter: onlyPrompts})...)
	count := 0
	for _, m := range models {
		lookAtModel(t, s, out, m)
		count += lookAtVersions(t, s, out, m)
	}
	found := allVersions(t, s, dynamodbstore.SearchModelVersionsParams{})
	found = append(found, allVersions(t, s, dynamodbstore.SearchModelVersionsParams{Filter: onlyPrompts})...)
	require.Len(t, found, count, "versions")
}

func lookAtModel(t tester, s *dynamodbstore.Store, out sight, m *dynamodbstore.RegisteredModel) {
	t.Helper()
	got, err := s.GetRegisteredModel(t.Context(), m.Name)
	require.NoError(t, err)
	require.Equal(t, m, got, "search and get of model %s", m.Name)
	at := "model " + m.Name
	require.NotContains(t, out, at)
	out[at] = fmt.Sprint(m.CreationTime, m.LastUpdateTime, m.Description)
	for _, x := range m.Tags {
		out[at+" tag "+x.Key] = x.Value
	}
	for _, x := range m.Aliases {
		out[at+" alias "+x.Alias] = fmt.Sprint(x.Version)
		v, err := s.GetModelVersionByAlias(t.Context(), m.Name, x.Alias)
		require.NoError(t, err)
		require.Equal(t, x.Version, v.Version)
		require.Contains(t, v.Aliases, x.Alias)
	}
	latest, err := s.LatestVersions(t.Context(), m.Name, nil)
	require.NoError(t, err)
	require.Len(t, latest, len(m.LatestVersions))
	if len(m.Name) >= 3 {
		found := allModels(t, s, dynamodbstore.SearchRegisteredModelsParams{Filter: "name LIKE '%" + m.Name[:3] + "%'"})
		found = append(found, allModels(t, s, dynamodbstore.SearchRegisteredModelsParams{
			Filter: "name LIKE '%" + m.Name[:3] + "%' AND " + onlyPrompts,
		})...)
		require.Contains(t, found, m, "by trigrams")
	}
}

// lookAtVersions looks at the versions of a model, and returns how many of them
// searches show: if one is a prompt, only those that are.
func lookAtVersions(t tester, s *dynamodbstore.Store, out sight, m *dynamodbstore.RegisteredModel) int {
	t.Helper()
	var all, prompts []*dynamodbstore.ModelVersion
	latest := map[dynamodbstore.ModelStage]*dynamodbstore.ModelVersion{}
	for n := 1; n <= 12; n++ {
		v, err := s.GetModelVersion(t.Context(), m.Name, n)
		if err != nil {
			require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
			continue
		}
		uri, err := s.ModelVersionDownloadURI(t.Context(), m.Name, n)
		require.NoError(t, err)
		out[fmt.Sprint("model ", m.Name, " version ", n)] = fmt.Sprint(v.Aliases, uri, *v)
		v.Aliases = nil
		latest[v.Stage] = v
		if all = append(all, v); slices.Contains(v.Tags, tag("mlflow.prompt.is_prompt", "true")) {
			prompts = append(prompts, v)
		}
	}
	require.Len(t, m.LatestVersions, len(latest))
	for _, v := range m.LatestVersions {
		require.Equal(t, latest[v.Stage], v, "latest version of stage %s of model %s", v.Stage, m.Name)
	}
	and := ""
	if prompts != nil {
		all, and = prompts, " AND "+onlyPrompts
	}
	searched := map[string][]*dynamodbstore.ModelVersion{} // by filter: versions share runs and sources
	for _, v := range all {
		for _, by := range []string{"run_id = '" + v.RunID + "'", "source_path = '" + v.Source + "'", "name = '" + m.Name + "'"} {
			if searched[by] == nil {
				searched[by] = allVersions(t, s, dynamodbstore.SearchModelVersionsParams{Filter: by + and})
			}
			require.Contains(t, searched[by], v, "by %s", by)
		}
	}
	return len(all)
}

func allModels(t tester, s *dynamodbstore.Store, p dynamodbstore.SearchRegisteredModelsParams) []*dynamodbstore.RegisteredModel {
	t.Helper()
	var out []*dynamodbstore.RegisteredModel
	for m, err := range s.AllRegisteredModels(t.Context(), p) {
		require.NoError(t, err)
		out = append(out, m)
	}
	return out
}

func allVersions(t tester, s *dynamodbstore.Store, p dynamodbstore.SearchModelVersionsParams) []*dynamodbstore.ModelVersion {
	t.Helper()
	var out []*dynamodbstore.ModelVersion
	for v, err := range s.AllModelVersions(t.Context(), p) {
		require.NoError(t, err)
		out = append(out, v)
	}
	return out
}

// checkModels asserts what holds of the items of registered models at any time:
// documents say of their versions what the rows say, pointers lead back, and no
// search can miss anything.
func checkModels(t tester, tab table.Table, s *dynamodbstore.Store) {
	t.Helper()
	rows, err := dynamodbstore.CheckModels(t.Context(), s)
	require.NoError(t, err)
	requireItems(t, tab, rows, "registered models")
}
