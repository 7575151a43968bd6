package tracking

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/fence"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// overflow is a change of entries that stand in items of their own.
type overflow struct {
	kind  run.EntryKind
	key   string
	value string
	drop  bool // remove the entry, which must be there
}

// errNoEntry says that an entry to be removed is not there.
var errNoEntry = errors.New("no such entry")

// overflowBatch is how many overflow items one transaction writes, beside
// its check of the fence.
const overflowBatch = table.MaxTransact - 1

// writeOverflow changes overflow items of a run, on the condition that its
// registers are open; the run is reopened if they are not. Atomic for each
// hundred items. What must be first (params, inputs) is put if absent and
// left alone otherwise. 2 WCU for each KB of each item, and for the registers.
func (s *Store) writeOverflow(ctx context.Context, run string, e *experiment.State, changes []overflow) error {
	for batch := range slices.Chunk(changes, overflowBatch) {
		if err := s.writeOverflowBatch(ctx, run, e, batch); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) writeOverflowBatch(ctx context.Context, run string, e *experiment.State, batch []overflow) error {
	for attempt := 0; len(batch) > 0; attempt++ {
		err := s.Table.Transact(ctx, uuid.NewString(), s.overflowOps(run, batch)...)
		var lost *table.CanceledError
		if !errors.As(err, &lost) {
			return err
		}
		if fence := lost.Failed[len(batch)]; fence != nil {
			if err := s.fence.OpenRegisters(ctx, run, e, fence); err != nil {
				return err
			}
		}
		kept := batch[:0:0]
		for i, c := range batch {
			if lost.Failed[i] != nil && c.drop {
				return errNoEntry
			}
			if lost.Failed[i] == nil {
				kept = append(kept, c)
			}
		}
		batch = kept
		if err := document.BackOff(ctx, attempt); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) overflowOps(runID string, batch []overflow) []table.Op {
	ops := make([]table.Op, 0, len(batch)+1)
	for _, c := range batch {
		key := s.Keys.RunOverflow(runID, c.kind.Prefix(), c.key)
		switch {
		case c.drop:
			ops = append(ops, table.Delete{Key: key, Cond: table.Exists()})
		case c.kind == run.EntryTag:
			ops = append(ops, table.Put{Item: document.OverflowItem(key, c.key, c.value)})
		default:
			ops = append(ops, table.Put{Item: document.OverflowItem(key, c.key, c.value), Cond: table.Absent()})
		}
	}
	return append(ops, table.Check{Key: s.Keys.RunMetrics(runID, 0), Cond: fence.IsOpen()})
}

func puts(kind run.EntryKind, d packed.Dict) []overflow {
	var out []overflow
	for i := 0; i < len(d); i += 2 {
		out = append(out, overflow{kind: kind, key: d[i], value: d[i+1]})
	}
	return out
}

// entryChange is a set of entries to be logged to one run.
type entryChange struct {
	run    string
	params packed.Dict
	tags   packed.Dict
	batch  bool // of log_batch, which words its errors otherwise

	spilled []overflow // set by apply
	frozen  bool
}

// apply changes the head as far as entries are inline.
func (c *entryChange) apply(h *run.Head, e *experiment.State) (bool, error) {
	c.spilled, c.frozen = nil, h.Frozen
	if err := h.CheckActive(e); err != nil {
		return false, err
	}
	var fresh packed.Dict
	var clashes []clash
	for i := 0; i < len(c.params); i += 2 {
		old, ok := h.Entries[run.EntryParam].Get(c.params[i])
		switch {
		case !ok:
			fresh = append(fresh, c.params[i], c.params[i+1])
		case old != c.params[i+1]:
			clashes = append(clashes, clash{c.params[i], old, c.params[i+1]})
		}
	}
	if len(clashes) > 0 {
		return false, c.clashError(clashes)
	}
	before := *h
	c.spilled = puts(run.EntryParam, h.SetEntries(run.EntryParam, fresh))
	c.spilled = append(c.spilled, puts(run.EntryTag, h.SetEntries(run.EntryTag, c.tags))...)
	if name, ok := c.tags.Get(mlflow.RunNameTag); ok && name != "" {
		h.Name = name
	}
	changed := before.Frozen != h.Frozen || before.Name != h.Name
	for k := range h.Entries {
		changed = changed || !slices.Equal(before.Entries[k], h.Entries[k])
	}
	if changed {
		h.Touch()
	}
	return changed, nil
}

type clash struct{ key, old, value string }

// clashError words a refused change of params as MLflow does.
// Source: MLflow 3.17, sqlalchemy_store.py, log_param and _log_params.
func (c *entryChange) clashError(clashes []clash) error {
	if !c.batch {
		return failure.Invalidf("Changing param values is not allowed. Param with key='%s' was already"+
			" logged with value='%s' for run ID='%s'. Attempted logging new value '%s'.",
			clashes[0].key, clashes[0].old, c.run, clashes[0].value)
	}
	list := make([]string, len(clashes))
	for i, x := range clashes {
		list[i] = "{'key': " + pyrepr.String(x.key) + ", 'old_value': " + pyrepr.String(x.old) +
			", 'new_value': " + pyrepr.String(x.value) + "}"
	}
	return failure.Invalidf("Changing param values is not allowed. Params were already logged='[%s]' for run ID='%s'.",
		strings.Join(list, ", "), c.run)
}

// logEntries logs params and tags to a run. Inline ones are one write of the
// head; the others follow in transactions of a hundred.
func (s *Store) logEntries(ctx context.Context, c *entryChange) error {
	return s.fence.InState(ctx, c.run, func(e *experiment.State) error { return s.logEntriesIn(ctx, c, e) })
}

func (s *Store) logEntriesIn(ctx context.Context, c *entryChange, e *experiment.State) error {
	if h, ok := s.fence.CachedHead(c.run); !ok || h.Frozen {
		if err := s.checkSpilledParams(ctx, c); err != nil {
			return err
		}
	}
	if _, err := s.fence.ChangeHead(ctx, c.run, func(h *run.Head) (bool, error) { return c.apply(h, e) }); err != nil {
		return err
	}
	if len(c.spilled) == 0 {
		return nil
	}
	if err := s.writeOverflow(ctx, c.run, e, c.spilled); err != nil {
		return err
	}
	return s.checkSpilledParams(ctx, c) // somebody else may have been first
}

// checkSpilledParams refuses values that differ from those in overflow items.
func (s *Store) checkSpilledParams(ctx context.Context, c *entryChange) error {
	if len(c.params) == 0 {
		return nil
	}
	h, err := s.fence.KnownHead(ctx, c.run)
	if err != nil || h == nil || !h.Frozen {
		return err
	}
	ks := make([]table.Key, 0, c.params.Len())
	for i := 0; i < len(c.params); i += 2 {
		ks = append(ks, s.Keys.RunOverflow(c.run, keys.ParamPrefix, c.params[i]))
	}
	items, err := s.Table.BatchGet(ctx, ks, table.Strong)
	if err != nil {
		return err
	}
	var clashes []clash
	for _, it := range items {
		key, old := it.Str(keys.Key), it.Str(keys.Value)
		if value, _ := c.params.Get(key); value != old {
			clashes = append(clashes, clash{key, old, value})
		}
	}
	if len(clashes) > 0 {
		slices.SortFunc(clashes, func(a, b clash) int { return strings.Compare(a.key, b.key) })
		return c.clashError(clashes)
	}
	return nil
}

// LogParam logs one param of an active run, by the known state of its
// experiment, see Store.
func (s *Store) LogParam(ctx context.Context, run string, p mlflow.Param) error {
	p, err := validate.Param(p, "", s.Truncate)
	if err != nil {
		return err
	}
	return s.logEntries(ctx, &entryChange{run: run, params: packed.Dict{p.Key, p.Value}})
}

// SetTag sets one tag of an active run, by the known state of its experiment,
// see Store.
func (s *Store) SetTag(ctx context.Context, run string, t mlflow.Tag) error {
	t, err := validate.Tag(t, "", s.Truncate)
	if err != nil {
		return err
	}
	return s.logEntries(ctx, &entryChange{run: run, tags: packed.Dict{t.Key, t.Value}})
}

// DeleteTag removes one tag of an active run, by the known state of its
// experiment, see Store.
func (s *Store) DeleteTag(ctx context.Context, run, key string) error {
	return s.fence.InState(ctx, run, func(e *experiment.State) error { return s.deleteTag(ctx, run, key, e) })
}

func (s *Store) deleteTag(ctx context.Context, runID, key string, e *experiment.State) error {
	missing := failure.Errorf(mlflow.CodeResourceDoesNotExist, "No tag with name: %s in run with id %s", key, runID)
	elsewhere := false
	_, err := s.fence.ChangeHead(ctx, runID, func(h *run.Head) (bool, error) {
		elsewhere = false
		if err := h.CheckActive(e); err != nil {
			return false, err
		}
		if _, ok := h.Entries[run.EntryTag].Get(key); !ok {
			elsewhere = h.Frozen
			if !elsewhere {
				return false, missing
			}
			return false, nil
		}
		h.Entries[run.EntryTag] = h.Entries[run.EntryTag].Remove(key)
		h.Touch()
		return true, nil
	})
	if err == nil && elsewhere {
		err = s.writeOverflow(ctx, runID, e, []overflow{{kind: run.EntryTag, key: key, drop: true}})
		if errors.Is(err, errNoEntry) {
			err = missing
		}
	}
	return err
}

// LogBatch logs metrics, params and tags to an active run, by the known state
// of its experiment, see Store.
func (s *Store) LogBatch(ctx context.Context, p mlflow.LogBatchParams) error {
	if err := validate.MetricDatasets(p.Metrics...); err != nil {
		return err
	}
	p, err := validate.Batch(p, s.Truncate)
	if err != nil {
		return err
	}
	p.Metrics = s.stampMetrics(ctx, p.Metrics)
	if slices.ContainsFunc(p.Metrics, func(m mlflow.Metric) bool { return m.ModelID != "" }) {
		return s.logModelBatch(ctx, p)
	}
	return s.logBatch(ctx, p)
}

// logModelBatch logs a batch with metrics of logged models, step by step in
// MLflow's order.
// Source: MLflow 3.17, sqlalchemy_store.py, log_batch.
func (s *Store) logModelBatch(ctx context.Context, p mlflow.LogBatchParams) error {
	if err := s.logBatch(ctx, mlflow.LogBatchParams{RunID: p.RunID, Metrics: p.Metrics, Params: p.Params}); err != nil {
		return err
	}
	if err := s.loggedmodels.LogMetrics(ctx, p.RunID, p.Metrics); err != nil || len(p.Tags) == 0 {
		return err
	}
	return s.logBatch(ctx, mlflow.LogBatchParams{RunID: p.RunID, Tags: p.Tags})
}

// logBatch logs a batch that is valid, without regard to logged models.
func (s *Store) logBatch(ctx context.Context, p mlflow.LogBatchParams) error {
	params := make([]mlflow.Tag, len(p.Params))
	for i, x := range p.Params {
		params[i] = mlflow.Tag(x)
	}
	if len(p.Params)+len(p.Tags) > 0 {
		c := &entryChange{run: p.RunID, params: packed.DictOf(params), tags: packed.DictOf(p.Tags), batch: true}
		if err := s.logEntries(ctx, c); err != nil {
			return err
		}
	}
	if len(p.Metrics) == 0 && len(p.Params)+len(p.Tags) > 0 {
		return nil
	}
	return s.logMetrics(ctx, p.RunID, p.Metrics)
}
