package dynamodbstore

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

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
	// historyReaders is how many histories one call reads at once.
	historyReaders = 8
)

// appendHistory writes the points of a group as records, usually one. Each
// record is atomic, and its key is its content: writing it again changes
// nothing. When records have piled up they are rolled up, behind the caller's
// back. 1 request, 1 WCU for each KB: a point takes about 12 bytes.
func (s *Store) appendHistory(ctx context.Context, run string, points []Metric) error {
	cfg, err := s.settings.current(ctx)
	if err != nil {
		return err
	}
	expiry := s.expiryIn(cfg.policy.metricHistory)
	var items []table.Item
	total := len(points)
	for len(points) > 0 {
		n := recordEnd(points)
		items = append(items, s.recordItem(run, points[:n], expiry))
		points = points[n:]
	}
	if len(items) == 1 {
		err = s.t.Put(ctx, table.Put{Item: items[0]})
	} else {
		items = uniqueItems(items)
		err = s.t.BatchWrite(ctx, items, nil)
	}
	if err == nil {
		p := pile{points: total}
		for _, it := range items {
			p.add(recordPile(it, 0))
		}
		s.noteRecords(ctx, run, p)
	}
	return err
}

// recordEnd is how many of some points go into one record.
func recordEnd(points []Metric) int {
	n, size := 0, 0
	for n < len(points) && size < recordBytes {
		size += pointBytes + len(points[n].Key)
		n++
	}
	return n
}

