package storetest

import (
	"fmt"
	"math"

	"github.com/stretchr/testify/require"

	d "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

func metricCases() []testCase {
	return []testCase{
		{"latest", latestMetric},
		{"NaN and infinities", specialValues},
		{"history", history},
		{"history pages", historyPages},
		{"bulk", bulkHistory},
		{"samples", samples},
		{"3,000 keys", manyMetrics},
		{"bad input", badMetrics},
	}
}

// latestMetric: the latest point is the greatest by step, timestamp, value.
func latestMetric(b bundle) {
	run := b.run("0", 1)
	for _, c := range []struct {
		logged d.Metric
		latest float64
	}{
		{d.Metric{Value: 1, Step: 1, Timestamp: 10}, 1},
		{d.Metric{Value: 2, Step: 0, Timestamp: 99}, 1},
		{d.Metric{Value: 3, Step: 1, Timestamp: 9}, 1},
		{d.Metric{Value: 0.5, Step: 1, Timestamp: 10}, 1},
		{d.Metric{Value: 4, Step: 1, Timestamp: 10}, 4},
		{d.Metric{Value: 5, Step: 1, Timestamp: 11}, 5},
		{d.Metric{Value: -6, Step: 2, Timestamp: 0}, -6},
		{d.Metric{Value: 7, Step: -3, Timestamp: 100}, -6},
	} {
		c.logged.Key = "m"
		b.ok(b.LogMetric(b.ctx(), run, c.logged))
		require.Equal(b.t, c.latest, b.get(run).Metrics[0].Value, "after %+v", c.logged)
	}
}

func specialValues(b bundle) {
	run := b.run("0", 1)
	for i, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 5e-324, -1.5} {
		b.ok(b.LogMetric(b.ctx(), run, d.Metric{Key: fmt.Sprintf("m%d", i), Value: v}))
	}
	m := b.get(run).Metrics
	require.True(b.t, math.IsNaN(m[0].Value))
	require.Equal(b.t, math.MaxFloat64, m[1].Value)
	require.Equal(b.t, -math.MaxFloat64, m[2].Value)
	require.Equal(b.t, 5e-324, m[3].Value)
	require.Equal(b.t, -1.5, m[4].Value)
	for i := range m {
		page, err := b.MetricHistory(b.ctx(), d.MetricHistoryParams{RunID: run, Key: m[i].Key})
		b.ok(err)
		require.Len(b.t, page.Items, 1)
		require.Equal(b.t, math.Float64bits(m[i].Value), math.Float64bits(page.Items[0].Value))
	}
	b.ok(b.LogMetric(b.ctx(), run, d.Metric{Key: "m0", Value: 1, Step: 1}))
	require.Equal(b.t, 1.0, b.get(run).Metrics[0].Value)
}

func points(page d.Page[d.Metric]) [][3]float64 {
	out := [][3]float64{}
	for _, m := range page.Items {
		out = append(out, [3]float64{float64(m.Timestamp), float64(m.Step), m.Value})
	}
	return out
}

func history(b bundle) {
	run := b.run("0", 1)
	logged := []d.Metric{
		{Key: "m", Value: 2, Step: 2, Timestamp: 5},
		{Key: "m", Value: 1, Step: 9, Timestamp: 1},
		{Key: "m", Value: 1, Step: 2, Timestamp: 5},
		{Key: "other", Value: 1},
	}
	b.ok(b.LogBatch(b.ctx(), d.LogBatchParams{RunID: run, Metrics: logged}))
	b.ok(b.LogBatch(b.ctx(), d.LogBatchParams{RunID: run, Metrics: logged})) // a repetition
	b.ok(b.LogMetric(b.ctx(), run, logged[0]))                               // in another grouping
	b.finish(run)
	b.ok(b.LogMetric(b.ctx(), run, d.Metric{Key: "m", Value: 3, Step: 0, Timestamp: 7}))
	page, err := b.MetricHistory(b.ctx(), d.MetricHistoryParams{RunID: run, Key: "m"})
	b.ok(err)
	require.Equal(b.t, [][3]float64{{1, 9, 1}, {5, 2, 1}, {5, 2, 2}, {7, 0, 3}}, points(page))
	page, err = b.MetricHistory(b.ctx(), d.MetricHistoryParams{RunID: run, Key: "never"})
	b.ok(err)
	require.Empty(b.t, page.Items)
}

