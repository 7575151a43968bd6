package dynamodbstore_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// scene is a workspace in a prepared state: experiment "lab" with run "r" to
// act upon, and a settled run "bystander" where it matters.
type scene struct {
	s   *dynamodbstore.Store
	exp string
	run string
	// model is a logged model, in scenes that have one.
	model string
}

// scenes prepares states by name.
var scenes = map[string]func(t tester, s *dynamodbstore.Store) scene{
	"open":     openScene,
	"settled":  settledScene,
	"reopened": reopenedScene,
	"logging": func(t tester, s *dynamodbstore.Store) scene {
		sc := settledScene(t, s)
		require.NoError(t, s.LogMetric(t.Context(), sc.run, point("loss", 9, 0.1)))
		return sc
	},
	"deleted": func(t tester, s *dynamodbstore.Store) scene {
		sc := openScene(t, s)
		require.NoError(t, s.DeleteRun(t.Context(), sc.run))
		return sc
	},
	"restored": func(t tester, s *dynamodbstore.Store) scene {
		sc := settledScene(t, s)
		require.NoError(t, s.DeleteRun(t.Context(), sc.run))
		require.NoError(t, s.RestoreRun(t.Context(), sc.run))
		return sc
	},
	"wide":           wideScene,
	"wide settled":   func(t tester, s *dynamodbstore.Store) scene { return ended(t, wideScene(t, s)) },
	"frozen":         frozenScene,
	"frozen settled": func(t tester, s *dynamodbstore.Store) scene { return ended(t, frozenScene(t, s)) },
	"filling":        fillingScene,
	"experiment deleted": func(t tester, s *dynamodbstore.Store) scene {
		sc := openScene(t, s)
		require.NoError(t, s.DeleteExperiment(t.Context(), sc.exp))
		return sc
	},
	"both deleted": func(t tester, s *dynamodbstore.Store) scene {
		sc := settledScene(t, s)
		bystander(t, sc)
		require.NoError(t, s.DeleteRun(t.Context(), sc.run))
		require.NoError(t, s.DeleteExperiment(t.Context(), sc.exp))
		return sc
	},
	"run restored in deleted": func(t tester, s *dynamodbstore.Store) scene {
		sc := openScene(t, s)
		require.NoError(t, s.DeleteExperiment(t.Context(), sc.exp))
		require.NoError(t, s.RestoreRun(t.Context(), sc.run))
		return sc
	},
	"experiment restored": func(t tester, s *dynamodbstore.Store) scene {
		sc := settledScene(t, s)
		require.NoError(t, s.DeleteRun(t.Context(), sc.run))
		require.NoError(t, s.DeleteExperiment(t.Context(), sc.exp))
		require.NoError(t, s.RestoreExperiment(t.Context(), sc.exp))
		return sc
	},
	"long tags": longTagsScene,
	"growing": func(t tester, s *dynamodbstore.Store) scene { // by one metric more
		sc := openScene(t, s)
		require.NoError(t, s.LogBatch(t.Context(), dynamodbstore.LogBatchParams{RunID: sc.run, Metrics: manyMetrics(56, 0)}))
		return sc
	},
}

func openScene(t tester, s *dynamodbstore.Store) scene {
	t.Helper()
	id, err := s.CreateExperiment(t.Context(), dynamodbstore.CreateExperimentParams{
		Name: "lab", Tags: []dynamodbstore.Tag{{Key: "team", Value: "vision"}},
	})
	require.NoError(t, err)
	r, err := s.CreateRun(t.Context(), dynamodbstore.CreateRunParams{
		ExperimentID: id, Name: "r", UserID: "someone", StartTime: 5,
		Tags: []dynamodbstore.Tag{{Key: "colour", Value: "red"}},
	})
	require.NoError(t, err)
	require.NoError(t, s.LogBatch(t.Context(), dynamodbstore.LogBatchParams{
		RunID: r.Info.RunID, Metrics: []dynamodbstore.Metric{point("acc", 1, 0.5), point("loss", 1, 2)},
		Params: []dynamodbstore.Param{{Key: "lr", Value: "1"}},
	}))
	return scene{s: s, exp: id, run: r.Info.RunID}
}

func point(key string, step int64, value float64) dynamodbstore.Metric {
	return dynamodbstore.Metric{Key: key, Step: step, Timestamp: 1000 + step, Value: value}
}

// ended ends the run of a scene.
func ended(t tester, sc scene) scene {
	t.Helper()
	require.NoError(t, endRun(t.Context(), sc.s, sc.run))
	return sc
}

func endRun(ctx context.Context, s *dynamodbstore.Store, run string) error {
	end := int64(77)
	_, err := s.UpdateRun(ctx, dynamodbstore.UpdateRunParams{RunID: run, Status: dynamodbstore.StatusFinished, EndTime: &end})
	return err
}

func settledScene(t tester, s *dynamodbstore.Store) scene {
	t.Helper()
	return ended(t, openScene(t, s))
}

