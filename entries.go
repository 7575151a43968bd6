package dynamodbstore

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// headRules say where entries of a kind stand. Tags that grow in a frozen head
// stay there up to headLimit. The run's name is inline always.
func headRules(kind entryKind) entryRules {
	r := entryRules{budget: headBudget, limit: headLimit, moves: maxMoves}
	if kind == entryTag {
		r.pinned = func(key, _ string) bool { return key == runNameTag }
	}
	return r
}

// setEntries sets entries of a head that may be changed, and returns those
// that have to stand in items of their own. An inline tag that grows too long
// moves to an item in the same write.
func (h *runHead) setEntries(kind entryKind, d dict) (spilled dict) {
	e := inlineEntries{
		entryRules: headRules(kind), inline: &h.entries[kind], size: h.size(), frozen: &h.frozen, moved: &h.moves,
	}
	return e.set(d)
}

// maxMoves is how many tags one write of a head may move to overflow items.
const maxMoves = 90

// overflow is a change of entries that stand in items of their own.
type overflow struct {
	kind  entryKind
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
func (s *Store) writeOverflow(ctx context.Context, run string, e *expState, changes []overflow) error {
	for batch := range slices.Chunk(changes, overflowBatch) {
		if err := s.writeOverflowBatch(ctx, run, e, batch); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) writeOverflowBatch(ctx context.Context, run string, e *expState, batch []overflow) error {
	for attempt := 0; len(batch) > 0; attempt++ {
		err := s.t.Transact(ctx, uuid.NewString(), s.overflowOps(run, batch)...)
		var lost *table.CanceledError
		if !errors.As(err, &lost) {
			return err
		}
		if fence := lost.Failed[len(batch)]; fence != nil {
			if err := s.openRegisters(ctx, run, e, fence); err != nil {
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
		if err := backOff(ctx, attempt); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) overflowOps(run string, batch []overflow) []table.Op {
	ops := make([]table.Op, 0, len(batch)+1)
	for _, c := range batch {
		key := s.ks.RunOverflow(run, c.kind.prefix(), c.key)
		switch {
		case c.drop:
			ops = append(ops, table.Delete{Key: key, Cond: table.Exists()})
		case c.kind == entryTag:
			ops = append(ops, table.Put{Item: overflowItem(key, c.key, c.value)})
		default:
			ops = append(ops, table.Put{Item: overflowItem(key, c.key, c.value), Cond: table.Absent()})
		}
	}
	return append(ops, table.Check{Key: s.ks.RunMetrics(run, 0), Cond: isOpen()})
}

// isOpen is the condition that registers are open.
func isOpen() table.Cond {
	return table.Equal(table.Attr{Name: keys.State, Value: table.String(keys.StateOpen)})
}

func puts(kind entryKind, d dict) []overflow {
	var out []overflow
	for i := 0; i < len(d); i += 2 {
		out = append(out, overflow{kind: kind, key: d[i], value: d[i+1]})
	}
	return out
}

// entryChange is a set of entries to be logged to one run.
type entryChange struct {
	run    string
	params dict
	tags   dict
	batch  bool // of log_batch, which words its errors otherwise

	spilled []overflow // set by apply
	frozen  bool
}

// apply changes the head as far as entries are inline.
func (c *entryChange) apply(h *runHead, e *expState) (bool, error) {
	c.spilled, c.frozen = nil, h.frozen
	if err := h.checkActive(e); err != nil {
		return false, err
	}
	var fresh dict
	var clashes []clash
	for i := 0; i < len(c.params); i += 2 {
		old, ok := h.entries[entryParam].get(c.params[i])
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
	c.spilled = puts(entryParam, h.setEntries(entryParam, fresh))
	c.spilled = append(c.spilled, puts(entryTag, h.setEntries(entryTag, c.tags))...)
	if name, ok := c.tags.get(runNameTag); ok && name != "" {
		h.name = name
	}
	changed := before.frozen != h.frozen || before.name != h.name
	for k := range h.entries {
		changed = changed || !slices.Equal(before.entries[k], h.entries[k])
	}
	if changed {
		h.touch()
	}
	return changed, nil
}

type clash struct{ key, old, value string }

// clashError words a refused change of params as MLflow does.
// Source: MLflow 3.17, sqlalchemy_store.py, log_param and _log_params.
func (c *entryChange) clashError(clashes []clash) error {
	if !c.batch {
		return invalidf("Changing param values is not allowed. Param with key='%s' was already"+
			" logged with value='%s' for run ID='%s'. Attempted logging new value '%s'.",
			clashes[0].key, clashes[0].old, c.run, clashes[0].value)
	}
	list := make([]string, len(clashes))
	for i, x := range clashes {
		list[i] = "{'key': " + pyrepr.String(x.key) + ", 'old_value': " + pyrepr.String(x.old) +
			", 'new_value': " + pyrepr.String(x.value) + "}"
	}
	return invalidf("Changing param values is not allowed. Params were already logged='[%s]' for run ID='%s'.",
		strings.Join(list, ", "), c.run)
}

// logEntries logs params and tags to a run. Inline ones are one write of the
// head; the others follow in transactions of a hundred.
func (s *Store) logEntries(ctx context.Context, c *entryChange) error {
	return s.inState(ctx, c.run, func(e *expState) error { return s.logEntriesIn(ctx, c, e) })
}

func (s *Store) logEntriesIn(ctx context.Context, c *entryChange, e *expState) error {
	if h, ok := s.cachedHead(c.run); !ok || h.frozen {
		if err := s.checkSpilledParams(ctx, c); err != nil {
			return err
		}
	}
	if _, err := s.changeHead(ctx, c.run, func(h *runHead) (bool, error) { return c.apply(h, e) }); err != nil {
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
	h, err := s.knownHead(ctx, c.run)
	if err != nil || h == nil || !h.frozen {
		return err
	}
	ks := make([]table.Key, 0, c.params.len())
	for i := 0; i < len(c.params); i += 2 {
		ks = append(ks, s.ks.RunOverflow(c.run, keys.ParamPrefix, c.params[i]))
	}
	items, err := s.t.BatchGet(ctx, ks, table.Strong)
	if err != nil {
		return err
	}
	var clashes []clash
	for _, it := range items {
		key, old := it.Str(keys.Key), it.Str(keys.Value)
		if value, _ := c.params.get(key); value != old {
			clashes = append(clashes, clash{key, old, value})
		}
	}
	if len(clashes) > 0 {
		slices.SortFunc(clashes, func(a, b clash) int { return strings.Compare(a.key, b.key) })
		return c.clashError(clashes)
	}
	return nil
}

// LogParam logs one param of an active run, by the known state of its experiment,
// see [Store]. Params are immutable: another value is INVALID_PARAMETER_VALUE, the
// same one changes nothing. Atomic.
// 1 request, 1 WCU for each KB of the head.
func (s *Store) LogParam(ctx context.Context, run string, p Param) error {
	p, err := validateParam(p, "", s.truncate)
	if err != nil {
		return err
	}
	return failure(s.logEntries(ctx, &entryChange{run: run, params: dict{p.Key, p.Value}}))
}

// SetTag sets one tag of an active run, by the known state of its experiment, see
// [Store]; the tag mlflow.runName renames it. Atomic. 1 request, 1 WCU for each KB of the head; 3 WCU in all for a small
// run that was settled.
func (s *Store) SetTag(ctx context.Context, run string, t Tag) error {
	t, err := validateTag(t, "", s.truncate)
	if err != nil {
		return err
	}
	return failure(s.logEntries(ctx, &entryChange{run: run, tags: dict{t.Key, t.Value}}))
}

// DeleteTag removes one tag of an active run, by the known state of its
// experiment, see [Store]; RESOURCE_DOES_NOT_EXIST if it has none of that key. Atomic. Costs as [Store.SetTag].
func (s *Store) DeleteTag(ctx context.Context, run, key string) error {
	return failure(s.inState(ctx, run, func(e *expState) error { return s.deleteTag(ctx, run, key, e) }))
}

func (s *Store) deleteTag(ctx context.Context, run, key string, e *expState) error {
	missing := errorf(CodeResourceDoesNotExist, "No tag with name: %s in run with id %s", key, run)
	elsewhere := false
	_, err := s.changeHead(ctx, run, func(h *runHead) (bool, error) {
		elsewhere = false
		if err := h.checkActive(e); err != nil {
			return false, err
		}
		if _, ok := h.entries[entryTag].get(key); !ok {
			elsewhere = h.frozen
			if !elsewhere {
				return false, missing
			}
			return false, nil
		}
		h.entries[entryTag] = h.entries[entryTag].remove(key)
		h.touch()
		return true, nil
	})
	if err == nil && elsewhere {
		err = s.writeOverflow(ctx, run, e, []overflow{{kind: entryTag, key: key, drop: true}})
		if errors.Is(err, errNoEntry) {
			err = missing
		}
	}
	return err
}

// LogBatch logs metrics, params and tags to an active run, by the known state of
// its experiment, see [Store]. All of it is validated before anything is written. As in MLflow it is not atomic as a
// whole: params and tags are one write, metrics follow.
// 3 requests with all three kinds; see [Store.LogMetric] and [Store.LogParam].
//
// Metrics of logged models are attached to those behind the run's, and tags
// follow last, in MLflow's order: what a model refuses is attached to none, and
// keeps the tags from being set, while what the run got stays. 1 or 2 requests
// more for each model, and 1 for the tags; 4 WCU or more for a model, 1 RCU if
// there are several.
func (s *Store) LogBatch(ctx context.Context, p LogBatchParams) error {
	if err := validateMetricDatasets(p.Metrics...); err != nil {
		return err
	}
	p, err := validateBatch(p, s.truncate)
	if err != nil {
		return err
	}
	p.Metrics = s.stampMetrics(ctx, p.Metrics)
	if slices.ContainsFunc(p.Metrics, func(m Metric) bool { return m.ModelID != "" }) {
		return failure(s.logModelBatch(ctx, p))
	}
	return s.logBatch(ctx, p)
}

// logModelBatch logs a batch with metrics of logged models, step by step in
// MLflow's order.
// Source: MLflow 3.17, sqlalchemy_store.py, log_batch.
func (s *Store) logModelBatch(ctx context.Context, p LogBatchParams) error {
	if err := s.logBatch(ctx, LogBatchParams{RunID: p.RunID, Metrics: p.Metrics, Params: p.Params}); err != nil {
		return err
	}
	if err := s.logModelMetrics(ctx, p.RunID, p.Metrics); err != nil || len(p.Tags) == 0 {
		return err
	}
	return s.logBatch(ctx, LogBatchParams{RunID: p.RunID, Tags: p.Tags})
}

// logBatch logs a batch that is valid, without regard to logged models.
func (s *Store) logBatch(ctx context.Context, p LogBatchParams) error {
	params := make([]Tag, len(p.Params))
	for i, x := range p.Params {
		params[i] = Tag(x)
	}
	if len(p.Params)+len(p.Tags) > 0 {
		c := &entryChange{run: p.RunID, params: dictOf(params), tags: dictOf(p.Tags), batch: true}
		if err := s.logEntries(ctx, c); err != nil {
			return failure(err)
		}
	}
	if len(p.Metrics) == 0 && len(p.Params)+len(p.Tags) > 0 {
		return nil
	}
	return failure(s.logMetrics(ctx, p.RunID, p.Metrics))
}
