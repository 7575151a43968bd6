package history

import (
	"cmp"
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/point"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

const (
	// recordBytes is about how large a record may become.
	recordBytes = 200 << 10
	// pointBytes is the most that one point takes, without its key.
	pointBytes = 28
	// MaxHistoryBulk is the most points of one bulk read.
	// Source of these: MLflow 3.17, server/handlers.py and entities/metric.py.
	MaxHistoryBulk = 25000
	// MaxHistorySample is the most sampled points of one run.
	MaxHistorySample = 2500
	// MaxHistoryRuns is the most runs.
	MaxHistoryRuns = 100
	// HistoryReaders is how many histories one call reads at once.
	HistoryReaders = 8
)

// RecordEnd is how many of some points go into one record.
func RecordEnd(points []mlflow.Metric) int {
	n, size := 0, 0
	for n < len(points) && size < recordBytes {
		size += pointBytes + len(points[n].Key)
		n++
	}
	return n
}

// RecordItem is the item of points that were logged together.
func (s *Store) RecordItem(run string, points []mlflow.Metric, expiry int64) table.Item {
	record, first := point.EncodeRecord(points)
	return table.NewItem(s.Keys.Record(run, first, point.RecordHash(record)), document.AppendExpiry([]table.Attr{
		{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		{Name: keys.Points, Value: table.Bytes(record)},
		{Name: keys.Changed, Value: table.Number(s.NowMillis())},
	}, expiry)...)
}

// UniqueItems drops items whose key occurs before: equal content.
func UniqueItems(items []table.Item) []table.Item {
	seen := make(map[table.Key]bool, len(items))
	return slices.DeleteFunc(items, func(it table.Item) bool {
		was := seen[it.Key]
		seen[it.Key] = true
		return was
	})
}

// KeyHistory is the history of one metric of a run as it was read: its points
// in no order and with repetitions, and what else was met.
type KeyHistory struct {
	points  []point.Point
	Merge   *Merging     // takes the points, if it is set, in parts and as blocks
	records Pile         // those of the run, with the points of this metric
	keys    []string     // some of their keys
	small   []table.Item // small blocks
}

// partPoints is how many points are sorted together for a merge.
const partPoints = 16 << 10

// readHistory reads the points of one metric of a run in a range of steps: the
// records of the run, then the blocks of the metric. It has a pile of records
// or of small blocks rolled up that it finds.
// Units: records that are not rolled up, and the points/4 KB. 2 requests, more
// for each MB.
func (s *Store) readHistory(ctx context.Context, run Run, metric string, in Steps) ([]point.Point, error) {
	h := &KeyHistory{}
	err := s.Fill(ctx, run, metric, in, h)
	return h.points, err
}

// Fill reads the points of one metric into h.
func (s *Store) Fill(ctx context.Context, run Run, metric string, in Steps, h *KeyHistory) error {
	q := table.Query{
		PK: s.Keys.HistoryPK(run.ID), From: keys.RecordPrefix, To: keys.RecordPrefix + keys.Asc(in.To) + keys.Last,
	}
	for it, err := range table.Items(ctx, s.Table, q) {
		if err != nil {
			return err
		}
		if err := h.addRecord(it, metric); err != nil {
			return err
		}
	}
	h.records.Points *= len(h.keys)
	h.pass(1)
	if err := s.EachBlock(ctx, run.ID, metric, in, h.addBlock); err != nil {
		return err
	}
	s.tidy(ctx, run, metric, h)
	return nil
}

// pass passes points on to the merge, if there are so many.
func (h *KeyHistory) pass(least int) {
	if h.Merge != nil && len(h.points) >= least {
		h.Merge.add(h.points)
		h.points = nil
	}
}

func (h *KeyHistory) addRecord(it table.Item, metric string) error {
	if err := document.CheckVersion(it); err != nil {
		return err
	}
	h.records.Add(RecordPile(it, 0))
	record := it.Str(keys.Points)
	if err := h.noteKeys(record); err != nil {
		return err
	}
	before := len(h.points)
	var err error
	h.points, err = point.AppendPoints(h.points, record, metric)
	h.records.Points += len(h.points) - before
	h.pass(partPoints)
	return err
}

// noteKeys notes the keys of the first record, and of more until there are
// many: so whoever meets a pile knows about how many keys it has.
func (h *KeyHistory) noteKeys(record string) error {
	if len(h.keys) >= pileKeys {
		return nil
	}
	known := len(h.keys)
	return point.EachColumn(record, func(key, _ string) (bool, error) {
		if !slices.Contains(h.keys[:known], key) {
			h.keys = append(h.keys, key)
		}
		return true, nil
	})
}

func (h *KeyHistory) addBlock(it table.Item) error {
	block := it.Str(keys.Points)
	if h.Merge != nil && len(block) > smallBlock*pointBytes { // its points cannot be few
		h.Merge.addBlock(it)
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
	if h.Merge != nil {
		h.Merge.addBlock(it)
		h.points = h.points[:before]
	}
	return nil
}

// tidy has histories rolled up that no writer took care of: its process ended
// too soon, or wrote to too many runs at once. A reader that found no record of
// its metric cannot tell what others would save.
func (s *Store) tidy(ctx context.Context, run Run, metric string, h *KeyHistory) {
	if w := WorthOf(run.Settled); h.records.Points > 0 && w.Pays(h.records, len(h.keys)) {
		s.QueueRollUp(ctx, run.ID, w)
	}
	if len(h.small) >= mergeBlocks {
		s.rollups.Add(ctx, s.Workspace, run.ID+" "+metric, func(ctx context.Context) error {
			return s.Merge(ctx, run.ID, metric, h.small, mergeBlocks)
		})
	}
}

// sortedHistory reads the points of one metric of a run in a range of steps,
// each once.
func (s *Store) sortedHistory(ctx context.Context, run Run, metric string, in Steps, order func(a, b point.Point) int) ([]point.Point, error) {
	points, err := s.readHistory(ctx, run, metric, in)
	if err != nil {
		return nil, err
	}
	if !slices.IsSortedFunc(points, order) {
		slices.SortFunc(points, order)
	}
	return slices.CompactFunc(points, func(a, b point.Point) bool { return point.ByStep(a, b) == 0 }), nil
}

// Sorted is sortedHistory of several runs, some at a time, of each of
// which choose says what is wanted.
func (s *Store) Sorted(
	ctx context.Context, runs []Run, metric string, in Steps, order func(a, b point.Point) int, choose func([]point.Point) []point.Point,
) ([][]point.Point, error) {
	out := make([][]point.Point, len(runs))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(HistoryReaders)
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

// Run is a run that exists.
type Run struct {
	ID      string
	Settled bool
}

// AppendRunMetrics appends points as those of a run's metric.
func AppendRunMetrics(out []mlflow.RunMetric, run, key string, points []point.Point) []mlflow.RunMetric {
	out = slices.Grow(out, len(points))
	for _, x := range points {
		out = append(out, mlflow.RunMetric{Metric: x.Metric(key), RunID: run})
	}
	return out
}

// Between cuts points, sorted by step, to a range of steps.
func Between(points []point.Point, in Steps) []point.Point {
	lo, _ := slices.BinarySearchFunc(points, in.From, func(p point.Point, from int64) int { return cmp.Compare(p.Step, from) })
	hi := lo
	for hi < len(points) && points[hi].Step <= in.To {
		hi++
	}
	return points[lo:hi]
}

// Sample picks the first point of each of n buckets as SQL's NTILE cuts them,
// and the last point in place of the last pick if it is not among them.
func Sample(points []point.Point, n int) []point.Point {
	if len(points) <= n {
		return points
	}
	size, larger := len(points)/n, len(points)%n
	out := make([]point.Point, 0, n)
	for i, at := 0, 0; i < n; i++ {
		out = append(out, points[at])
		at += size
		if i < larger {
			at++
		}
	}
	if last := points[len(points)-1]; point.ByStep(out[n-1], last) != 0 {
		out[n-1] = last
	}
	return out
}
