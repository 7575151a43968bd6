package dynamodbstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

func tag(key, value string) dynamodbstore.Tag { return dynamodbstore.Tag{Key: key, Value: value} }

// newModel makes a registered model.
func newModel(t tester, s *dynamodbstore.Store, name string, tags ...dynamodbstore.Tag) *dynamodbstore.RegisteredModel {
	t.Helper()
	m, err := s.CreateRegisteredModel(t.Context(), dynamodbstore.CreateRegisteredModelParams{Name: name, Tags: tags})
	require.NoError(t, err)
	return m
}

// newVersion makes a version with a source and run of its own.
func newVersion(t tester, s *dynamodbstore.Store, name string, tags ...dynamodbstore.Tag) *dynamodbstore.ModelVersion {
	t.Helper()
	v, err := s.CreateModelVersion(t.Context(), dynamodbstore.CreateModelVersionParams{
		Name: name, Source: "s3://b/" + name, RunID: "run-" + name, Tags: tags,
	})
	require.NoError(t, err)
	return v
}

// moved moves a version to a stage.
func moved(t tester, s *dynamodbstore.Store, name string, version int, stage string, archive bool) *dynamodbstore.ModelVersion {
	t.Helper()
	v, err := s.TransitionModelVersionStage(t.Context(), dynamodbstore.TransitionModelVersionParams{
		Name: name, Version: version, Stage: stage, ArchiveExisting: archive,
	})
	require.NoError(t, err)
	return v
}

// requireFails asserts code and text of an error.
func requireFails(t tester, err error, code dynamodbstore.Code, text string) {
	t.Helper()
	var known *dynamodbstore.Error
	require.ErrorAs(t, err, &known)
	require.Equal(t, code, known.Code)
	require.Equal(t, text, known.Message)
}

// stagesOf are the latest versions of a model by stage.
func stagesOf(t tester, s *dynamodbstore.Store, name string) map[dynamodbstore.ModelStage]int {
	t.Helper()
	m, err := s.GetRegisteredModel(t.Context(), name)
	require.NoError(t, err)
	out := map[dynamodbstore.ModelStage]int{}
	for _, v := range m.LatestVersions {
		out[v.Stage] = v.Version
	}
	return out
}

func TestRegisteredModels(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		created, err := s.CreateRegisteredModel(t.Context(), dynamodbstore.CreateRegisteredModelParams{
			Name: "m", Description: "d", Tags: []dynamodbstore.Tag{tag("b", "1"), tag("a", "2"), tag("b", "3")},
		})
		require.NoError(t, err)
		require.Equal(t, []dynamodbstore.Tag{tag("a", "2"), tag("b", "3")}, created.Tags)
		got, err := s.GetRegisteredModel(t.Context(), "m")
		require.NoError(t, err)
		require.Equal(t, created, got)
		updated, err := s.UpdateRegisteredModel(t.Context(), dynamodbstore.UpdateRegisteredModelParams{Name: "m", Description: "e"})
		require.NoError(t, err)
		require.Equal(t, "e", updated.Description)
		require.NoError(t, s.SetRegisteredModelTag(t.Context(), "m", tag("c", "")))
		require.NoError(t, s.DeleteRegisteredModelTag(t.Context(), "m", "a"))
		require.NoError(t, s.DeleteRegisteredModelTag(t.Context(), "m", "nope"))
		newVersion(t, s, "m", tag("k", "v"))
		renamed, err := s.RenameRegisteredModel(t.Context(), "m", "n")
		require.NoError(t, err)
		require.Equal(t, []dynamodbstore.Tag{tag("b", "3"), tag("c", "")}, renamed.Tags)
		_, err = s.GetRegisteredModel(t.Context(), "m")
		requireFails(t, err, dynamodbstore.CodeResourceDoesNotExist, "Registered Model with name=m not found")
		v, err := s.GetModelVersion(t.Context(), "n", 1)
		require.NoError(t, err)
		require.Equal(t, "n", v.Name)
		require.Equal(t, renamed.LastUpdateTime, v.LastUpdateTime)
		newModel(t, s, "m")
		_, err = s.RenameRegisteredModel(t.Context(), "m", "n")
		requireFails(t, err, dynamodbstore.CodeResourceAlreadyExists, "Registered Model (name=n) already exists.")
		require.NoError(t, s.DeleteRegisteredModel(t.Context(), "n"))
		require.ErrorIs(t, s.DeleteRegisteredModel(t.Context(), "n"), dynamodbstore.ErrNotFound)
		require.Empty(t, newModel(t, s, "n").LatestVersions)
		require.Equal(t, 1, newVersion(t, s, "n").Version)
	})
}

