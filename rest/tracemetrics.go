package rest

import (
	"context"
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

type traceMetricsRequest struct {
	name         string
	aggregations []traceAggregation
	dimensions   []string
	interval     int64 // in seconds
	start, end   int64 // in milliseconds
}

// counts tells whether one of the aggregations is a count.
func (q *traceMetricsRequest) counts() bool { return slices.Contains(q.aggregations, traceCount) }

type traceAggregation int

const traceCount traceAggregation = 1

func traceAggregationFields(a *traceAggregation) []wire.Field {
	kinds := numbered[traceAggregation](0, "AGGREGATION_TYPE_UNSPECIFIED", "COUNT", "SUM", "AVG", "PERCENTILE", "MIN", "MAX")
	return []wire.Field{
		wire.Enum("aggregation_type", a, kinds),
		wire.Double("percentile_value", new(float64)),
	}
}

// numbered makes the choices of an enum that stand for their numbers, from the
// first number on.
func numbered[E ~int](first E, names ...string) []wire.Choice[E] {
	choices := make([]wire.Choice[E], len(names))
	for i, name := range names {
		n := first + E(i)
		choices[i] = wire.Choice[E]{Name: name, Number: int64(n), Value: n}
	}
	return choices
}

func declareTraceMetrics() *wire.Request[traceMetricsRequest] {
	return wire.Declare(func(q *traceMetricsRequest) []wire.Field {
		views := numbered(0, "METRIC_VIEW_TYPE_UNSPECIFIED", "TRACES", "SPANS", "ASSESSMENTS")
		return []wire.Field{
			wire.Texts("experiment_ids", new([]string)).IsList().Required().HasTexts(),
			wire.Enum("view_type", new(int), views).Required(),
			wire.Text("metric_name", &q.name).IsText().Required(),
			wire.Objects("aggregations", &q.aggregations, traceAggregationFields).IsList().Required(),
			wire.Texts("dimensions", &q.dimensions).IsList().HasTexts(),
			wire.Texts("filters", new([]string)).IsList().HasTexts(),
			wire.Int64("time_interval_seconds", &q.interval).IsInt(),
			wire.Int64("start_time_ms", &q.start).IsInt(),
			wire.Int64("end_time_ms", &q.end).IsInt(),
			wire.Int32("max_results", new(int)).IsInt(),
			wire.Text("page_token", new(string)).IsText(),
		}
	})
}

// traceMetrics answers as a database does that has no traces: their number is
// zero, and there is no value of any other kind. Metrics that there are not are
// like those of which there are no values.
func traceMetrics(_ context.Context, b []byte, q *traceMetricsRequest) ([]byte, error) {
	if q.interval != 0 && (q.start == 0 || q.end == 0) {
		return nil, invalid("start_time_ms and end_time_ms are required if time_interval_seconds is set")
	}
	b = append(b, '{')
	if strings.HasSuffix(q.name, "_count") && q.counts() && len(q.dimensions) == 0 && q.interval == 0 {
		b = append(wire.AppendKey(b, 1, "data_points"), '[')
		b = wire.AppendStringField(append(wire.AppendItem(b, 2), '{'), 3, "metric_name", q.name)
		b = append(wire.AppendKey(append(wire.AppendKey(b, 3, "values"), '{'), 4, "COUNT"), "0.0"...)
		b = wire.CloseArray(wire.CloseObject(wire.CloseObject(b, 3), 2), 1)
	}
	return wire.CloseObject(b, 0), nil
}
