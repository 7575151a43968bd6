package dynamodbstore_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

func TestMain(m *testing.M) { ddblocal.Main(m) }

// backends runs a test on the embedded table and on DynamoDB Local.
func backends(t *testing.T, test func(t *testing.T, tab table.Table, clock *tabletest.Clock)) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		clock := &tabletest.Clock{}
		tab, err := pebbletable.OpenMemory(pebbletable.Options{Clock: clock.Now})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, tab.Close()) })
		test(t, tab, clock)
	})
	t.Run("dynamodb", func(t *testing.T) {
		t.Parallel()
		clock := &tabletest.Clock{}
		test(t, ddblocal.NewTableWith(t, dynamoOptions(clock)), clock)
	})
}

// open returns a ready Store on a table that the test closes.
func open(t *testing.T, tab table.Table, clock *tabletest.Clock, opts ...dynamodbstore.Option) *dynamodbstore.Store {
	t.Helper()
	opts = append([]dynamodbstore.Option{dynamodbstore.WithClock(clock.Now), dynamodbstore.TimesAsGiven()}, opts...)
	s, err := dynamodbstore.OpenTable(keepOpen{tab}, opts...)
	require.NoError(t, err)
	require.NoError(t, s.Init(t.Context()))
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// keepOpen is a table that a Store does not close, as others use it too.
type keepOpen struct{ table.Table }

func (keepOpen) Close() error { return nil }

// cost runs f and returns what it cost.
func cost(t *testing.T, f func(ctx context.Context) error) table.Units {
	t.Helper()
	var m table.Meter
	require.NoError(t, f(table.WithMeter(t.Context(), &m)))
	return m.Units()
}

// experiment makes an experiment and returns its id.
func experiment(t *testing.T, s *dynamodbstore.Store, name string) string {
	t.Helper()
	id, err := s.CreateExperiment(t.Context(), dynamodbstore.CreateExperimentParams{Name: name})
	require.NoError(t, err)
	return id
}

// run makes a run with the tags that the Python client sends.
func newRun(t *testing.T, s *dynamodbstore.Store, exp string, start int64) string {
	t.Helper()
	r, err := s.CreateRun(t.Context(), runParams(exp, start))
	require.NoError(t, err)
	return r.Info.RunID
}

func runParams(exp string, start int64) dynamodbstore.CreateRunParams {
	return dynamodbstore.CreateRunParams{
		ExperimentID: exp, UserID: "someone", Name: fmt.Sprintf("run-%d", start), StartTime: start,
		Tags: []dynamodbstore.Tag{
			{Key: "mlflow.user", Value: "someone"},
			{Key: "mlflow.source.name", Value: "train.py"},
			{Key: "mlflow.source.type", Value: "LOCAL"},
			{Key: "team", Value: "vision"},
		},
	}
}

func metrics(keys, steps, from int) []dynamodbstore.Metric {
	out := make([]dynamodbstore.Metric, 0, keys*steps)
	for step := range steps {
		for k := range keys {
			out = append(out, dynamodbstore.Metric{
				Key: fmt.Sprintf("metric-%05d", k), Value: float64(k) + 1/float64(step+2),
				Timestamp: 1_700_000_000_000 + int64(from+step)*1000, Step: int64(from + step),
			})
		}
	}
	return out
}

func params(n, from int) []dynamodbstore.Param {
	out := make([]dynamodbstore.Param, n)
	for i := range out {
		out[i] = dynamodbstore.Param{Key: fmt.Sprintf("param-%06d", from+i), Value: fmt.Sprintf("value-%d", from+i)}
	}
	return out
}

func finish(t *testing.T, s *dynamodbstore.Store, run string) {
	t.Helper()
	end := int64(1_700_000_100_000)
	_, err := s.UpdateRun(t.Context(), dynamodbstore.UpdateRunParams{
		RunID: run, Status: dynamodbstore.StatusFinished, EndTime: &end,
	})
	require.NoError(t, err)
}