// TestNamesOfModelsAndPrompts: a clash is worded by the tag of prompts, whatever
// its value.
func TestNamesOfModelsAndPrompts(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		prompt, model := tag("mlflow.prompt.is_prompt", "true"), tag("mlflow.prompt.is_prompt", "false")
		newModel(t, s, "model")
		newModel(t, s, "prompt", prompt)
		newModel(t, s, "large", tag("a", strings.Repeat("x", 9000)), tag("mlflow.prompt.is_prompt", "false"))
		large := tag("mlflow.prompt.is_prompt", strings.Repeat("x", 9000)) // it stands elsewhere
		for _, tc := range []struct {
			name, want string
			tags       []dynamodbstore.Tag
		}{
			{"model", "Registered Model (name=model) already exists.", nil},
			{"prompt", "Prompt (name=prompt) already exists.", []dynamodbstore.Tag{prompt}},
			{"prompt", "Prompt (name=prompt) already exists.", []dynamodbstore.Tag{model}},
			{
				"model", "Tried to create a prompt with name 'model', but the name is already taken by a registered model. " +
					"MLflow does not allow creating a model and a prompt with the same name.", []dynamodbstore.Tag{model},
			},
			{
				"model", "Tried to create a prompt with name 'model', but the name is already taken by a registered model. " +
					"MLflow does not allow creating a model and a prompt with the same name.", []dynamodbstore.Tag{large},
			},
			{"large", "Prompt (name=large) already exists.", []dynamodbstore.Tag{prompt}},
			{
				"large", "Tried to create a registered model with name 'large', but the name is already taken by a prompt. " +
					"MLflow does not allow creating a model and a prompt with the same name.", nil,
			},
			{
				"prompt", "Tried to create a registered model with name 'prompt', but the name is already taken by a prompt. " +
					"MLflow does not allow creating a model and a prompt with the same name.", nil,
			},
		} {
			_, err := s.CreateRegisteredModel(t.Context(), dynamodbstore.CreateRegisteredModelParams{Name: tc.name, Tags: tc.tags})
			requireFails(t, err, dynamodbstore.CodeResourceAlreadyExists, tc.want)
		}
	})
}

