package dynamodbstore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// loggedModelScenes prepare a logged model, "net", to act upon.
var loggedModelScenes = map[string]func(t tester, s *dynamodbstore.Store) scene{
	"logged model": loggedModelScene,
	"full logged model": func(t tester, s *dynamodbstore.Store) scene {
		sc := loggedModelScene(t, s)
		require.NoError(t, s.SetLoggedModelTags(t.Context(), sc.model, []dynamodbstore.Tag{
			tag("long", strings.Repeat("x", 13000)), tag("over", "flow"),
		}))
		require.NoError(t, s.LogLoggedModelParams(t.Context(), sc.model, []dynamodbstore.Param{{Key: "elsewhere", Value: "1"}}))
		require.NoError(t, s.LogBatch(t.Context(), dynamodbstore.LogBatchParams{RunID: sc.run, Metrics: modelMetrics(sc.model, 60)}))
		return sc
	},
	"deleted logged model": func(t tester, s *dynamodbstore.Store) scene {
		sc := loggedModelScene(t, s)
		require.NoError(t, s.DeleteLoggedModel(t.Context(), sc.model))
		return sc
	},
	"logged model of deleted": func(t tester, s *dynamodbstore.Store) scene {
		sc := loggedModelScene(t, s)
		require.NoError(t, s.DeleteExperiment(t.Context(), sc.exp))
		return sc
	},
}

func loggedModelScene(t tester, s *dynamodbstore.Store) scene {
	t.Helper()
	sc := openScene(t, s)
	m, err := s.CreateLoggedModel(t.Context(), dynamodbstore.CreateLoggedModelParams{
		ExperimentID: sc.exp, Name: "net", SourceRunID: sc.run,
		Params: []dynamodbstore.Param{{Key: "lr", Value: "1"}}, Tags: []dynamodbstore.Tag{tag("team", "a")},
	})
	require.NoError(t, err)
	sc.model = m.ID
	require.NoError(t, s.LogMetric(t.Context(), sc.run, modelMetrics(sc.model, 1)[0]))
	return sc
}

// modelMetrics are n points of a logged model, each of a metric of its own.
func modelMetrics(model string, n int) []dynamodbstore.Metric {
	points := manyMetrics(n, 0)
	for i := range points {
		points[i].ModelID = model
		if i%2 == 1 {
			points[i].DatasetName, points[i].DatasetDigest = "data", "d1"
		}
	}
	return points
}

// loggedModelActs has every method that changes logged models at least once.
var loggedModelActs = []act{
	{method: "CreateLoggedModel", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		_, err := s.CreateLoggedModel(ctx, dynamodbstore.CreateLoggedModelParams{
			ExperimentID: sc.exp, Name: "new", SourceRunID: sc.run, Tags: []dynamodbstore.Tag{tag("a", "b")},
		})
		return err
	}},
	{method: "CreateLoggedModel", label: "with long tags", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		_, err := s.CreateLoggedModel(ctx, dynamodbstore.CreateLoggedModelParams{
			ExperimentID: sc.exp, Name: "new", Tags: []dynamodbstore.Tag{tag("a", strings.Repeat("b", 20000))},
		})
		return err
	}},
	{method: "FinalizeLoggedModel", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		_, err := s.FinalizeLoggedModel(ctx, sc.model, dynamodbstore.LoggedModelReady)
		return err
	}},
	{method: "DeleteLoggedModel", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.DeleteLoggedModel(ctx, sc.model)
	}},
	{method: "SetLoggedModelTags", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.SetLoggedModelTags(ctx, sc.model, []dynamodbstore.Tag{tag("team", "b"), tag("new", "1"), tag("over", "again")})
	}},
	{method: "SetLoggedModelTags", label: "long", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.SetLoggedModelTags(ctx, sc.model, []dynamodbstore.Tag{tag("team", strings.Repeat("y", 15000))})
	}},
	{method: "SetLoggedModelTags", label: "many", partial: true, do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.SetLoggedModelTags(ctx, sc.model, manyTags(120))
	}},
	{method: "DeleteLoggedModelTag", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.DeleteLoggedModelTag(ctx, sc.model, "team")
	}},
	{method: "DeleteLoggedModelTag", label: "elsewhere", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.DeleteLoggedModelTag(ctx, sc.model, "over")
	}},
	{method: "LogLoggedModelParams", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.LogLoggedModelParams(ctx, sc.model, []dynamodbstore.Param{{Key: "depth", Value: "3"}, {Key: "elsewhere", Value: "1"}})
	}},
	{method: "LogLoggedModelParams", label: "changed", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.LogLoggedModelParams(ctx, sc.model, []dynamodbstore.Param{{Key: "lr", Value: "2"}})
	}},
	{method: "AddModelVersionToLoggedModel", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.AddModelVersionToLoggedModel(ctx, sc.model, "vision", 1)
	}},
	{method: "LogOutputs", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.LogOutputs(ctx, sc.run, []dynamodbstore.ModelOutput{{ModelID: "m-1", Step: 3}, {ModelID: "m-2"}})
	}},
	{method: "LogMetric", label: "of a logged model", partial: true, do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		m := point("acc", 7, 0.9)
		m.ModelID = sc.model
		return s.LogMetric(ctx, sc.run, m)
	}},
	{method: "LogBatch", label: "of a logged model", partial: true, do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.LogBatch(ctx, dynamodbstore.LogBatchParams{
			RunID: sc.run, Metrics: modelMetrics(sc.model, 50), Tags: []dynamodbstore.Tag{tag("note", "batch")},
			Params: []dynamodbstore.Param{{Key: "depth", Value: "3"}},
		})
	}},
}

func manyTags(n int) []dynamodbstore.Tag {
	out := make([]dynamodbstore.Tag, n)
	for i := range out {
		out[i] = tag(fmt.Sprintf("many%03d", i), strings.Repeat("z", 150))
	}
	return out
}

// TestStopLoggedModelsEverywhere is TestStopEverywhere for logged models.
func TestStopLoggedModelsEverywhere(t *testing.T) {
	t.Parallel()
	for _, state := range sweptStates(loggedModelScenes) {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			sweepState(t, state, loggedModelActs)
		})
	}
	if raced() {
		return
	}
	t.Run("dynamodb", func(t *testing.T) {
		t.Parallel()
		sweepDynamo(t, "full logged model", loggedModelActs,
			"CreateLoggedModel ", "CreateLoggedModel with long tags", "LogMetric of a logged model")
	})
}
