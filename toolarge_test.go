package dynamodbstore_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

// TestTooLarge: who sends more than an item holds is told which field it is,
// how large, and what the limit is; never the value.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	const huge = 450_000
	large := strings.Repeat("Z", huge)
	run := func(p dynamodbstore.CreateRunParams) func(context.Context, *dynamodbstore.Store, scene) error {
		return func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
			p.ExperimentID = sc.exp
			_, err := s.CreateRun(ctx, p)
			return err
		}
	}
	logged := func(p dynamodbstore.CreateLoggedModelParams) func(context.Context, *dynamodbstore.Store, scene) error {
		return func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
			p.ExperimentID = sc.exp
			_, err := s.CreateLoggedModel(ctx, p)
			return err
		}
	}
	model := func(p dynamodbstore.CreateRegisteredModelParams) func(context.Context, *dynamodbstore.Store, scene) error {
		return func(ctx context.Context, s *dynamodbstore.Store, _ scene) error {
			p.Name = "new"
			_, err := s.CreateRegisteredModel(ctx, p)
			return err
		}
	}
	version := func(p dynamodbstore.CreateModelVersionParams) func(context.Context, *dynamodbstore.Store, scene) error {
		return func(ctx context.Context, s *dynamodbstore.Store, _ scene) error {
			p.Name = "vision"
			_, err := s.CreateModelVersion(ctx, p)
			return err
		}
	}
	tests := map[string]func(context.Context, *dynamodbstore.Store, scene) error{
		"user id of the run":             run(dynamodbstore.CreateRunParams{UserID: large}),
		"tag 'a' of the run":             run(dynamodbstore.CreateRunParams{Tags: []dynamodbstore.Tag{tag("a", large)}}),
		"key of a tag of the run":        run(dynamodbstore.CreateRunParams{Tags: []dynamodbstore.Tag{tag(large, "a")}}),
		"name of the logged model":       logged(dynamodbstore.CreateLoggedModelParams{Name: large}),
		"model type of the logged model": logged(dynamodbstore.CreateLoggedModelParams{Name: "n", ModelType: large}),
		"tag 'a' of the logged model":    logged(dynamodbstore.CreateLoggedModelParams{Tags: []dynamodbstore.Tag{tag("a", large)}}),
		"param 'p' of the logged model": logged(dynamodbstore.CreateLoggedModelParams{
			Params: []dynamodbstore.Param{{Key: "p", Value: large}},
		}),
		"key of a param of the logged model": logged(dynamodbstore.CreateLoggedModelParams{
			Params: []dynamodbstore.Param{{Key: large, Value: "v"}},
		}),
		"description of the registered model": model(dynamodbstore.CreateRegisteredModelParams{Description: large}),
		"description of the model version":    version(dynamodbstore.CreateModelVersionParams{Source: "s", Description: large}),
		"source of the model version":         version(dynamodbstore.CreateModelVersionParams{Source: large}),
		"run id of the model version":         version(dynamodbstore.CreateModelVersionParams{Source: "s", RunID: large}),
		"run link of the model version":       version(dynamodbstore.CreateModelVersionParams{Source: "s", RunLink: large}),
		"model id of the model version":       version(dynamodbstore.CreateModelVersionParams{Source: "s", ModelID: large}),
		"storage location of the model version": version(dynamodbstore.CreateModelVersionParams{
			Source: "s", StorageLocation: large,
		}),
		"key of a model input of the run": func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
			return s.LogInputs(ctx, dynamodbstore.LogInputsParams{RunID: sc.run, Models: []string{large}})
		},
		"key of a model output of the run": func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
			return s.LogOutputs(ctx, sc.run, []dynamodbstore.ModelOutput{{ModelID: large}})
		},
	}
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		sc := openScene(t, s)
		newModel(t, s, "vision")
		before := look(t, s)
		for what, do := range tests {
			err := do(t.Context(), s, sc)
			requireCode(t, dynamodbstore.CodeInvalidParameterValue,
				"Too large: the "+what+", 450000 bytes. An item of the table holds at most 409600 bytes.", err)
			require.NotContains(t, err.Error(), "ZZZZ", what)
		}
		require.Equal(t, before, look(t, s), "nothing has changed")
		_, err := s.GetRun(t.Context(), strings.Repeat("r", 3000))
		require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
	})
}