func TestStages(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		newModel(t, s, "m")
		for range 5 {
			newVersion(t, s, "m", tag("text", strings.Repeat("x", 2000)))
		}
		moved(t, s, "m", 1, "production", false)
		moved(t, s, "m", 2, "PRODUCTION", false)
		moved(t, s, "m", 3, "staging", false)
		require.Equal(t, dynamodbstore.StageProduction, moved(t, s, "m", 4, "Production", true).Stage)
		moved(t, s, "m", 4, "Production", true)
		_, err := s.TransitionModelVersionStage(t.Context(), dynamodbstore.TransitionModelVersionParams{
			Name: "m", Version: 4, Stage: "Archived", ArchiveExisting: true,
		})
		requireFails(t, err, dynamodbstore.CodeInvalidParameterValue, "Model version transition cannot archive existing "+
			"model versions because 'Archived' is not an Active stage. Valid stages are ['Staging', 'Production']")
		want := map[dynamodbstore.ModelStage]int{"Archived": 2, "Staging": 3, "Production": 4, "None": 5}
		require.Equal(t, want, stagesOf(t, s, "m"))
		v, err := s.GetModelVersion(t.Context(), "m", 1)
		require.NoError(t, err)
		require.Equal(t, dynamodbstore.StageArchived, v.Stage)
		require.NoError(t, s.DeleteModelVersion(t.Context(), "m", 2))
		require.NoError(t, s.DeleteModelVersion(t.Context(), "m", 5))
		want = map[dynamodbstore.ModelStage]int{"Archived": 1, "Staging": 3, "Production": 4}
		require.Equal(t, want, stagesOf(t, s, "m"))
		require.Equal(t, 6, newVersion(t, s, "m").Version)
		require.NoError(t, s.SetRegisteredModelAlias(t.Context(), "m", "champ", 4))
		v, err = s.GetModelVersionByAlias(t.Context(), "m", "champ")
		require.NoError(t, err)
		require.Equal(t, []string{"champ"}, v.Aliases)
		require.Equal(t, 4, v.Version)
		v, err = s.GetModelVersionByAlias(t.Context(), "m", "LATEST")
		require.NoError(t, err)
		require.Equal(t, 6, v.Version)
		latest, err := s.LatestVersions(t.Context(), "m", []string{"archived", "PRODUCTION"})
		require.NoError(t, err)
		require.Len(t, latest, 2)
		require.Equal(t, []string{"champ"}, latest[1].Aliases)
		require.NoError(t, s.DeleteModelVersion(t.Context(), "m", 4))
		_, err = s.GetModelVersionByAlias(t.Context(), "m", "champ")
		requireFails(t, err, dynamodbstore.CodeInvalidParameterValue, "Registered model alias champ not found.")
	})
}

// TestArchivedAgainAndAgain archives several versions more often than a model
// keeps the times of that.
func TestArchivedAgainAndAgain(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		newModel(t, s, "m")
		const rounds = 20
		for i := range rounds {
			for range 3 {
				newVersion(t, s, "m")
			}
			first := 3*i + 1
			moved(t, s, "m", first, "Staging", false)
			moved(t, s, "m", first+1, "Staging", false)
			moved(t, s, "m", first+2, "Staging", true)
		}
		want := map[dynamodbstore.ModelStage]int{"Archived": 3*rounds - 1, "Staging": 3 * rounds}
		require.Equal(t, want, stagesOf(t, s, "m"))
		seen := 0
		for v, err := range s.AllModelVersions(t.Context(), dynamodbstore.SearchModelVersionsParams{Filter: "name = 'm'"}) {
			require.NoError(t, err)
			want := dynamodbstore.StageArchived
			if v.Version == 3*rounds {
				want = dynamodbstore.StageStaging
			}
			require.Equal(t, want, v.Stage, "version %d", v.Version)
			seen++
		}
		require.Equal(t, 3*rounds, seen)
	})
}

// TestModelTimeGoesForward changes a model with a server whose clock is behind
// that of another.
func TestModelTimeGoesForward(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		behind := open(t, tab, clock)
		ahead := open(t, tab, clock, dynamodbstore.WithClock(func() time.Time { return clock.Now().Add(time.Hour) }))
		newModel(t, ahead, "m")
		v := newVersion(t, ahead, "m")
		later, err := ahead.UpdateModelVersion(t.Context(), dynamodbstore.UpdateModelVersionParams{Name: "m", Version: 1, Description: new("d")})
		require.NoError(t, err)
		require.GreaterOrEqual(t, later.LastUpdateTime, v.LastUpdateTime)
		require.Equal(t, later.LastUpdateTime, moved(t, behind, "m", 1, "Staging", false).LastUpdateTime)
		m, err := behind.UpdateRegisteredModel(t.Context(), dynamodbstore.UpdateRegisteredModelParams{Name: "m", Description: "e"})
		require.NoError(t, err)
		require.Equal(t, v.LastUpdateTime, m.LastUpdateTime)
	})
}
