package dynamodbstore

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// metricChange is one caller's points for one run.
type metricChange struct {
	s      *Store
	points []Metric
	state  *expState
}

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
	if err := validateMetricDatasets(m); err != nil {
		return err
	}
	if err := validateMetric(m, ""); err != nil {
		return err
	}
	m.Timestamp = s.orNow(ctx, m.Timestamp)
	if m.ModelID != "" {
		if err := s.logActiveModelMetric(ctx, run, m); err != nil {
			return failure(err)
		}
	}
	return failure(s.logMetrics(ctx, run, []Metric{m}))
}

// logMetrics logs points of a run; none checks that the run is active.
func (s *Store) logMetrics(ctx context.Context, run string, points []Metric) error {
	return s.inState(ctx, run, func(e *expState) error { return s.logMetricsIn(ctx, run, points, e) })
}

func (s *Store) logMetricsIn(ctx context.Context, run string, points []Metric, e *expState) error {
	if e.stage != StageActive || len(points) == 0 {
		if err := s.checkRunActive(ctx, run, e); err != nil || len(points) == 0 {
			return err
		}
	}
	clean := make([]Metric, len(points))
	for i, m := range points {
		m.Value = clampInf(m.Value)
		clean[i] = m
	}
	return s.metrics.do(ctx, s.own(run), &metricChange{s: s, points: clean, state: e})
}

// clampInf keeps infinities as MLflow does.
// Source: MLflow 3.17, sqlalchemy_store.py, sanitize_metric_value.
func clampInf(v float64) float64 {
	switch {
	case math.IsInf(v, 1):
		return math.MaxFloat64
	case math.IsInf(v, -1):
		return -math.MaxFloat64
	default:
		return v
	}
}

// checkRunActive reads whether a run is active.
func (s *Store) checkRunActive(ctx context.Context, run string, e *expState) error {
	h, err := s.readHead(ctx, run)
	if err != nil {
		return err
	}
	if h == nil {
		return errRunNotFound(run)
	}
	return h.checkActive(e)
}

// flushMetrics writes the points of a group: registers, then history.
func flushMetrics(ctx context.Context, of scoped, group []*change[*metricChange]) {
	s, run := group[0].what.s, of.id
	points := group[0].what.points
	for _, ch := range group[1:] {
		points = append(points, ch.what.points...)
	}
	err := s.raiseRegisters(table.DeferSync(ctx), run, group[len(group)-1].what.state, latest(points))
	if err == nil {
		err = s.appendHistory(ctx, run, points)
	}
	for _, ch := range group {
		ch.err = err
	}
}

// latest returns the registers of the latest point of each key, sorted.
func latest(points []Metric) dict {
	if len(points) == 1 {
		return dict{points[0].Key, newRegister(&points[0])}
	}
	best := make(map[string]register, min(len(points), 64))
	for i := range points {
		r := newRegister(&points[i])
		if old, ok := best[points[i].Key]; !ok || r > old {
			best[points[i].Key] = r
		}
	}
	names := make([]string, 0, len(best))
	for k := range best {
		names = append(names, k)
	}
	slices.Sort(names)
	d := make(dict, 0, 2*len(names))
	for _, k := range names {
		d = append(d, k, best[k])
	}
	return d
}

// raiseRegisters raises the registers of a run to at least the given ones. An
// update of an item is atomic; keys of several items, or more than one update
// takes, are not together.
func (s *Store) raiseRegisters(ctx context.Context, run string, e *expState, registers dict) error {
	sh, err := s.shapeOf(ctx, run)
	if err != nil {
		return err
	}
	if sh.add(registers) {
		if err := s.addShards(ctx, run, e, sh); err != nil {
			return err
		}
	}
	for attempt := 0; ; attempt++ {
		err := s.raiseShards(ctx, run, e, sh, registers)
		if !errors.Is(err, table.ErrLimit) || sh.shardCount() >= maxShards || attempt > 3 {
			return err
		}
		// An item is full although this process knew of few keys.
		if err := s.addShards(ctx, run, e, sh); err != nil {
			return err
		}
	}
}

