package dynamodbstore_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// TestCollectWithinUnits: a pass takes as long as its units last, in a bubble
// whose clock only moves while everybody waits.
func TestCollectWithinUnits(t *testing.T) {
	t.Parallel()
	l := newLittered(t)
	const rate = 40
	synctest.Test(t, func(t *testing.T) {
		tab := l.table(t)
		s := view(t, tab, l.clock.Now, gcSpace)
		p := l.params
		p.UnitsPerSecond = rate
		begun, steps := time.Now(), 0
		var seen, changed int64
		p.Progress = func(at dynamodbstore.Progress) {
			steps++
			seen, changed = at.Seen, at.Changed
		}
		report, err := s.CollectGarbage(t.Context(), p)
		require.NoError(t, err)
		require.NoError(t, s.Close())
		units := report.Units.Read + report.Units.Write
		took := time.Since(begun).Seconds()
		require.Greater(t, units, 5.0*rate)
		require.InDelta(t, units/rate, took, 2, "a second's share may be spent at once")
		require.Greater(t, steps, 10)
		require.Equal(t, report.Scanned, seen)
		require.Equal(t, sum(report.Removed), changed)
		t.Logf("%g units in %g s, %d steps", units, took, steps)
	})
}

// TestCollectUnits: what a pass costs where there is nothing to remove, and
// where there is.
func TestCollectUnits(t *testing.T) {
	t.Parallel()
	clock := newStillClock()
	tab := memoryTable(t, clock)
	s := gcStore(t, tab, clock)
	exp := experiment(t, s, "lab")
	for i := range int64(20) {
		run := newRun(t, s, exp, i)
		require.NoError(t, s.LogBatch(t.Context(), dynamodbstore.LogBatchParams{RunID: run, Metrics: metrics(10, 5, 0), Params: params(5, 0)}))
		finish(t, s, run)
	}
	clock.Advance(time.Hour)
	clean := collect(t, s, dynamodbstore.GCParams{})
	require.Empty(t, clean.Removed)
	require.Equal(t, float64(1), clean.Units.Write, "the note is removed")
	require.Less(t, clean.Units.Read, float64(clean.Scanned)*0.1)

	require.NoError(t, s.DeleteExperiment(t.Context(), exp))
	gone := collect(t, s, dynamodbstore.GCParams{ExperimentIDs: []string{exp}})
	removed := sum(gone.Removed)
	require.Equal(t, int64(20), gone.Runs)
	require.Less(t, gone.Units.Write, 1.5*float64(removed))
	t.Logf("%d items: %v; %d of them removed: %v", clean.Scanned, clean.Units, removed, gone.Units)
}