func historyPages(b bundle) {
	run := b.run("0", 1)
	p := d.LogBatchParams{RunID: run}
	for i := range 100 {
		p.Metrics = append(p.Metrics, d.Metric{Key: "m", Value: float64(i), Step: int64(i), Timestamp: int64(i / 7)})
	}
	b.ok(b.LogBatch(b.ctx(), p))
	for _, size := range []int{1, 7, 99, 100, 1000} {
		q := d.MetricHistoryParams{RunID: run, Key: "m", MaxResults: size}
		var values []float64
		for {
			page, err := b.MetricHistory(b.ctx(), q)
			b.ok(err)
			require.LessOrEqual(b.t, len(page.Items), size)
			for _, m := range page.Items {
				values = append(values, m.Value)
			}
			if q.PageToken = page.NextPageToken; q.PageToken == "" {
				break
			}
		}
		require.Len(b.t, values, 100)
		require.IsIncreasing(b.t, values)
	}
	_, err := b.MetricHistory(b.ctx(), d.MetricHistoryParams{RunID: run, Key: "m", PageToken: "!"})
	require.ErrorIs(b.t, err, d.ErrInvalid)
}

func bulkHistory(b bundle) {
	one, two := b.run("0", 1), b.run("0", 2)
	for i := range 5 {
		for _, run := range []string{one, two} {
			b.ok(b.LogMetric(b.ctx(), run, d.Metric{Key: "m", Value: float64(i), Timestamp: int64(10 - i)}))
		}
	}
	got, err := b.MetricHistoryBulk(b.ctx(), d.MetricHistoryBulkParams{RunIDs: []string{two, one, "absent"}, Key: "m"})
	b.ok(err)
	require.Len(b.t, got, 10)
	first, second := min(one, two), max(one, two)
	for i, m := range got {
		require.Equal(b.t, []string{first, second}[i/5], m.RunID)
		require.Equal(b.t, float64(4-i%5), m.Value)
	}
	got, err = b.MetricHistoryBulk(b.ctx(), d.MetricHistoryBulkParams{RunIDs: []string{one, two}, Key: "m", MaxResults: 7})
	b.ok(err)
	require.Len(b.t, got, 7)
}

func samples(b bundle) {
	run := b.run("0", 1)
	p := d.LogBatchParams{RunID: run}
	for i := range 10 {
		p.Metrics = append(p.Metrics, d.Metric{Key: "m", Value: float64(i), Step: int64(i)})
	}
	b.ok(b.LogBatch(b.ctx(), p))
	steps := func(p d.MetricHistoryIntervalParams) []int64 {
		p.RunIDs, p.Key = []string{run}, "m"
		got, err := b.MetricHistoryBulkInterval(b.ctx(), p)
		b.ok(err)
		out := []int64{}
		for _, m := range got {
			out = append(out, m.Step)
		}
		return out
	}
	low, high := int64(2), int64(5)
	require.Equal(b.t, []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, steps(d.MetricHistoryIntervalParams{}))
	require.Equal(b.t, []int64{0, 3, 6, 9}, steps(d.MetricHistoryIntervalParams{MaxResults: 4}))
	require.Equal(b.t, []int64{9}, steps(d.MetricHistoryIntervalParams{MaxResults: 1}))
	require.Equal(b.t, []int64{2, 3, 4, 5}, steps(d.MetricHistoryIntervalParams{StartStep: &low, EndStep: &high}))
	_, err := b.MetricHistoryBulkInterval(b.ctx(), d.MetricHistoryIntervalParams{RunIDs: []string{run}, Key: "m", StartStep: &low})
	require.ErrorIs(b.t, err, d.ErrInvalid)
}

// manyMetrics logs more keys than one register item takes.
func manyMetrics(b bundle) {
	const total = 3000
	run := b.run("0", 1)
	for step := range 2 {
		for i := 0; i < total; i += 1000 {
			p := d.LogBatchParams{RunID: run}
			for k := i; k < i+1000; k++ {
				p.Metrics = append(p.Metrics, d.Metric{Key: fmt.Sprintf("layer/%04d/weight", k), Value: float64(k + step), Step: int64(step)})
			}
			b.ok(b.LogBatch(b.ctx(), p))
		}
	}
	check := func() {
		m := b.get(run).Metrics
		require.Len(b.t, m, total)
		for k := range m {
			require.Equal(b.t, d.Metric{Key: fmt.Sprintf("layer/%04d/weight", k), Value: float64(k + 1), Step: 1}, m[k])
		}
	}
	check()
	b.finish(run)
	check()
	require.Equal(b.t, []string{run}, b.search(d.SearchRunsParams{
		ExperimentIDs: []string{"0"}, Filter: "metrics.`layer/2999/weight` = 3000",
	}))
	b.ok(b.LogMetric(b.ctx(), run, d.Metric{Key: "layer/0000/weight", Value: 7, Step: 2}))
	require.Equal(b.t, 7.0, b.get(run).Metrics[0].Value)
}

func badMetrics(b bundle) {
	run := b.run("0", 1)
	b.fails(b.LogMetric(b.ctx(), run, d.Metric{Key: "/m"}), d.CodeInvalidParameterValue,
		`Invalid value "/m" for parameter 'name' supplied: …`)
	require.ErrorIs(b.t, b.LogMetric(b.ctx(), run, d.Metric{Key: "m", Timestamp: -1}), d.ErrInvalid)
	require.Empty(b.t, b.get(run).Metrics)
}