// raiseShards raises registers in the items that they belong to.
func (s *Store) raiseShards(ctx context.Context, run string, e *expState, sh *metricShape, registers dict) error {
	n := sh.shardCount()
	if n == 0 {
		return s.raiseItem(ctx, run, 0, e, registers)
	}
	byShard := map[int]dict{}
	for i := 0; i < len(registers); i += 2 {
		k := shardOf(registers[i], n)
		byShard[k] = append(byShard[k], registers[i], registers[i+1])
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(shardWriters)
	for k, d := range byShard {
		g.Go(func() error { return s.raiseItem(ctx, run, k, e, d) })
	}
	return g.Wait()
}

func (s *Store) raiseItem(ctx context.Context, run string, shard int, e *expState, registers dict) error {
	for part := range slices.Chunk(registers, 2*table.MaxRaise) {
		if err := s.raise(ctx, run, shard, e, part); err != nil {
			return err
		}
	}
	return nil
}

// raise raises registers of one item. Those that are beaten are left out when
// the update comes back; registers that are closed are opened with the update
// itself, in a generation in which the head is open.
func (s *Store) raise(ctx context.Context, run string, shard int, e *expState, registers dict) error {
	u := table.Update{Key: s.ks.RunMetrics(run, shard), Cond: isOpen()}
	for attempt := 0; ; attempt++ {
		u.Raise = raiseAttrs(registers)
		_, err := s.t.Update(ctx, s.stamped(u))
		lost, isLost := asConditionError(err)
		if !isLost {
			return err
		}
		if registers = unbeaten(registers, lost.Item); len(registers) == 0 && lost.Found {
			if lost.Item.Str(keys.State) == keys.StateOpen {
				return nil
			}
			return s.checkRunActive(ctx, run, e)
		}
		if u, err = s.reopening(ctx, run, shard, e, lost); err != nil {
			return err
		}
		if err := backOff(ctx, attempt); err != nil {
			return err
		}
	}
}

// stamped adds the time of the change, which tells idle runs.
func (s *Store) stamped(u table.Update) table.Update {
	u.Set = append(u.Set, table.Attr{Name: keys.Changed, Value: table.Number(s.nowMillis())})
	return u
}

// reopening returns the update to try next, after one that found lost: an
// ordinary one if the registers are open, else one that opens them.
func (s *Store) reopening(ctx context.Context, run string, shard int, e *expState, lost *table.ConditionError) (table.Update, error) {
	u := table.Update{Key: s.ks.RunMetrics(run, shard), Cond: isOpen()}
	if s.isAbsent(lost) {
		return u, s.goneRun(run)
	}
	if lost.Item.Str(keys.State) == keys.StateOpen {
		return u, nil
	}
	was := lost.Item.Num(keys.Gen)
	h, err := s.openHead(ctx, run, e, was)
	if err != nil {
		return u, err
	}
	u.Cond = table.Equal(
		table.Attr{Name: keys.Gen, Value: table.Number(was)},
		table.Attr{Name: keys.State, Value: table.String(keys.StateClosed)})
	u.Set = []table.Attr{
		{Name: keys.Gen, Value: table.Number(h.gen)},
		{Name: keys.State, Value: table.String(keys.StateOpen)},
	}
	return u, nil
}

// goneRun forgets a run whose registers are gone, and with them the run.
func (s *Store) goneRun(id string) error {
	s.forgetRun(id)
	return errRunNotFound(id)
}

// openHead opens the head of an active run in a generation above one in which
// registers were closed.
func (s *Store) openHead(ctx context.Context, run string, e *expState, above int64) (*runHead, error) {
	return s.changeHead(ctx, run, func(h *runHead) (bool, error) {
		if err := h.checkActive(e); err != nil {
			return false, err
		}
		if h.open && h.gen > above {
			return false, nil
		}
		h.gen, h.open = max(h.gen, above)+1, true
		return true, nil
	})
}

// openRegisters opens the first register item of a run that was found closed.
func (s *Store) openRegisters(ctx context.Context, run string, e *expState, lost *table.ConditionError) error {
	u, err := s.reopening(ctx, run, 0, e, lost)
	if err != nil || len(u.Set) == 0 {
		return err
	}
	_, err = s.t.Update(ctx, s.stamped(u))
	if _, isLost := asConditionError(err); isLost {
		return nil // somebody else has moved it; the caller looks again
	}
	return err
}

func raiseAttrs(registers dict) []table.Attr {
	attrs := make([]table.Attr, 0, registers.len())
	for i := 0; i < len(registers); i += 2 {
		attrs = append(attrs, table.Attr{Name: keys.MetricAttr + registers[i], Value: table.Bytes(registers[i+1])})
	}
	return attrs
}

// unbeaten returns the registers that are greater than those of it.
func unbeaten(registers dict, it table.Item) dict {
	var out dict
	for i := 0; i < len(registers); i += 2 {
		if it.Str(keys.MetricAttr+registers[i]) < registers[i+1] {
			out = append(out, registers[i], registers[i+1])
		}
	}
	return out
}

// newRegisters is an open register item without registers.
func newRegisters(key table.Key, gen int64) table.Item {
	return table.NewItem(key,
		table.Attr{Name: keys.Version, Value: table.Number(schemaVersion)},
		table.Attr{Name: keys.Gen, Value: table.Number(gen)},
		table.Attr{Name: keys.Shards, Value: table.Number(0)},
		table.Attr{Name: keys.State, Value: table.String(keys.StateOpen)})
}

// registersOf returns the registers of an item, sorted by key.
func registersOf(it table.Item) dict {
	d := make(dict, 0, 2*len(it.Attrs))
	for _, a := range it.Attrs {
		if key, ok := strings.CutPrefix(a.Name, keys.MetricAttr); ok {
			d = append(d, key, a.Value.Str())
		}
	}
	return d
}

// mergeRegisters merges the registers of several items; the greater of a key
// wins. It merges pairs, then pairs of those, and so on: however many items a
// run has, a register is copied as often as their number can be halved.
func mergeRegisters(items []dict) dict {
	if len(items) == 1 {
		return items[0]
	}
	from := slices.Concat(items...)
	to := make(dict, 0, len(from))
	ends := make([]int, 0, len(items)) // of what is merged by now, in from
	for n := 0; len(items) > 0; items = items[1:] {
		n += len(items[0])
		ends = append(ends, n)
	}
	greater := func(a, b string) string { return max(a, b) }
	for len(ends) > 1 {
		to = to[:0]
		begin, pairs := 0, ends[:0]
		for ; len(ends) > 0; ends = ends[min(2, len(ends)):] {
			middle, end := ends[0], ends[min(1, len(ends)-1)]
			to = to.appendMerged(from[begin:middle], from[middle:end], greater)
			begin, pairs = end, append(pairs, len(to))
		}
		from, to, ends = to, from, pairs
	}
	return from
}
