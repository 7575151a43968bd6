package filter_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
)

const benchFilter = "metrics.acc > 0.1 AND params.opt ILIKE '%DAM%' AND tags.k LIKE 'a%' AND status = 'FINISHED' " +
	"AND dataset.name IN ('iris', 'wine') AND start_time < 1e9 AND run_name != 'x' AND tags.none IS NULL"

func benchOrder() []string { return []string{"metrics.acc DESC", "params.lr", "status"} }

func BenchmarkParseRuns(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := filter.ParseRuns(benchFilter, benchOrder()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	q, err := filter.ParseRuns(benchFilter, nil)
	require.NoError(b, err)
	row := &readCorpus[runRow](b, "runs.json").Rows[0]
	require.True(b, q.Match(row))
	b.ReportAllocs()
	for b.Loop() {
		q.Match(row)
	}
}

func BenchmarkTuple(b *testing.B) {
	q, err := filter.ParseRuns("", benchOrder())
	require.NoError(b, err)
	rows := readCorpus[runRow](b, "runs.json").Rows
	other := q.Order.AppendRun(nil, &rows[1])
	var tuple filter.Tuple
	b.ReportAllocs()
	for b.Loop() {
		tuple = q.Order.AppendRun(tuple[:0], &rows[0])
		q.Order.Compare(tuple, other)
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	q, err := filter.ParseRuns(benchFilter, benchOrder())
	require.NoError(t, err)
	rows := readCorpus[runRow](t, "runs.json").Rows
	tuple := make(filter.Tuple, 0, len(q.Order))
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for i := range rows {
			q.Match(&rows[i])
			tuple = q.Order.AppendRun(tuple[:0], &rows[i])
			q.Order.Compare(tuple, tuple)
		}
	}))
}
