package upkeep

import (
	"context"
	"hash/maphash"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// gcIndex is a set of index rows that a run has, by the hashes of their keys;
// nil: its rows are not known, as when it is open. A row that is taken for
// another one by its hash stays, and costs a search a read as before.
type gcIndex struct{ rows map[uint64]struct{} }

// removeStale removes those index rows of a page that are not, or no longer,
// what the documents say.
func (c *collection) removeStale(ctx context.Context, rows []scanned) error {
	if len(rows) == 0 {
		return nil
	}
	if err := c.knowIndexes(ctx, rows); err != nil {
		return err
	}
	suspects := map[string][]scanned{} // by run, or by experiment
	var order []string
	for _, it := range rows {
		parent := it.Run
		if parent == "" {
			parent = it.Experiment
		}
		suspect, err := c.isSuspect(ctx, it)
		if err != nil {
			return err
		}
		if !suspect {
			continue
		}
		if suspects[parent] == nil {
			order = append(order, parent)
		}
		suspects[parent] = append(suspects[parent], it)
	}
	for _, parent := range order {
		remove := c.removeStaleOfRun
		if suspects[parent][0].Run == "" {
			remove = c.removeStaleOfExperiment
		}
		if err := remove(ctx, suspects[parent]); err != nil {
			return err
		}
		if err := c.pass.step(ctx, 0, 0); err != nil {
			return err
		}
	}
	return nil
}

// isSuspect reports whether a row may be one too many.
func (c *collection) isSuspect(ctx context.Context, it scanned) (bool, error) {
	if it.Run != "" {
		known, ok := c.indexed.Get(it.Run)
		if !ok || known.rows == nil {
			return false, nil
		}
		_, has := known.rows[c.hash(it.Key)]
		return !has, nil
	}
	e, err := c.experiment(ctx, it.Experiment, false)
	if err != nil || e.doc == nil || c.s.IsYoung(it.Time) {
		return false, err
	}
	fields, err := c.fields(ctx, it)
	if err != nil {
		return false, err
	}
	return !slices.Contains(c.s.experiments.Trigrams(e.doc, fields), it.Key), nil
}

// fields are the trigram fields of the configuration, and those of the given
// rows: a row of a field that is indexed no more is not wrong.
func (c *collection) fields(ctx context.Context, rows ...scanned) ([]string, error) {
	cfg, err := c.s.settings.Current(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, it := range rows {
		if it.Index == keys.IndexTrigram {
			names = append(names, it.Name)
		}
	}
	return settings.UnionOf(cfg.TrigramFieldsWritten(), names), nil
}

func (c *collection) hash(k table.Key) uint64 { return maphash.Comparable(c.seed, k) }

// knowIndexes looks up the index rows of those runs of a page that the pass
// does not know, in their list rows, as they were a moment ago.
func (c *collection) knowIndexes(ctx context.Context, rows []scanned) error {
	var wanted []table.Key
	seen := map[string]bool{}
	for _, it := range rows {
		if it.Run != "" && !seen[it.Run] && !c.indexed.Contains(it.Run) {
			seen[it.Run] = true
			wanted = append(wanted, c.s.Keys.RunRow(it.Experiment, it.Time, it.Run))
		}
	}
	fields, err := c.fields(ctx)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(wanted, table.MaxBatchGet) {
		list, err := c.s.Table.BatchGet(ctx, some, table.Eventual)
		if err != nil {
			return err
		}
		for _, row := range list {
			if err := c.knowIndex(ctx, row, fields); err != nil {
				return err
			}
		}
		if err := c.pass.step(ctx, 0, 0); err != nil {
			return err
		}
	}
	return nil
}

// knowIndex notes what index rows the run of a list row has. One that is too
// large for its list row is read as a whole.
func (c *collection) knowIndex(ctx context.Context, row table.Item, fields []string) error {
	id := keys.Classify(row.Key).Run
	known := &gcIndex{}
	defer func() { c.indexed.Add(id, known) }()
	if row.Str(keys.State) != keys.StateClosed {
		return nil
	}
	var p *run.Packed
	if packed, ok := row.Get(keys.Packed); ok {
		var err error
		if p, err = run.ParsePacked(id, packed.Str()); err != nil {
			return err
		}
	} else {
		l, err := c.s.fence.Load(ctx, id)
		if err != nil || l == nil || !l.Closed {
			return err
		}
		p = l.Packed()
	}
	ks := c.s.rows.Index(p, everyIndex(fields))
	known.rows = make(map[uint64]struct{}, len(ks))
	for _, k := range ks {
		known.rows[c.hash(k)] = struct{}{}
	}
	return nil
}

// everyIndex are rules under which a row is right whenever its value is the
// document's, whatever the settings are now: settings come back.
func everyIndex(fields []string) *run.IndexRules {
	return &run.IndexRules{Fields: fields, Match: func(string) bool { return true }}
}

// removeStaleOfRun removes rows that a run does not have, if it is settled:
// registers, head and list row closed in one generation, which is that of the
// rows or a later one. Then nothing but a write in a later generation makes a
// row right, and that write puts the row anew. Each delete is atomic, on the
// condition that the row is still of the generation that was read: a row that
// was put anew stays. 1 RCU for each 4 KB of the run, 1 WCU a row.
func (c *collection) removeStaleOfRun(ctx context.Context, rows []scanned) error {
	l, err := c.settledRun(ctx, rows[0].Run)
	if err != nil || l == nil {
		return err
	}
	fields, err := c.fields(ctx, rows...)
	if err != nil {
		return err
	}
	wanted := c.s.rows.Index(l.Packed(), everyIndex(fields))
	for _, it := range rows {
		_, right := slices.BinarySearchFunc(wanted, it.Key, table.Key.Compare)
		gen, ok := it.Get(keys.Gen)
		if right || !ok || gen.Num() > l.Head.Gen || it.Index == keys.IndexTrigram && it.Name == "" {
			continue
		}
		if err := c.removeIf(ctx, it, table.Attr{Name: keys.Gen, Value: gen}); err != nil {
			return err
		}
	}
	return nil
}

// settledRun reads a run that is settled; nil if it is not. One that was
// written between the two reads is read again.
func (c *collection) settledRun(ctx context.Context, id string) (*run.Loaded, error) {
	for range 3 {
		l, err := c.s.fence.Load(ctx, id)
		if err != nil || l == nil || !l.Closed {
			return nil, err
		}
		list, err := c.s.fence.ListRow(ctx, l.Head)
		if err != nil || list.Str(keys.State) != keys.StateClosed {
			return nil, err
		}
		if list.Num(keys.Gen) == l.Head.Gen {
			return l, nil
		}
	}
	return nil, nil //nolint:nilnil // nil is a run that is not settled
}

// removeStaleOfExperiment removes trigram rows that an experiment does not
// have. Before that the experiment is written as it is, in a new revision:
// whoever has put rows for a change that it has yet to make fails, and puts
// them again for a later revision. What is not the document's then is removed
// on the condition that the row is of the revision that was read. Each delete
// is atomic; after a crash in between the document has a revision more.
// About 12 WCU and 1 WCU a row.
func (c *collection) removeStaleOfExperiment(ctx context.Context, rows []scanned) error {
	id := rows[0].Experiment
	e, stale, err := c.staleOfExperiment(ctx, rows)
	if err != nil || e == nil || len(stale) == 0 {
		return err
	}
	if !c.p.DryRun {
		err := c.s.recodeExperiment(ctx, id)
		c.experiments.Remove(id)
		if err != nil {
			return err
		}
		if _, stale, err = c.staleOfExperiment(ctx, stale); err != nil {
			return err
		}
	}
	for _, it := range stale {
		rev, _ := it.Get(keys.Rev)
		if err := c.removeIf(ctx, it, table.Attr{Name: keys.Rev, Value: rev}); err != nil {
			return err
		}
	}
	return nil
}

// staleOfExperiment returns those rows that an experiment, read with all its
// tags, does not have.
func (c *collection) staleOfExperiment(ctx context.Context, rows []scanned) (*experiment.Document, []scanned, error) {
	e, err := c.s.experiments.LoadWhole(ctx, rows[0].Experiment)
	if err != nil || e == nil {
		return nil, nil, err
	}
	fields, err := c.fields(ctx, rows...)
	if err != nil {
		return nil, nil, err
	}
	wanted := c.s.experiments.Trigrams(e, fields)
	var stale []scanned
	for _, it := range rows {
		_, right := slices.BinarySearchFunc(wanted, it.Key, table.Key.Compare)
		if _, ok := it.Get(keys.Rev); ok && !right && it.Name != "" {
			stale = append(stale, it)
		}
	}
	return e, stale, nil
}

// removeIf removes a row if an attribute is as it was read.
func (c *collection) removeIf(ctx context.Context, it scanned, attr table.Attr) error {
	if !c.p.DryRun {
		if deleted, err := c.s.index.DeleteIf(ctx, it.Key, attr); err != nil || !deleted {
			return err
		}
	}
	c.count(it.Kind)
	return c.pass.step(ctx, 0, 0)
}
