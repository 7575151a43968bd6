// Package bench measures the Store: time, allocations and capacity units of
// each operation. Run it with make bench; compare two revisions with
// benchstat.
package bench

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
)

func TestMain(m *testing.M) { ddblocal.Main(m) }

// tables runs a benchmark on the embedded table, in a directory, and on
// DynamoDB Local.
func tables(b *testing.B, bench func(b *testing.B, s *dynamodbstore.Store)) {
	b.Helper()
	for _, backend := range []struct {
		name string
		open func(b *testing.B) table.Table
	}{
		{"embedded", func(b *testing.B) table.Table {
			b.Helper()
			t, err := pebbletable.Open(b.TempDir(), pebbletable.Options{})
			require.NoError(b, err)
			return t
		}},
		{"dynamodb", func(b *testing.B) table.Table { b.Helper(); return ddblocal.NewTable(b) }},
	} {
		b.Run(backend.name, func(b *testing.B) {
			s, err := dynamodbstore.OpenTable(backend.open(b))
			require.NoError(b, err)
			require.NoError(b, s.Init(b.Context()))
			b.Cleanup(func() { require.NoError(b, s.Close()) })
			bench(b, s)
		})
	}
}

// measure repeats op and reports its units.
func measure(b *testing.B, op func(ctx context.Context, i int) error) {
	b.Helper()
	var m table.Meter
	ctx := table.WithMeter(b.Context(), &m)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		require.NoError(b, op(ctx, n))
		n++
	}
	u := m.Units()
	b.ReportMetric(float64(u.Requests)/float64(n), "req/op")
	b.ReportMetric(u.Read/float64(n), "RCU/op")
	b.ReportMetric(u.Write/float64(n), "WCU/op")
}

func experiment(b *testing.B, s *dynamodbstore.Store) string {
	b.Helper()
	id, err := s.CreateExperiment(b.Context(), dynamodbstore.CreateExperimentParams{Name: b.Name()})
	require.NoError(b, err)
	return id
}

func createRun(b *testing.B, s *dynamodbstore.Store, exp string, start int) string {
	b.Helper()
	r, err := s.CreateRun(b.Context(), runParams(exp, start))
	require.NoError(b, err)
	return r.Info.RunID
}

func runParams(exp string, start int) dynamodbstore.CreateRunParams {
	return dynamodbstore.CreateRunParams{
		ExperimentID: exp, UserID: "someone", Name: fmt.Sprintf("run-%d", start), StartTime: int64(start),
		Tags: []dynamodbstore.Tag{
			{Key: "mlflow.user", Value: "someone"},
			{Key: "mlflow.source.name", Value: "train.py"},
			{Key: "mlflow.source.type", Value: "LOCAL"},
			{Key: "team", Value: "vision"},
		},
	}
}

// batch is one batch of metrics and params; steps begin at from.
func batch(run string, keys, steps, params, from int) dynamodbstore.LogBatchParams {
	p := dynamodbstore.LogBatchParams{RunID: run}
	for step := range steps {
		for k := range keys {
			p.Metrics = append(p.Metrics, dynamodbstore.Metric{
				Key: fmt.Sprintf("metric_%05d", k), Value: float64(k) + 1/float64(from+step+2),
				Timestamp: 1_700_000_000_000 + int64(from+step)*1000, Step: int64(from + step),
			})
		}
	}
	for i := range params {
		p.Params = append(p.Params, dynamodbstore.Param{Key: fmt.Sprintf("param_%06d", i), Value: fmt.Sprintf("value-%d", i)})
	}
	return p
}

func BenchmarkCreateRun(b *testing.B) {
	tables(b, func(b *testing.B, s *dynamodbstore.Store) {
		exp := experiment(b, s)
		measure(b, func(ctx context.Context, i int) error {
			_, err := s.CreateRun(ctx, runParams(exp, i))
			return err
		})
	})
}

func BenchmarkLogMetric(b *testing.B) {
	tables(b, func(b *testing.B, s *dynamodbstore.Store) {
		run := createRun(b, s, experiment(b, s), 0)
		measure(b, func(ctx context.Context, i int) error {
			return s.LogMetric(ctx, run, dynamodbstore.Metric{Key: "loss", Value: 1, Step: int64(i), Timestamp: int64(i)})
		})
	})
}

func BenchmarkLogBatch(b *testing.B) {
	for _, shape := range []struct{ keys, steps int }{{20, 1}, {10, 10}, {1, 1000}, {1000, 1}} {
		b.Run(fmt.Sprintf("%dx%d", shape.keys, shape.steps), func(b *testing.B) {
			tables(b, func(b *testing.B, s *dynamodbstore.Store) {
				run := createRun(b, s, experiment(b, s), 0)
				measure(b, func(ctx context.Context, i int) error {
					return s.LogBatch(ctx, batch(run, shape.keys, shape.steps, 0, i*shape.steps))
				})
			})
		})
	}
}

func BenchmarkGetRun(b *testing.B) {
	tables(b, func(b *testing.B, s *dynamodbstore.Store) {
		run := createRun(b, s, experiment(b, s), 0)
		require.NoError(b, s.LogBatch(b.Context(), batch(run, 10, 10, 10, 0)))
		measure(b, func(ctx context.Context, _ int) error {
			_, err := s.GetRun(ctx, run)
			return err
		})
	})
}

func BenchmarkMetricHistory(b *testing.B) {
	tables(b, func(b *testing.B, s *dynamodbstore.Store) {
		run := createRun(b, s, experiment(b, s), 0)
		for i := range 10 {
			require.NoError(b, s.LogBatch(b.Context(), batch(run, 1, 1000, 0, i*1000)))
		}
		measure(b, func(ctx context.Context, _ int) error {
			page, err := s.MetricHistory(ctx, dynamodbstore.MetricHistoryParams{RunID: run, Key: "metric_00000"})
			require.Len(b, page.Items, 10000)
			return err
		})
	})
}

func BenchmarkSearchRuns(b *testing.B) {
	const runs = 1000
	for _, state := range []string{"finished", "open"} {
		b.Run(state, func(b *testing.B) {
			tables(b, func(b *testing.B, s *dynamodbstore.Store) {
				exp := experiment(b, s)
				for i := range runs {
					run := createRun(b, s, exp, i)
					require.NoError(b, s.LogBatch(b.Context(), batch(run, 10, 1, 10, i)))
					if state == "finished" {
						_, err := s.UpdateRun(b.Context(), dynamodbstore.UpdateRunParams{RunID: run, Status: dynamodbstore.StatusFinished})
						require.NoError(b, err)
					}
				}
				searches(b, s, exp)
			})
		})
	}
}

func searches(b *testing.B, s *dynamodbstore.Store, exp string) {
	b.Helper()
	for _, q := range []struct {
		name, filter, order string
	}{
		{"page", "", ""},
		{"metric", "metrics.metric_00000 > 0.01", ""},
		{"none", "params.param_000003 = 'absent'", ""},
		{"like", "tags.team LIKE '%isio%'", ""},
		{"order", "", "metrics.metric_00000 DESC"},
	} {
		b.Run(q.name, func(b *testing.B) {
			p := dynamodbstore.SearchRunsParams{ExperimentIDs: []string{exp}, Filter: q.filter, MaxResults: 100}
			if q.order != "" {
				p.OrderBy = []string{q.order}
			}
			measure(b, func(ctx context.Context, _ int) error {
				_, err := s.SearchRuns(ctx, p)
				return err
			})
		})
	}
}
