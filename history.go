package dynamodbstore

import (
	"context"
	"math"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

const (
	// recordBytes is about how large a record may become.
	recordBytes = 200 << 10
	// pointBytes is the most that one point takes, without its key.
	pointBytes = 28
	// maxHistoryBulk is the most points of one bulk read, maxHistorySample
	// the most sampled points of one run, maxHistoryRuns the most runs.
	// Source: MLflow 3.17, server/handlers.py and entities/metric.py.
	maxHistoryBulk   = 25000
	maxHistorySample = 2500
	maxHistoryRuns   = 100
)

// appendHistory writes the points of a group as records, usually one. Each
// record is atomic, and its key is its content: writing it again changes
// nothing. 1 request, 1 WCU for each KB: a point takes about 12 bytes.
func (s *Store) appendHistory(ctx context.Context, run string, points []Metric) error {
	cfg, err := s.settings.current(ctx)
	if err != nil {
		return err
	}
	expiry := s.expiryIn(cfg.policy.metricHistory)
	var items []table.Item
	for len(points) > 0 {
		n, size := 0, 0
		for n < len(points) && size < recordBytes {
			size += pointBytes + len(points[n].Key)
			n++
		}
		items = append(items, s.recordItem(run, points[:n], expiry))
		points = points[n:]
	}
	if len(items) == 1 {
		return s.t.Put(ctx, table.Put{Item: items[0]})
	}
	return s.t.BatchWrite(ctx, uniqueItems(items), nil)
}

func (s *Store) recordItem(run string, points []Metric, expiry int64) table.Item {
	record, first := encodeRecord(points)
	return table.NewItem(s.ks.Record(run, first, recordHash(record)), appendExpiry([]table.Attr{
		{Name: keys.Version, Value: table.Number(schemaVersion)},
		{Name: keys.Points, Value: table.Bytes(record)},
	}, expiry)...)
}

// uniqueItems drops items whose key occurs before: equal content.
func uniqueItems(items []table.Item) []table.Item {
	seen := make(map[table.Key]bool, len(items))
	return slices.DeleteFunc(items, func(it table.Item) bool {
		was := seen[it.Key]
		seen[it.Key] = true
		return was
	})
}

// readHistory reads all points of one metric of a run, in no order and with
// repetitions. Units: all history of the run/4 KB.
func (s *Store) readHistory(ctx context.Context, run, key string) ([]point, error) {
	var points []point
	q := table.Query{
		PK: s.ks.HistoryPK(run), From: keys.RecordPrefix, To: keys.RecordPrefix + keys.Last,
	}
	for it, err := range table.Items(ctx, s.t, q) {
		if err != nil {
			return nil, err
		}
		if err := checkVersion(it); err != nil {
			return nil, err
		}
		if points, err = appendPoints(points, it.Str(keys.Points), key); err != nil {
			return nil, err
		}
	}
	return points, nil
}

// sortedHistory reads all points of one metric of a run, each once.
func (s *Store) sortedHistory(ctx context.Context, run, key string, order func(a, b point) int) ([]point, error) {
	points, err := s.readHistory(ctx, run, key)
	if err != nil {
		return nil, err
	}
	if !slices.IsSortedFunc(points, order) {
		slices.SortFunc(points, order)
	}
	return slices.CompactFunc(points, func(a, b point) bool { return byStep(a, b) == 0 }), nil
}

// MetricHistory returns the points of one metric of a run, each once, by
// timestamp, step and value; none for a metric that was never logged and, as
// with MLflow's server, for a run that does not exist.
// 3 requests, 2 RCU and the run's history/4 KB.
func (s *Store) MetricHistory(ctx context.Context, p MetricHistoryParams) (Page[Metric], error) {
	var page Page[Metric]
	if p.MaxResults < 0 {
		return page, invalidf("Invalid value %d for parameter 'max_results' supplied.", p.MaxResults)
	}
	digest := queryDigest("history", p.RunID, p.Key)
	after, err := parseHistoryToken(p.PageToken, digest)
	if err != nil {
		return page, err
	}
	living, err := s.livingRuns(ctx, []string{p.RunID})
	if err != nil || len(living) == 0 {
		return page, failure(err)
	}
	points, err := s.sortedHistory(ctx, p.RunID, p.Key, byTime)
	if err != nil {
		return page, failure(err)
	}
	if after != nil {
		at, found := slices.BinarySearchFunc(points, *after, byTime)
		if found {
			at++
		}
		points = points[at:]
	}
	if p.MaxResults > 0 && len(points) > p.MaxResults {
		points = points[:p.MaxResults]
		page.NextPageToken = historyToken(points[len(points)-1], digest)
	}
	page.Items = make([]Metric, len(points))
	for i, x := range points {
		page.Items[i] = x.metric(p.Key)
	}
	return page, nil
}

func (p point) metric(key string) Metric {
	return Metric{Key: key, Value: p.value, Timestamp: p.timestamp, Step: p.step}
}

// MetricHistoryBulk returns the points of one metric of at most 100 runs, by
// run, timestamp, step and value; at most MaxResults in all. Runs that do not
// exist have none. 1 request a run, each its history/4 KB in RCU.
func (s *Store) MetricHistoryBulk(ctx context.Context, p MetricHistoryBulkParams) ([]RunMetric, error) {
	if len(p.RunIDs) > maxHistoryRuns {
		return nil, invalidf("GetMetricHistoryBulk request cannot specify more than %d run_ids. Received %d run_ids.",
			maxHistoryRuns, len(p.RunIDs))
	}
	most := maxHistoryBulk
	if p.MaxResults > 0 {
		most = min(p.MaxResults, maxHistoryBulk)
	}
	ids, err := s.livingRuns(ctx, p.RunIDs)
	if err != nil {
		return nil, failure(err)
	}
	slices.Sort(ids)
	var out []RunMetric
	for _, id := range slices.Compact(ids) {
		points, err := s.sortedHistory(ctx, id, p.Key, byTime)
		if err != nil {
			return nil, failure(err)
		}
		out = appendRunMetrics(out, id, p.Key, points)
		if len(out) >= most {
			return out[:most], nil
		}
	}
	return out, nil
}

// livingRuns returns those of the given runs that exist, in their order: the
// history of a run that is gone or expired may outlive it. 2 requests; 1 RCU
// for each 4 KB of the heads and experiments.
func (s *Store) livingRuns(ctx context.Context, ids []string) ([]string, error) {
	wanted := make([]table.Key, 0, len(ids))
	for _, id := range ids {
		if k := s.ks.Run(id); !slices.Contains(wanted, k) {
			wanted = append(wanted, k)
		}
	}
	heads, err := s.t.BatchGet(ctx, wanted, table.Strong)
	if err != nil {
		return nil, err
	}
	exps := make(map[string]string, len(heads)) // by partition of the run
	var expIDs []string
	for _, it := range heads {
		if exp := it.Str(keys.ExpID); exp != "" { // else a tombstone
			exps[it.Key.PK] = exp
			expIDs = append(expIDs, exp)
		}
	}
	states, err := s.experimentStates(ctx, expIDs)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		exp, ok := exps[s.ks.RunPK(id)]
		return !ok || !slices.ContainsFunc(states, func(e *expState) bool { return e.id == exp })
	}), nil
}

