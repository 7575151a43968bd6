package runfilter_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/filtertest"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/runfilter"
)

const benchFilter = "metrics.acc > 0.1 AND params.opt ILIKE '%DAM%' AND tags.k LIKE 'a%' AND status = 'FINISHED' " +
	"AND dataset.name IN ('iris', 'wine') AND start_time < 1e9 AND run_name != 'x' AND tags.none IS NULL"

func benchOrder() []string { return []string{"metrics.acc DESC", "params.lr", "status"} }

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := runfilter.Parse(benchFilter, benchOrder()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	q, err := runfilter.Parse(benchFilter, nil)
	require.NoError(b, err)
	row := &filtertest.Read[runRow](b, "runs.json").Rows[0]
	require.True(b, q.Match(row))
	b.ReportAllocs()
	for b.Loop() {
		q.Match(row)
	}
}

func BenchmarkTuple(b *testing.B) {
	q, err := runfilter.Parse("", benchOrder())
	require.NoError(b, err)
	rows := filtertest.Read[runRow](b, "runs.json").Rows
	other := q.AppendPlace(nil, &rows[1])
	var tuple filter.Tuple
	b.ReportAllocs()
	for b.Loop() {
		tuple = q.AppendPlace(tuple[:0], &rows[0])
		q.Order.Compare(tuple, other)
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	q, err := runfilter.Parse(benchFilter, benchOrder())
	require.NoError(t, err)
	rows := filtertest.Read[runRow](t, "runs.json").Rows
	tuple := make(filter.Tuple, 0, len(q.Order))
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for i := range rows {
			q.Match(&rows[i])
			tuple = q.AppendPlace(tuple[:0], &rows[i])
			q.Order.Compare(tuple, tuple)
		}
	}))
}
