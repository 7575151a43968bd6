package dynamodbstore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

// historyItems counts the records and blocks of a run.
func historyItems(t tester, tab table.Table, workspace, run string) (records, blocks int) {
	t.Helper()
	for _, it := range partition(t, tab, keys.Workspace(workspace).HistoryPK(run)) {
		if strings.HasPrefix(it.Key.SK, keys.RecordPrefix) {
			records++
		} else {
			blocks++
		}
	}
	return records, blocks
}

// logSteps logs steps one by one and then waits for what they set going.
func logSteps(t *testing.T, s *dynamodbstore.Store, run string, keyCount, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		require.NoError(t, s.LogBatch(t.Context(), dynamodbstore.LogBatchParams{RunID: run, Metrics: noisy(keyCount, 1, i)}))
	}
	dynamodbstore.WaitRolledUp(s)
}

func historyCost(t *testing.T, s *dynamodbstore.Store, run string, points int) table.Units {
	t.Helper()
	return cost(t, func(ctx context.Context) error {
		page, err := s.MetricHistory(ctx, dynamodbstore.MetricHistoryParams{RunID: run, Key: "metric-00000"})
		require.Len(t, page.Items, points)
		return err
	})
}

// TestRollUpWhenItPays: many keys are rolled up as they pile up, few are not,
// and a run that ends sooner.
func TestRollUpWhenItPays(t *testing.T) {
	t.Parallel()
	readyBackends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		for _, c := range []struct {
			keyCount, steps int
			running, ended  bool // has blocks then
		}{
			{20, 20, false, false},
			{20, 80, false, true},
			{20, 300, true, true},
			{1, 300, false, false},
			{200, 10, false, true},
		} {
			name := fmt.Sprintf("%dx%d", c.keyCount, c.steps)
			t.Run(name, func(t *testing.T) {
				s := view(t, tab, clock.Now, "w"+name)
				defer func() { require.NoError(t, s.Close()) }()
				run := pileOf(t, s, 0, 1, false).id
				logSteps(t, s, run, c.keyCount, 0, c.steps)
				_, blocks := historyItems(t, tab, "w"+name, run)
				require.Equal(t, c.running, blocks > 0, "%d blocks of the running run", blocks)
				finish(t, s, run)
				dynamodbstore.WaitRolledUp(s)
				_, blocks = historyItems(t, tab, "w"+name, run)
				require.Equal(t, c.ended, blocks > 0, "%d blocks of the ended run", blocks)
				historyCost(t, s, run, c.steps)
			})
		}
	})
}

// TestReadersRollUp: what piled up while no process was there to roll it up is
// rolled up once somebody has read it, and small blocks are merged.
func TestReadersRollUp(t *testing.T) {
	t.Parallel()
	readyBackends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		const workspace, steps = "ww", 250
		var run string
		for i := range 5 { // processes that end too soon
			s := view(t, tab, clock.Now, workspace)
			if i == 0 {
				run = pileOf(t, s, 0, 1, false).id
			}
			logSteps(t, s, run, 20, steps/5*i, steps/5*(i+1))
			require.NoError(t, s.Close())
		}
		records, blocks := historyItems(t, tab, workspace, run)
		require.Equal(t, []int{steps, 0}, []int{records, blocks})
		s := view(t, tab, clock.Now, workspace)
		defer func() { require.NoError(t, s.Close()) }()
		dear := historyCost(t, s, run, steps)
		dynamodbstore.WaitRolledUp(s)
		records, blocks = historyItems(t, tab, workspace, run)
		require.Equal(t, []int{0, 20}, []int{records, blocks})
		cheap := historyCost(t, s, run, steps)
		require.Less(t, 10*(cheap.Read-2), dear.Read-2, "units beside those of the head")

		for i := range 16 { // sparse points make small blocks
			logSteps(t, s, run, 1, steps+i, steps+i+1)
			require.NoError(t, dynamodbstore.RollUp(t.Context(), s, run))
		}
		_, blocks = historyItems(t, tab, workspace, run)
		require.Equal(t, 36, blocks)
		historyCost(t, s, run, steps+16)
		dynamodbstore.WaitRolledUp(s)
		_, blocks = historyItems(t, tab, workspace, run)
		require.Equal(t, 21, blocks)
		historyCost(t, s, run, steps+16)
	})
}

