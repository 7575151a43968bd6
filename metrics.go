package dynamodbstore

import (
	"context"
)

// LogMetric logs one point of a metric to an active run. An exact repetition
// changes nothing. The latest value is the one with the greatest step,
// timestamp and value, in this order.
//
// A metric of a logged model is attached to that first, if the run is active,
// for which the known state of the experiment counts, see [Store].
//
// Two writes, each atomic, together with those of concurrent callers: the
// latest values first, then the history. 2 requests, 2 WCU; a logged model
// costs 2 or 3 more, see [Store.LogBatch].
func (s *Store) LogMetric(ctx context.Context, run string, m Metric) error {
	return failure(s.tracking.LogMetric(ctx, run, m))
}

// MetricHistory returns the points of one metric of a run, each once, by
// timestamp, step and value; none for a metric that was never logged and, as
// with MLflow's server, for a run that does not exist.
// 4 requests, more for each MB; 2 RCU, 1 for each 4 KB of the metric's points,
// about 10 bytes each, and what the run has logged since it was last rolled up:
// about 50 RCU at most in a run of 8 to 100 keys, 300 in one of a single key or
// of a thousand, a quarter of that once the run has ended.
func (s *Store) MetricHistory(ctx context.Context, p MetricHistoryParams) (Page[Metric], error) {
	v, err := s.tracking.MetricHistory(ctx, p)
	return v, failure(err)
}

// VisitMetricHistory is [Store.MetricHistory] for whoever passes points on and
// keeps none: it calls visit with those of the page, in their order, and returns
// the token of the next page. An error of visit ends it and is returned as it is.
// All is read before the first call. A call takes about 10 bytes for each point of
// the metric, as blocks hold it, and 24 for those that are not rolled up or lie
// in blocks whose times overlap.
func (s *Store) VisitMetricHistory(
	ctx context.Context, p MetricHistoryParams, visit func(Metric) error,
) (nextPageToken string, err error) {
	v := visitor[Metric]{visit: visit}
	token, err := s.tracking.VisitMetricHistory(ctx, p, v.see)
	return token, v.failure(err)
}

// MetricHistoryBulk returns the points of one metric of at most 100 runs, by
// run, timestamp, step and value; at most MaxResults in all. Runs that do not
// exist have none. 2 requests a run, each as [Store.MetricHistory] says; eight
// runs are read at once.
func (s *Store) MetricHistoryBulk(ctx context.Context, p MetricHistoryBulkParams) ([]RunMetric, error) {
	v, err := s.tracking.MetricHistoryBulk(ctx, p)
	return v, failure(err)
}

// MetricHistoryBulkInterval returns points of one metric of at most 100 runs,
// evenly sampled by rows in the order of step, timestamp and value, the first
// and last one of each run included; runs in the given order.
// 2 requests a run, each as [Store.MetricHistory] says, eight runs at once. With
// StartStep and EndStep only blocks with such steps are read, in 2 requests for
// each size of blocks that there is and more for many blocks.
// Source: MLflow 3.17, sqlalchemy_store.py, get_metric_history_bulk_interval.
func (s *Store) MetricHistoryBulkInterval(ctx context.Context, p MetricHistoryIntervalParams) ([]RunMetric, error) {
	v, err := s.tracking.MetricHistoryBulkInterval(ctx, p)
	return v, failure(err)
}