func appendRunMetrics(out []RunMetric, run, key string, points []point) []RunMetric {
	out = slices.Grow(out, len(points))
	for _, x := range points {
		out = append(out, RunMetric{Metric: x.metric(key), RunID: run})
	}
	return out
}

// MetricHistoryBulkInterval returns points of one metric of at most 100 runs,
// evenly sampled by rows in the order of step, timestamp and value, the first
// and last one of each run included; runs in the given order.
// 1 request a run, each its history/4 KB in RCU.
// Source: MLflow 3.17, sqlalchemy_store.py, get_metric_history_bulk_interval.
func (s *Store) MetricHistoryBulkInterval(ctx context.Context, p MetricHistoryIntervalParams) ([]RunMetric, error) {
	if len(p.RunIDs) > maxHistoryRuns {
		return nil, invalidf("GetMetricHistoryBulkInterval request must specify at most %d run_ids. Received %d run_ids.",
			maxHistoryRuns, len(p.RunIDs))
	}
	if (p.StartStep == nil) != (p.EndStep == nil) {
		return nil, invalidf("Both start_step and end_step must be specified together, or neither may be specified.")
	}
	most := p.MaxResults
	if most == 0 {
		most = maxHistorySample
	}
	ids, err := s.livingRuns(ctx, p.RunIDs)
	if err != nil {
		return nil, failure(err)
	}
	var out []RunMetric
	for _, id := range ids {
		points, err := s.sortedHistory(ctx, id, p.Key, byStep)
		if err != nil {
			return nil, failure(err)
		}
		if p.StartStep != nil {
			points = between(points, *p.StartStep, *p.EndStep)
		}
		out = appendRunMetrics(out, id, p.Key, sample(points, max(1, most)))
	}
	return out, nil
}

// between cuts points, sorted by step, to the steps from..to.
func between(points []point, from, to int64) []point {
	lo, _ := slices.BinarySearchFunc(points, point{step: from, timestamp: math.MinInt64, value: math.Inf(-1)}, byStep)
	hi := lo
	for hi < len(points) && points[hi].step <= to {
		hi++
	}
	return points[lo:hi]
}

// sample picks the first point of each of n buckets as SQL's NTILE cuts them,
// and the last point in place of the last pick if it is not among them.
func sample(points []point, n int) []point {
	if len(points) <= n {
		return points
	}
	size, larger := len(points)/n, len(points)%n
	out := make([]point, 0, n)
	for i, at := 0, 0; i < n; i++ {
		out = append(out, points[at])
		at += size
		if i < larger {
			at++
		}
	}
	if last := points[len(points)-1]; byStep(out[n-1], last) != 0 {
		out[n-1] = last
	}
	return out
}