// TestHistoryIgnoresOtherKeys: once rolled up, reading one key costs the same
// beside few others and beside a thousand.
func TestHistoryIgnoresOtherKeys(t *testing.T) {
	t.Parallel()
	readyBackends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		now := clock.Now()
		still := func() time.Time { return now }
		var units []table.Units
		for _, keyCount := range []int{10, 990} {
			s := view(t, tab, still, fmt.Sprint("w", keyCount))
			run := pileOf(t, s, 0, 1, false).id
			for i := range 30 {
				require.NoError(t, logBatch(s, run, append(noisy(1, 10, 10*i), noisy(keyCount, 1, 10*i)[1:]...), nil)(t.Context()))
			}
			require.NoError(t, dynamodbstore.RollUp(t.Context(), s, run))
			units = append(units, historyCost(t, s, run, 300))
			require.NoError(t, s.Close())
		}
		require.Equal(t, units[0], units[1])
		require.LessOrEqual(t, units[0].Read, 3.0)
	})
}

// TestRollUpInParts rolls up more than is held in memory at once.
func TestRollUpInParts(t *testing.T) {
	t.Parallel()
	readyBackends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		ft := faulty.Wrap(tab, nil)
		s := view(t, ft, clock.Now, "ww")
		run := pileOf(t, s, 0, 1, false).id
		dynamodbstore.StopRollUps(s)
		const batches = 420 // 12 KB each
		for i := range batches {
			require.NoError(t, logBatch(s, run, noisy(100, 10, 10*i), nil)(t.Context()))
		}
		require.NoError(t, s.Close())
		records, blocks := historyItems(t, tab, "ww", run)
		require.Equal(t, []int{batches, 0}, []int{records, blocks})

		s = view(t, ft, clock.Now, "ww")
		defer func() { require.NoError(t, s.Close()) }()
		var writing bool
		turns := 0 // from reading to writing
		ft.SetPlan(func(c faulty.Call) faulty.Fault {
			if c.Writes() && !writing {
				turns++
			}
			writing = c.Writes()
			return faulty.Fault{}
		})
		require.NoError(t, dynamodbstore.RollUp(t.Context(), s, run))
		require.Equal(t, 2, turns)
		records, blocks = historyItems(t, tab, "ww", run)
		require.Equal(t, []int{0, 200}, []int{records, blocks})
		historyCost(t, s, run, 10*batches)
	})
}

// TestBlocksExpire: a block lives as long as the last of its records, for ever
// if one does.
func TestBlocksExpire(t *testing.T) {
	t.Parallel()
	readyBackends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := view(t, tab, clock.Now, "ww")
		r := pileOf(t, s, 2, 2, false)
		clock.Advance(100 * day)
		late := metrics(1, 1, 7) // of the first key alone
		require.NoError(t, logBatch(s, r.id, late, nil)(t.Context()))
		require.NoError(t, dynamodbstore.RollUp(t.Context(), s, r.id))
		r.log(late...)
		clock.Advance(270 * day)
		require.Empty(t, history(t, s, r.id, "metric-00001"))
		requireHistory(t, s, r, "metric-00000", 0)
		clock.Advance(100 * day)
		require.Empty(t, history(t, s, r.id, "metric-00000"))

		last := metrics(1, 1, 8)
		require.NoError(t, logBatch(s, r.id, last, nil)(t.Context()))
		require.NoError(t, s.SetTTLPolicy(t.Context(), dynamodbstore.TTLPolicyChange{MetricHistoryRetentionDays: new(int64)}))
		lasting := metrics(1, 1, 9)
		require.NoError(t, logBatch(s, r.id, lasting, nil)(t.Context()))
		require.NoError(t, dynamodbstore.RollUp(t.Context(), s, r.id))
		clock.Advance(5000 * day)
		require.Equal(t, append(last, lasting...), history(t, s, r.id, "metric-00000"))
		require.NoError(t, s.Close())
	})
}