func reopenedScene(t tester, s *dynamodbstore.Store) scene {
	t.Helper()
	sc := settledScene(t, s)
	require.NoError(t, s.SetTag(t.Context(), sc.run, dynamodbstore.Tag{Key: "note", Value: "x"}))
	return sc
}

func bystander(t tester, sc scene) {
	t.Helper()
	r, err := sc.s.CreateRun(t.Context(), dynamodbstore.CreateRunParams{ExperimentID: sc.exp, Name: "bystander", StartTime: 6})
	require.NoError(t, err)
	require.NoError(t, endRun(t.Context(), sc.s, r.Info.RunID))
}

// wideScene has a run with more metrics than one register item holds.
func wideScene(t tester, s *dynamodbstore.Store) scene {
	t.Helper()
	sc := openScene(t, s)
	require.NoError(t, s.LogBatch(t.Context(), dynamodbstore.LogBatchParams{RunID: sc.run, Metrics: manyMetrics(80, 0)}))
	return sc
}

func manyMetrics(n, from int) []dynamodbstore.Metric {
	out := make([]dynamodbstore.Metric, n)
	for i := range out {
		out[i] = point(fmt.Sprintf("%s/%03d", strings.Repeat("m", 80), from+i), 1, float64(i))
	}
	return out
}

// frozenScene has a run whose head is full: params and tags stand elsewhere.
func frozenScene(t tester, s *dynamodbstore.Store) scene {
	t.Helper()
	sc := openScene(t, s)
	require.NoError(t, s.LogBatch(t.Context(), dynamodbstore.LogBatchParams{RunID: sc.run, Params: longParams(5)}))
	require.NoError(t, s.SetTag(t.Context(), sc.run, dynamodbstore.Tag{Key: "over", Value: "flow"}))
	require.NoError(t, s.LogParam(t.Context(), sc.run, dynamodbstore.Param{Key: "elsewhere", Value: "1"}))
	return sc
}

func longParams(n int) []dynamodbstore.Param {
	out := make([]dynamodbstore.Param, n)
	for i := range out {
		out[i] = dynamodbstore.Param{Key: fmt.Sprintf("long-%d", i), Value: strings.Repeat("v", 5990)}
	}
	return out
}

// fillingScene has a run whose head hardly takes anything more.
func fillingScene(t tester, s *dynamodbstore.Store) scene {
	t.Helper()
	sc := openScene(t, s)
	require.NoError(t, s.LogBatch(t.Context(), dynamodbstore.LogBatchParams{RunID: sc.run, Params: longParams(4)}))
	require.NoError(t, s.SetTag(t.Context(), sc.run, dynamodbstore.Tag{Key: "rest", Value: strings.Repeat("x", 150)}))
	return sc
}

// longTagsScene has an experiment whose tags stand in items of their own.
func longTagsScene(t tester, s *dynamodbstore.Store) scene {
	t.Helper()
	sc := settledScene(t, s)
	for _, key := range []string{"first", "second"} {
		require.NoError(t, s.SetExperimentTag(t.Context(), sc.exp, dynamodbstore.Tag{Key: key, Value: strings.Repeat("x", 15000)}))
	}
	return sc
}

// act is one call of a mutating method upon a scene.
type act struct {
	method string // of Store
	label  string
	// partial says that a part of the effect may be there after a crash.
	partial bool
	do      func(ctx context.Context, s *dynamodbstore.Store, sc scene) error
}

