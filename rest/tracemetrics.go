package rest

import (
	"context"
	"strings"
)

type traceMetricsRequest struct {
	name       string
	count      bool // one of the aggregations is a count
	dimensions []string
	interval   bool
	start, end bool
}

func traceMetricsSpec() *spec[traceMetricsRequest] {
	view := enum("view_type", enumValue{"METRIC_VIEW_TYPE_UNSPECIFIED", 0}, enumValue{"TRACES", 1}, enumValue{"SPANS", 2},
		enumValue{"ASSESSMENTS", 3})
	kind := enum("aggregation_type", enumValue{"AGGREGATION_TYPE_UNSPECIFIED", 0}, enumValue{"COUNT", 1}, enumValue{"SUM", 2},
		enumValue{"AVG", 3}, enumValue{"PERCENTILE", 4}, enumValue{"MIN", 5}, enumValue{"MAX", 6})
	return &spec[traceMetricsRequest]{
		fields: []field{
			list(f("experiment_ids", typeString)), view, f("metric_name", typeString),
			messages("aggregations", kind, f("percentile_value", typeDouble)), list(f("dimensions", typeString)),
			list(f("filters", typeString)), f("time_interval_seconds", typeInt64), f("start_time_ms", typeInt64),
			f("end_time_ms", typeInt64), f("max_results", typeInt32), f("page_token", typeString),
		},
		rules: []rule{
			{"experiment_ids", []check{isArray(), required(), itemsAreStrings()}},
			{"view_type", []check{required()}},
			textRequired("metric_name"),
			{"aggregations", []check{isArray(), required()}},
			{"dimensions", []check{isArray(), itemsAreStrings()}},
			{"filters", []check{isArray(), itemsAreStrings()}},
			integer("time_interval_seconds"), integer("start_time_ms"),
			integer("end_time_ms"), integer("max_results"), text("page_token"),
		},
		scan: scanTraceMetrics,
		fits: func(*traceMetricsRequest) bool { return false }, // let the rules look
	}
}

func scanTraceMetrics(s *scanner, name []byte, q *traceMetricsRequest) {
	switch string(name) {
	case "metric_name":
		q.name = s.str()
	case "aggregations":
		q.count = scanCountAggregation(s)
	case "dimensions":
		q.dimensions = s.strs()
	case "time_interval_seconds":
		q.interval = s.integer() != 0
	case "start_time_ms":
		q.start = s.integer() != 0
	case "end_time_ms":
		q.end = s.integer() != 0
	default:
		s.skip(0)
	}
}

// scanCountAggregation reads aggregations and tells whether one is a count.
func scanCountAggregation(s *scanner) bool {
	const count = 1
	found := false
	for first := s.enter('['); s.next(&first, ']'); {
		for first := s.enter('{'); s.next(&first, '}'); {
			switch string(s.name()) {
			case "aggregation_type":
				found = !s.null() && s.integer() == count || found
			default:
				s.skip(0)
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
		b = append(appendKey(b, 1, "data_points"), '[')
		b = appendStringField(append(appendItem(b, 2), '{'), 3, "metric_name", q.name)
		b = append(appendKey(append(appendKey(b, 3, "values"), '{'), 4, "COUNT"), "0.0"...)
		b = closeArray(closeObject(closeObject(b, 3), 2), 1)
	}
	return closeObject(b, 0), nil
}
