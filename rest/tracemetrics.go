package rest

import (
	"context"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

type traceMetricsRequest struct {
	name       string
	count      bool // one of the aggregations is a count
	dimensions []string
	interval   bool
	start, end bool
}

func traceMetricsSpec() *wire.Spec[traceMetricsRequest] {
	view := wire.Enum("view_type", wire.EnumValue{"METRIC_VIEW_TYPE_UNSPECIFIED", 0}, wire.EnumValue{"TRACES", 1}, wire.EnumValue{"SPANS", 2},
		wire.EnumValue{"ASSESSMENTS", 3})
	kind := wire.Enum("aggregation_type", wire.EnumValue{"AGGREGATION_TYPE_UNSPECIFIED", 0}, wire.EnumValue{"COUNT", 1}, wire.EnumValue{"SUM", 2},
		wire.EnumValue{"AVG", 3}, wire.EnumValue{"PERCENTILE", 4}, wire.EnumValue{"MIN", 5}, wire.EnumValue{"MAX", 6})
	return &wire.Spec[traceMetricsRequest]{
		Fields: []wire.Field{
			wire.List(wire.F("experiment_ids", wire.TypeString)), view, wire.F("metric_name", wire.TypeString),
			wire.Messages("aggregations", kind, wire.F("percentile_value", wire.TypeDouble)), wire.List(wire.F("dimensions", wire.TypeString)),
			wire.List(wire.F("filters", wire.TypeString)), wire.F("time_interval_seconds", wire.TypeInt64), wire.F("start_time_ms", wire.TypeInt64),
			wire.F("end_time_ms", wire.TypeInt64), wire.F("max_results", wire.TypeInt32), wire.F("page_token", wire.TypeString),
		},
		Rules: []wire.Rule{
			{"experiment_ids", []wire.Check{wire.IsArray(), wire.Required(), wire.ItemsAreStrings()}},
			{"view_type", []wire.Check{wire.Required()}},
			textRequired("metric_name"),
			{"aggregations", []wire.Check{wire.IsArray(), wire.Required()}},
			{"dimensions", []wire.Check{wire.IsArray(), wire.ItemsAreStrings()}},
			{"filters", []wire.Check{wire.IsArray(), wire.ItemsAreStrings()}},
			integer("time_interval_seconds"), integer("start_time_ms"),
			integer("end_time_ms"), integer("max_results"), text("page_token"),
		},
		Scan: scanTraceMetrics,
		Fits: func(*traceMetricsRequest) bool { return false }, // let the rules look
	}
}

func scanTraceMetrics(s *wire.Scanner, name []byte, q *traceMetricsRequest) {
	switch string(name) {
	case "metric_name":
		q.name = s.Text()
	case "aggregations":
		q.count = scanCountAggregation(s)
	case "dimensions":
		q.dimensions = s.Texts()
	case "time_interval_seconds":
		q.interval = s.Int() != 0
	case "start_time_ms":
		q.start = s.Int() != 0
	case "end_time_ms":
		q.end = s.Int() != 0
	default:
		s.Skip(0)
	}
}

// scanCountAggregation reads aggregations and tells whether one is a count.
func scanCountAggregation(s *wire.Scanner) bool {
	const count = 1
	found := false
	for first := s.Enter('['); s.Next(&first, ']'); {
		for first := s.Enter('{'); s.Next(&first, '}'); {
			switch string(s.Name()) {
			case "aggregation_type":
				found = !s.Null() && s.Int() == count || found
			default:
				s.Skip(0)
			}
		}
	}
	return found
}

// traceMetrics answers as a database does that has no traces: their number is
// zero, and there is no value of any other kind. Metrics that there are not are
// like those of which there are no values.
func traceMetrics(_ context.Context, b []byte, q *traceMetricsRequest) ([]byte, error) {
	if q.interval && (!q.start || !q.end) {
		return nil, invalid("start_time_ms and end_time_ms are required if time_interval_seconds is set")
	}
	b = append(b, '{')
	if strings.HasSuffix(q.name, "_count") && q.count && len(q.dimensions) == 0 && !q.interval {
		b = append(wire.AppendKey(b, 1, "data_points"), '[')
		b = wire.AppendStringField(append(wire.AppendItem(b, 2), '{'), 3, "metric_name", q.name)
		b = append(wire.AppendKey(append(wire.AppendKey(b, 3, "values"), '{'), 4, "COUNT"), "0.0"...)
		b = wire.CloseArray(wire.CloseObject(wire.CloseObject(b, 3), 2), 1)
	}
	return wire.CloseObject(b, 0), nil
}