// acts has every mutating method at least once. Everything they write fills
// gaps or replaces what the scenes have.
var acts = []act{
	{method: "CreateExperiment", do: func(ctx context.Context, s *dynamodbstore.Store, _ scene) error {
		_, err := s.CreateExperiment(ctx, dynamodbstore.CreateExperimentParams{Name: "new", Tags: []dynamodbstore.Tag{{Key: "a", Value: "b"}}})
		return err
	}},
	{method: "CreateExperiment", label: "of a name taken", do: func(ctx context.Context, s *dynamodbstore.Store, _ scene) error {
		_, err := s.CreateExperiment(ctx, dynamodbstore.CreateExperimentParams{Name: "lab"})
		return err
	}},
	{method: "EnsureExperiment", do: func(ctx context.Context, s *dynamodbstore.Store, _ scene) error {
		_, err := s.EnsureExperiment(ctx, dynamodbstore.CreateExperimentParams{Name: "new", Tags: []dynamodbstore.Tag{{Key: "a", Value: "b"}}})
		return err
	}},
	{method: "EnsureExperiment", label: "that is there", do: func(ctx context.Context, s *dynamodbstore.Store, _ scene) error {
		_, err := s.EnsureExperiment(ctx, dynamodbstore.CreateExperimentParams{Name: "lab"})
		return err
	}},
	{method: "RenameExperiment", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.RenameExperiment(ctx, sc.exp, "renamed")
	}},
	{method: "DeleteExperiment", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.DeleteExperiment(ctx, sc.exp)
	}},
	{method: "RestoreExperiment", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.RestoreExperiment(ctx, sc.exp)
	}},
	{method: "SetExperimentTag", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.SetExperimentTag(ctx, sc.exp, dynamodbstore.Tag{Key: "team", Value: "sound"})
	}},
	{method: "SetExperimentTag", label: "long", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.SetExperimentTag(ctx, sc.exp, dynamodbstore.Tag{Key: "first", Value: strings.Repeat("y", 19000)})
	}},
	{method: "DeleteExperimentTag", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.DeleteExperimentTag(ctx, sc.exp, "team")
	}},
	{method: "DeleteExperimentTag", label: "elsewhere", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.DeleteExperimentTag(ctx, sc.exp, "second")
	}},
	{method: "CreateRun", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		_, err := s.CreateRun(ctx, dynamodbstore.CreateRunParams{
			ExperimentID: sc.exp, Name: "new", StartTime: 9, Tags: []dynamodbstore.Tag{{Key: "colour", Value: "blue"}},
		})
		return err
	}},
	{method: "CreateRun", label: "with long tags", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		tags := []dynamodbstore.Tag{{Key: "a", Value: strings.Repeat("a", 20000)}, {Key: "b", Value: strings.Repeat("b", 9000)}}
		_, err := s.CreateRun(ctx, dynamodbstore.CreateRunParams{ExperimentID: sc.exp, Name: "new", StartTime: 9, Tags: tags})
		return err
	}},
	{method: "UpdateRun", label: "end", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return endRun(ctx, s, sc.run)
	}},
	{method: "UpdateRun", label: "resume", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		_, err := s.UpdateRun(ctx, dynamodbstore.UpdateRunParams{RunID: sc.run, Status: dynamodbstore.StatusRunning, Name: "r2"})
		return err
	}},
	{method: "DeleteRun", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error { return s.DeleteRun(ctx, sc.run) }},
	{method: "RestoreRun", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error { return s.RestoreRun(ctx, sc.run) }},
	{method: "LogMetric", partial: true, do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.LogMetric(ctx, sc.run, point("acc", 7, 0.9))
	}},
	{method: "LogMetric", label: "beaten", partial: true, do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.LogMetric(ctx, sc.run, point("acc", 0, 0.9))
	}},
	{method: "LogParam", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.LogParam(ctx, sc.run, dynamodbstore.Param{Key: "depth", Value: "3"})
	}},
	{method: "LogParam", label: "changed", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.LogParam(ctx, sc.run, dynamodbstore.Param{Key: "lr", Value: "2"})
	}},
	{method: "SetTag", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.SetTag(ctx, sc.run, dynamodbstore.Tag{Key: "colour", Value: "green"})
	}},
	{method: "SetTag", label: "elsewhere", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.SetTag(ctx, sc.run, dynamodbstore.Tag{Key: "over", Value: "again" + strings.Repeat("z", 1000)})
	}},
	{method: "SetTag", label: "of the name", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.SetTag(ctx, sc.run, dynamodbstore.Tag{Key: "mlflow.runName", Value: "r3"})
	}},
	{method: "DeleteTag", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.DeleteTag(ctx, sc.run, "colour")
	}},
	{method: "DeleteTag", label: "elsewhere", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.DeleteTag(ctx, sc.run, "over")
	}},
	{method: "LogBatch", partial: true, do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.LogBatch(ctx, dynamodbstore.LogBatchParams{
			RunID: sc.run, Metrics: []dynamodbstore.Metric{point("acc", 8, 0.8), point("new", 1, 1)},
			Params: []dynamodbstore.Param{{Key: "depth", Value: "3"}, {Key: "long-9", Value: strings.Repeat("w", 2000)}},
			Tags:   []dynamodbstore.Tag{{Key: "note", Value: "batch"}},
		})
	}},
	{method: "LogBatch", label: "wide", partial: true, do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.LogBatch(ctx, dynamodbstore.LogBatchParams{RunID: sc.run, Metrics: manyMetrics(80, 40)})
	}},
	{method: "LogInputs", partial: true, do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		data := dynamodbstore.Dataset{Name: "data", Digest: "d1", SourceType: "local", Source: "file", Schema: "s", Profile: "p"}
		return s.LogInputs(ctx, dynamodbstore.LogInputsParams{
			RunID:    sc.run,
			Datasets: []dynamodbstore.DatasetInput{{Dataset: data, Tags: []dynamodbstore.Tag{{Key: "mlflow.data.context", Value: strings.Repeat("t", 300)}}}},
		})
	}},
	{method: "LogInputs", label: "models", partial: true, do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.LogInputs(ctx, dynamodbstore.LogInputsParams{RunID: sc.run, Models: []string{"m-1", "m-2"}})
	}},
	{method: "LogModel", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.LogModel(ctx, sc.run, `{"artifact_path": "`+strings.Repeat("m", 200)+`"}`)
	}},
}