func (s *Store) recordItem(run string, points []Metric, expiry int64) table.Item {
	record, first := encodeRecord(points)
	return table.NewItem(s.ks.Record(run, first, recordHash(record)), appendExpiry([]table.Attr{
		{Name: keys.Version, Value: table.Number(schemaVersion)},
		{Name: keys.Points, Value: table.Bytes(record)},
		{Name: keys.Changed, Value: table.Number(s.nowMillis())},
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

// keyHistory is the history of one metric of a run as it was read: its points
// in no order and with repetitions, and what else was met.
type keyHistory struct {
	points  []point
	merge   *historyMerge // takes the points, if it is set, in parts and as blocks
	records pile          // those of the run, with the points of this metric
	keys    []string      // some of their keys
	small   []table.Item  // small blocks
}

// partPoints is how many points are sorted together for a merge.
const partPoints = 16 << 10

// readHistory reads the points of one metric of a run in a range of steps: the
// records of the run, then the blocks of the metric. It has a pile of records
// or of small blocks rolled up that it finds.
// Units: records that are not rolled up, and the points/4 KB. 2 requests, more
// for each MB.
func (s *Store) readHistory(ctx context.Context, run livingRun, metric string, in steps) ([]point, error) {
	h := &keyHistory{}
	err := s.fillHistory(ctx, run, metric, in, h)
	return h.points, err
}

func (s *Store) fillHistory(ctx context.Context, run livingRun, metric string, in steps, h *keyHistory) error {
	q := table.Query{
		PK: s.ks.HistoryPK(run.id), From: keys.RecordPrefix, To: keys.RecordPrefix + keys.Asc(in.to) + keys.Last,
	}
	for it, err := range table.Items(ctx, s.t, q) {
		if err != nil {
			return err
		}
		if err := h.addRecord(it, metric); err != nil {
			return err
		}
	}
	h.records.points *= len(h.keys)
	h.pass(1)
	if err := s.eachBlock(ctx, run.id, metric, in, h.addBlock); err != nil {
		return err
	}
	s.tidy(ctx, run, metric, h)
	return nil
}

// pass passes points on to the merge, if there are so many.
func (h *keyHistory) pass(least int) {
	if h.merge != nil && len(h.points) >= least {
		h.merge.add(h.points)
		h.points = nil
	}
}

func (h *keyHistory) addRecord(it table.Item, metric string) error {
	if err := checkVersion(it); err != nil {
		return err
	}
	h.records.add(recordPile(it, 0))
	record := it.Str(keys.Points)
	if err := h.noteKeys(record); err != nil {
		return err
	}
	before := len(h.points)
	var err error
	h.points, err = appendPoints(h.points, record, metric)
	h.records.points += len(h.points) - before
	h.pass(partPoints)
	return err
}

// noteKeys notes the keys of the first record, and of more until there are
// many: so whoever meets a pile knows about how many keys it has.
func (h *keyHistory) noteKeys(record string) error {
	if len(h.keys) >= pileKeys {
		return nil
	}
	known := len(h.keys)
	return eachColumn(record, func(key, _ string) (bool, error) {
		if !slices.Contains(h.keys[:known], key) {
			h.keys = append(h.keys, key)
		}
		return true, nil
	})
}

func (h *keyHistory) addBlock(it table.Item) error {
	block := it.Str(keys.Points)
	if h.merge != nil && len(block) > smallBlock*pointBytes { // its points cannot be few
		h.merge.addBlock(it)
		return nil
	}
	before := len(h.points)
	var err error
	if h.points, err = appendBlock(h.points, block); err != nil {
		return err
	}
	if len(h.points)-before < smallBlock {
		h.small = append(h.small, it)
	}
	if h.merge != nil {
		h.merge.addBlock(it)
		h.points = h.points[:before]
	}
	return nil
}

// tidy has histories rolled up that no writer took care of: its process ended
// too soon, or wrote to too many runs at once. A reader that found no record of
// its metric cannot tell what others would save.
func (s *Store) tidy(ctx context.Context, run livingRun, metric string, h *keyHistory) {
	if w := worthOf(run.settled); h.records.points > 0 && w.pays(h.records, len(h.keys)) {
		s.queueRollUp(ctx, run.id, w)
	}
	if len(h.small) >= mergeBlocks {
		s.rollups.add(ctx, s.workspace, run.id+" "+metric, func(ctx context.Context) error {
			return s.merge(ctx, run.id, metric, h.small, mergeBlocks)
		})
	}
}

// sortedHistory reads the points of one metric of a run in a range of steps,
// each once.
func (s *Store) sortedHistory(ctx context.Context, run livingRun, metric string, in steps, order func(a, b point) int) ([]point, error) {
	points, err := s.readHistory(ctx, run, metric, in)
	if err != nil {
		return nil, err
	}
	if !slices.IsSortedFunc(points, order) {
		slices.SortFunc(points, order)
	}
	return slices.CompactFunc(points, func(a, b point) bool { return byStep(a, b) == 0 }), nil
}

// sortedHistories is sortedHistory of several runs, some at a time, of each of
// which choose says what is wanted.
func (s *Store) sortedHistories(
	ctx context.Context, runs []livingRun, metric string, in steps, order func(a, b point) int, choose func([]point) []point,
) ([][]point, error) {
	out := make([][]point, len(runs))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(historyReaders)
	for i, run := range runs {
		g.Go(func() error {
			points, err := s.sortedHistory(ctx, run, metric, in, order)
			if err != nil {
				return err
			}
			if out[i] = choose(points); cap(points) > 2*len(out[i]) { // lest all of them stay
				out[i] = slices.Clone(out[i])
			}
			return nil
		})
	}
	return out, g.Wait()
}

// MetricHistory returns the points of one metric of a run, each once, by
// timestamp, step and value; none for a metric that was never logged and, as
// with MLflow's server, for a run that does not exist.
// 4 requests, more for each MB; 2 RCU, 1 for each 4 KB of the metric's points,
// about 10 bytes each, and what the run has logged since it was last rolled up:
// about 50 RCU at most in a run of 8 to 100 keys, 300 in one of a single key or
// of a thousand, a quarter of that once the run has ended.
func (s *Store) MetricHistory(ctx context.Context, p MetricHistoryParams) (Page[Metric], error) {
	var page Page[Metric]
	var err error
	page.NextPageToken, err = s.VisitMetricHistory(ctx, p, func(m Metric) error {
		page.Items = append(page.Items, m)
		return nil
	})
	return page, err
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
	if p.MaxResults < 0 {
		return "", invalidf("Invalid value %d for parameter 'max_results' supplied.", p.MaxResults)
	}
	digest := queryDigest("history", p.RunID, p.Key)
	m := &historyMerge{}
	if m.after, err = parseHistoryToken(p.PageToken, digest); err != nil {
		return "", err
	}
	living, err := s.livingRuns(ctx, []string{p.RunID})
	if err != nil || len(living) == 0 {
		return "", failure(err)
	}
	if err := s.fillHistory(ctx, living[0], p.Key, allSteps(), &keyHistory{merge: m}); err != nil {
		return "", failure(err)
	}
	m.begin()
	for n := 0; ; n++ {
		last := m.last
		x, ok, err := m.next()
		switch {
		case err != nil:
			return "", failure(err)
		case !ok:
			return "", nil
		case p.MaxResults > 0 && n == p.MaxResults:
			return historyToken(last, digest), nil
		}
		if err := visit(x.metric(p.Key)); err != nil {
			return "", err
		}
	}
}

func (p point) metric(key string) Metric {
	return Metric{Key: key, Value: p.value, Timestamp: p.timestamp, Step: p.step}
}

// MetricHistoryBulk returns the points of one metric of at most 100 runs, by
// run, timestamp, step and value; at most MaxResults in all. Runs that do not
// exist have none. 2 requests a run, each as [Store.MetricHistory] says; eight
// runs are read at once.
func (s *Store) MetricHistoryBulk(ctx context.Context, p MetricHistoryBulkParams) ([]RunMetric, error) {
	if len(p.RunIDs) > maxHistoryRuns {
		return nil, invalidf("GetMetricHistoryBulk request cannot specify more than %d run_ids. Received %d run_ids.",
			maxHistoryRuns, len(p.RunIDs))
	}
	most := maxHistoryBulk
	if p.MaxResults > 0 {
		most = min(p.MaxResults, maxHistoryBulk)
	}
	runs, err := s.livingRuns(ctx, p.RunIDs)
	if err != nil {
		return nil, failure(err)
	}
	slices.SortFunc(runs, func(a, b livingRun) int { return strings.Compare(a.id, b.id) })
	var out []RunMetric
	for some := range slices.Chunk(slices.Compact(runs), historyReaders) {
		histories, err := s.sortedHistories(ctx, some, p.Key, allSteps(), byTime, func(points []point) []point {
			return points[:min(len(points), most)]
		})
		if err != nil {
			return nil, failure(err)
		}
		for i, points := range histories {
			out = appendRunMetrics(out, some[i].id, p.Key, points)
		}
		if len(out) >= most {
			return out[:most], nil
		}
	}
	return out, nil
}

// livingRun is a run that exists.
type livingRun struct {
	id      string
	settled bool
}

// livingRuns returns those of the given runs that exist, in their order: the
// history of a run that is gone or expired may outlive it. 2 requests; 1 RCU
// for each 4 KB of the heads and experiments.
func (s *Store) livingRuns(ctx context.Context, ids []string) ([]livingRun, error) {
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
	found := make(map[string]table.Item, len(heads)) // by partition of the run
	var expIDs []string
	for _, it := range heads {
		if exp := it.Str(keys.ExpID); exp != "" { // else a tombstone
			found[it.Key.PK] = it
			expIDs = append(expIDs, exp)
		}
	}
	states, err := s.experimentStates(ctx, expIDs)
	if err != nil {
		return nil, err
	}
	var runs []livingRun
	for _, id := range ids {
		it, ok := found[s.ks.RunPK(id)]
		if ok && slices.ContainsFunc(states, func(e *expState) bool { return e.id == it.Str(keys.ExpID) }) {
			runs = append(runs, livingRun{id, it.Str(keys.State) == keys.StateClosed})
		}
	}
	return runs, nil
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
// 2 requests a run, each as [Store.MetricHistory] says, eight runs at once. With
// StartStep and EndStep only blocks with such steps are read, in 2 requests for
// each size of blocks that there is and more for many blocks.
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
	runs, err := s.livingRuns(ctx, p.RunIDs)
	if err != nil {
		return nil, failure(err)
	}
	in := allSteps()
	if p.StartStep != nil {
		in = steps{*p.StartStep, *p.EndStep}
	}
	histories, err := s.sortedHistories(ctx, runs, p.Key, in, byStep, func(points []point) []point {
		return sample(between(points, in), max(1, most))
	})
	if err != nil {
		return nil, failure(err)
	}
	var out []RunMetric
	for i, points := range histories {
		out = appendRunMetrics(out, runs[i].id, p.Key, points)
	}
	return out, nil
}

// between cuts points, sorted by step, to a range of steps.
func between(points []point, in steps) []point {
	lo, _ := slices.BinarySearchFunc(points, in.from, func(p point, from int64) int { return cmp.Compare(p.step, from) })
	hi := lo
	for hi < len(points) && points[hi].step <= in.to {
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
