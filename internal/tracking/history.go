package tracking

import (
	"context"
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/history"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/page"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/point"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// appendHistory writes the points of a group as records, usually one. Each
// record is atomic, and its key is its content: writing it again changes
// nothing. When records have piled up they are rolled up, behind the caller's
// back. 1 request, 1 WCU for each KB: a point takes about 12 bytes.
func (s *Store) appendHistory(ctx context.Context, run string, points []mlflow.Metric) error {
	cfg, err := s.settings.Current(ctx)
	if err != nil {
		return err
	}
	expiry := s.ExpiryIn(cfg.Policy.MetricHistory)
	var items []table.Item
	total := len(points)
	for len(points) > 0 {
		n := history.RecordEnd(points)
		items = append(items, s.histories.RecordItem(run, points[:n], expiry))
		points = points[n:]
	}
	if len(items) == 1 {
		err = s.Table.Put(ctx, table.Put{Item: items[0]})
	} else {
		items = history.UniqueItems(items)
		err = s.Table.BatchWrite(ctx, items, nil)
	}
	if err == nil {
		p := history.Pile{Points: total}
		for _, it := range items {
			p.Add(history.RecordPile(it, 0))
		}
		s.noteRecords(ctx, run, p)
	}
	return err
}

// MetricHistory returns the points of one metric of a run, each once, by
// timestamp, step and value.
func (s *Store) MetricHistory(ctx context.Context, p mlflow.MetricHistoryParams) (mlflow.Page[mlflow.Metric], error) {
	var page mlflow.Page[mlflow.Metric]
	var err error
	page.NextPageToken, err = s.VisitMetricHistory(ctx, p, func(m mlflow.Metric) error {
		page.Items = append(page.Items, m)
		return nil
	})
	return page, err
}

// VisitMetricHistory is MetricHistory for whoever passes points on and keeps
// none.
func (s *Store) VisitMetricHistory(
	ctx context.Context, p mlflow.MetricHistoryParams, visit func(mlflow.Metric) error,
) (nextPageToken string, err error) {
	if p.MaxResults < 0 {
		return "", failure.Invalidf("Invalid value %d for parameter 'max_results' supplied.", p.MaxResults)
	}
	digest := page.QueryDigest("history", p.RunID, p.Key)
	m := &history.Merging{}
	if m.After, err = history.ParseToken(p.PageToken, digest); err != nil {
		return "", err
	}
	living, err := s.livingRuns(ctx, []string{p.RunID})
	if err != nil || len(living) == 0 {
		return "", err
	}
	if err := s.histories.Fill(ctx, living[0], p.Key, history.AllSteps(), &history.KeyHistory{Merge: m}); err != nil {
		return "", err
	}
	m.Begin()
	for n := 0; ; n++ {
		last := m.Last
		x, ok, err := m.Next()
		switch {
		case err != nil:
			return "", err
		case !ok:
			return "", nil
		case p.MaxResults > 0 && n == p.MaxResults:
			return history.Token(last, digest), nil
		}
		if err := visit(x.Metric(p.Key)); err != nil {
			return "", err
		}
	}
}

// MetricHistoryBulk returns the points of one metric of at most 100 runs, by
// run, timestamp, step and value.
func (s *Store) MetricHistoryBulk(ctx context.Context, p mlflow.MetricHistoryBulkParams) ([]mlflow.RunMetric, error) {
	if len(p.RunIDs) > history.MaxHistoryRuns {
		return nil, failure.Invalidf("GetMetricHistoryBulk request cannot specify more than %d run_ids. Received %d run_ids.",
			history.MaxHistoryRuns, len(p.RunIDs))
	}
	most := history.MaxHistoryBulk
	if p.MaxResults > 0 {
		most = min(p.MaxResults, history.MaxHistoryBulk)
	}
	runs, err := s.livingRuns(ctx, p.RunIDs)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(runs, func(a, b history.Run) int { return strings.Compare(a.ID, b.ID) })
	var out []mlflow.RunMetric
	for some := range slices.Chunk(slices.Compact(runs), history.HistoryReaders) {
		histories, err := s.histories.Sorted(ctx, some, p.Key, history.AllSteps(), point.ByTime, func(points []point.Point) []point.Point {
			return points[:min(len(points), most)]
		})
		if err != nil {
			return nil, err
		}
		for i, points := range histories {
			out = history.AppendRunMetrics(out, some[i].ID, p.Key, points)
		}
		if len(out) >= most {
			return out[:most], nil
		}
	}
	return out, nil
}

// livingRuns returns those of the given runs that exist, in their order: the
// history of a run that is gone or expired may outlive it. 2 requests; 1 RCU
// for each 4 KB of the heads and experiments.
func (s *Store) livingRuns(ctx context.Context, ids []string) ([]history.Run, error) {
	wanted := make([]table.Key, 0, len(ids))
	for _, id := range ids {
		if k := s.Keys.Run(id); !slices.Contains(wanted, k) {
			wanted = append(wanted, k)
		}
	}
	heads, err := s.Table.BatchGet(ctx, wanted, table.Strong)
	if err != nil {
		return nil, err
	}
	found := make(map[string]table.Item, len(heads)) // by partition of the run
	var expIDs []string
	for _, it := range heads {
		if exp := it.Str(keys.ExpID); exp != "" { // else a tombstone
			found[it.Key.PK] = it
			expIDs = append(expIDs, exp)
		}
	}
	states, err := s.experiments.States(ctx, expIDs)
	if err != nil {
		return nil, err
	}
	var runs []history.Run
	for _, id := range ids {
		it, ok := found[s.Keys.RunPK(id)]
		if ok && slices.ContainsFunc(states, func(e *experiment.State) bool { return e.ID == it.Str(keys.ExpID) }) {
			runs = append(runs, history.Run{ID: id, Settled: it.Str(keys.State) == keys.StateClosed})
		}
	}
	return runs, nil
}

// MetricHistoryBulkInterval returns points of one metric of at most 100 runs,
// evenly sampled by rows in the order of step, timestamp and value, the first
// and last one of each run included.
func (s *Store) MetricHistoryBulkInterval(ctx context.Context, p mlflow.MetricHistoryIntervalParams) ([]mlflow.RunMetric, error) {
	if len(p.RunIDs) > history.MaxHistoryRuns {
		return nil, failure.Invalidf("GetMetricHistoryBulkInterval request must specify at most %d run_ids. Received %d run_ids.",
			history.MaxHistoryRuns, len(p.RunIDs))
	}
	if (p.StartStep == nil) != (p.EndStep == nil) {
		return nil, failure.Invalidf("Both start_step and end_step must be specified together, or neither may be specified.")
	}
	most := p.MaxResults
	if most == 0 {
		most = history.MaxHistorySample
	}
	runs, err := s.livingRuns(ctx, p.RunIDs)
	if err != nil {
		return nil, err
	}
	in := history.AllSteps()
	if p.StartStep != nil {
		in = history.Steps{From: *p.StartStep, To: *p.EndStep}
	}
	histories, err := s.histories.Sorted(ctx, runs, p.Key, in, point.ByStep, func(points []point.Point) []point.Point {
		return history.Sample(history.Between(points, in), max(1, most))
	})
	if err != nil {
		return nil, err
	}
	var out []mlflow.RunMetric
	for i, points := range histories {
		out = history.AppendRunMetrics(out, runs[i].ID, p.Key, points)
	}
	return out, nil
}
