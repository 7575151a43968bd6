package dynamodbstore_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
)

// TestStopApplyAndRestore applies a policy to a run that was deleted and whose
// experiment was deleted after it, stops the pass at every call, brings the
// experiment back there and then, and lets the pass go on: nothing expires.
func TestStopApplyAndRestore(t *testing.T) {
	t.Parallel()
	clock := newStillClock()
	points := 0
	for _, both := range []bool{false, true} {
		for k, reached := 1, true; reached; k++ {
			for _, applied := range []bool{false, true} {
				reached = stopApply(t, clock, k, applied, both)
				points++
			}
		}
	}
	t.Logf("%d crash points", points)
}

// stopApply stops a pass at call k and restores; both says that the experiment
// was deleted too. It reports whether the call was reached.
func stopApply(t *testing.T, clock *stillClock, k int, applied, both bool) bool {
	t.Helper()
	at := &stillClock{}
	at.at.Store(clock.at.Load())
	ft := faulty.Wrap(memoryTable(t, at), nil)
	s := configStoreOf(t, ft, at.Now)
	require.NoError(t, s.Init(t.Context()))
	sc := settledScene(t, s)
	bystander(t, sc)
	want := sightOfRuns(look(t, s))
	require.NoError(t, s.DeleteRun(t.Context(), sc.run))
	model, err := s.CreateLoggedModel(t.Context(), dynamodbstore.CreateLoggedModelParams{ExperimentID: sc.exp})
	require.NoError(t, err)
	require.NoError(t, s.DeleteLoggedModel(t.Context(), model.ID))
	if both {
		require.NoError(t, s.DeleteExperiment(t.Context(), sc.exp))
	}
	retain(t, s, 30, 0)
	apply := func(ctx context.Context) error {
		_, err := s.ApplyTTLPolicy(ctx, dynamodbstore.ApplyTTLParams{})
		return err
	}
	ft.SetPlan(faulty.StopAt(k, applied))
	err = apply(t.Context())
	reached := ft.Calls() >= k
	ft.SetPlan(nil)
	require.Equal(t, reached, err != nil, "%v", err)
	if both {
		require.NoError(t, s.RestoreExperiment(t.Context(), sc.exp), "call %d, applied %t", k, applied)
	} else {
		require.NoError(t, s.RestoreRun(t.Context(), sc.run), "call %d, applied %t", k, applied)
	}
	require.NoError(t, apply(t.Context()))
	requireNear(t, at.Now().Unix()+30*daySeconds, item(t, ft, keys.Workspace("default").LoggedModel(model.ID)).Num(table.TTLAttr), "logged model")
	at.Advance(1000 * day)
	for range 2 {
		require.Equal(t, want, sightOfRuns(look(t, s)), "call %d, applied %t", k, applied)
		dynamodbstore.WaitSettled(s)
	}
	checkTable(t, ft, s, "default", true)
	require.NoError(t, s.Close())
	return reached
}
