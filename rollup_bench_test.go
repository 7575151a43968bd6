package dynamodbstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	dynamodbstore "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
)

// benchTables runs a benchmark on the embedded table, in a directory, and on
// DynamoDB Local.
func benchTables(b *testing.B, bench func(b *testing.B, tab table.Table)) {
	b.Helper()
	b.Run("embedded", func(b *testing.B) {
		tab, err := pebbletable.Open(b.TempDir(), pebbletable.Options{})
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, tab.Close()) })
		require.NoError(b, tab.Init(b.Context(), true))
		bench(b, tab)
	})
	b.Run("dynamodb", func(b *testing.B) { bench(b, ddblocal.NewTable(b)) })
}

// benchPile makes a run with records that nobody rolls up.
func benchPile(b *testing.B, tab table.Table, workspace string, keyCount, steps, batches int) string {
	b.Helper()
	s := view(b, tab, time.Now, workspace)
	run := pileOf(b, s, 0, 1, false).id
	dynamodbstore.StopRollUps(s)
	for i := range batches {
		require.NoError(b, logBatch(s, run, noisy(keyCount, steps, steps*i), nil)(b.Context()))
	}
	require.NoError(b, s.Close())
	return run
}

// BenchmarkHistoryOfOneKey reads 10,000 steps of one of 100 keys before and
// after the history is rolled up.
func BenchmarkHistoryOfOneKey(b *testing.B) {
	benchTables(b, func(b *testing.B, tab table.Table) {
		run := benchPile(b, tab, "w", 100, 10, 1000)
		s := view(b, tab, time.Now, "w")
		dynamodbstore.StopRollUps(s)
		b.Run("records", func(b *testing.B) { benchHistory(b, s, run) })
		require.NoError(b, s.Close())
		s = view(b, tab, time.Now, "w")
		require.NoError(b, dynamodbstore.RollUp(b.Context(), s, run))
		b.Run("blocks", func(b *testing.B) { benchHistory(b, s, run) })
		require.NoError(b, s.Close())
	})
}

func benchHistory(b *testing.B, s *dynamodbstore.Store, run string) {
	b.Helper()
	var m table.Meter
	ctx := table.WithMeter(b.Context(), &m)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		page, err := s.MetricHistory(ctx, dynamodbstore.MetricHistoryParams{RunID: run, Key: "metric-00042"})
		require.NoError(b, err)
		require.Len(b, page.Items, 10000)
		n++
	}
	b.ReportMetric(float64(m.Units().Requests)/float64(n), "req/op")
	b.ReportMetric(m.Units().Read/float64(n), "RCU/op")
}

// BenchmarkRollUp rolls up piles and reports what a point costs.
func BenchmarkRollUp(b *testing.B) {
	for _, shape := range []struct{ keys, steps, batches int }{{20, 1, 205}, {100, 10, 16}, {1000, 1, 128}} {
		b.Run(fmt.Sprintf("%dx%dx%d", shape.keys, shape.steps, shape.batches), func(b *testing.B) {
			benchTables(b, func(b *testing.B, tab table.Table) { benchRollUp(b, tab, shape.keys, shape.steps, shape.batches) })
		})
	}
}

func benchRollUp(b *testing.B, tab table.Table, keyCount, steps, batches int) {
	b.Helper()
	var m table.Meter
	ctx := table.WithMeter(b.Context(), &m)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		b.StopTimer()
		workspace := fmt.Sprintf("w%d", n)
		run := benchPile(b, tab, workspace, keyCount, steps, batches)
		s := view(b, tab, time.Now, workspace)
		b.StartTimer()
		require.NoError(b, dynamodbstore.RollUp(context.WithoutCancel(ctx), s, run))
		require.NoError(b, s.Close())
		n++
	}
	points := float64(n * keyCount * steps * batches)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/points, "ns/point")
	b.ReportMetric(m.Units().Write/points, "WCU/point")
	b.ReportMetric(m.Units().Read/points, "RCU/point")
}
