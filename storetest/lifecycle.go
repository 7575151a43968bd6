package storetest

import (
	"github.com/stretchr/testify/require"

	d "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

func lifecycleCases() []testCase {
	return []testCase{
		{"delete and restore a run", deleteRun},
		{"a deleted run refuses changes", deletedRunRefuses},
		{"an experiment takes its runs along", cascade},
		{"a run restored alone", restoreAlone},
		{"deleting twice", deleteTwice},
	}
}

func (b bundle) stages(exp string) (active, deleted []string) {
	b.t.Helper()
	p := d.SearchRunsParams{ExperimentIDs: []string{exp}}
	active = b.search(p)
	p.View = d.ViewDeletedOnly
	deleted = b.search(p)
	p.View = d.ViewAll
	require.ElementsMatch(b.t, append(append([]string{}, active...), deleted...), b.search(p))
	for _, id := range active {
		require.Equal(b.t, d.StageActive, b.get(id).Info.LifecycleStage)
	}
	for _, id := range deleted {
		require.Equal(b.t, d.StageDeleted, b.get(id).Info.LifecycleStage)
	}
	return active, deleted
}

func deleteRun(b bundle) {
	open, done := b.run("0", 2), b.run("0", 1)
	b.finish(done)
	for _, id := range []string{open, done} {
		b.ok(b.LogMetric(b.ctx(), id, d.Metric{Key: "m", Value: 1}))
		before := b.get(id)
		b.ok(b.DeleteRun(b.ctx(), id))
		_, deleted := b.stages("0")
		require.Equal(b.t, []string{id}, deleted)
		b.ok(b.RestoreRun(b.ctx(), id))
		require.Equal(b.t, before, b.get(id))
	}
	active, deleted := b.stages("0")
	require.Equal(b.t, []string{open, done}, active)
	require.Empty(b.t, deleted)
}

func deletedRunRefuses(b bundle) {
	run := b.run("0", 1)
	b.ok(b.DeleteRun(b.ctx(), run))
	before := b.get(run)
	text := "The run " + run + " must be in the 'active' state. Current state is deleted."
	_, err := b.UpdateRun(b.ctx(), d.UpdateRunParams{RunID: run, Status: d.StatusFinished})
	b.fails(err, d.CodeInvalidParameterValue, text)
	for _, err := range []error{
		b.LogMetric(b.ctx(), run, d.Metric{Key: "m"}), b.LogParam(b.ctx(), run, d.Param{Key: "p", Value: "v"}),
		b.SetTag(b.ctx(), run, d.Tag{Key: "t"}), b.DeleteTag(b.ctx(), run, "mlflow.runName"),
		b.LogBatch(b.ctx(), d.LogBatchParams{RunID: run}),
		b.LogBatch(b.ctx(), d.LogBatchParams{RunID: run, Metrics: []d.Metric{{Key: "m"}}}),
		b.LogInputs(b.ctx(), d.LogInputsParams{RunID: run}),
	} {
		b.fails(err, d.CodeInvalidParameterValue, text)
	}
	require.Equal(b.t, before, b.get(run))
	b.ok(b.RestoreRun(b.ctx(), run))
	b.ok(b.LogMetric(b.ctx(), run, d.Metric{Key: "m"}))
}

// cascade: as MLflow, restoring an experiment brings back all its runs, those
// deleted one by one before included.
func cascade(b bundle) {
	exp := b.experiment("e")
	one, two, alone := b.run(exp, 3), b.run(exp, 2), b.run(exp, 1)
	b.finish(two)
	b.ok(b.DeleteRun(b.ctx(), alone))
	b.ok(b.DeleteExperiment(b.ctx(), exp))
	active, deleted := b.stages(exp)
	require.Empty(b.t, active)
	require.Equal(b.t, []string{one, two, alone}, deleted)
	b.ok(b.RestoreExperiment(b.ctx(), exp))
	active, deleted = b.stages(exp)
	require.Equal(b.t, []string{one, two, alone}, active)
	require.Empty(b.t, deleted)
	b.ok(b.LogMetric(b.ctx(), alone, d.Metric{Key: "m"}))
	b.ok(b.DeleteRun(b.ctx(), one))
	active, _ = b.stages(exp)
	require.Equal(b.t, []string{two, alone}, active)
}

func restoreAlone(b bundle) {
	exp := b.experiment("e")
	one, two := b.run(exp, 2), b.run(exp, 1)
	b.ok(b.DeleteExperiment(b.ctx(), exp))
	b.ok(b.RestoreRun(b.ctx(), one))
	active, deleted := b.stages(exp)
	require.Equal(b.t, []string{one}, active)
	require.Equal(b.t, []string{two}, deleted)
	b.ok(b.LogParam(b.ctx(), one, d.Param{Key: "p", Value: "v"}))
	b.ok(b.LogMetric(b.ctx(), one, d.Metric{Key: "m", Value: 1}))
	require.ErrorIs(b.t, b.LogMetric(b.ctx(), two, d.Metric{Key: "m", Value: 1}), d.ErrInvalid)
}

func deleteTwice(b bundle) {
	run := b.run("0", 1)
	b.ok(b.RestoreRun(b.ctx(), run))
	b.ok(b.DeleteRun(b.ctx(), run))
	b.ok(b.DeleteRun(b.ctx(), run))
	b.ok(b.RestoreRun(b.ctx(), run))
	b.ok(b.RestoreRun(b.ctx(), run))
	active, _ := b.stages("0")
	require.Equal(b.t, []string{run}, active)
}
