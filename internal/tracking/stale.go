package tracking

import (
	"context"
	"hash/maphash"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/garbage"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// gcIndexed is how many sets of index rows a collection remembers, of 8 bytes
// for each row.
const gcIndexed = 1 << 13

// indexSet is a set of index rows that a run has, by the hashes of their keys;
// nil: its rows are not known, as when it is open. A row that is taken for
// another one by its hash stays, and costs a search a read as before.
type indexSet struct{ rows map[uint64]struct{} }

// Suspect implements [garbage.Indexed].
func (w *Sweep) Suspect(_ context.Context, it garbage.Item) (string, error) {
	known, ok := w.indexed.Get(it.Run)
	if !ok || known.rows == nil {
		return "", nil
	}
	if _, has := known.rows[w.hash(it.Key)]; has {
		return "", nil
	}
	return it.Run, nil
}

func (w *Sweep) hash(k table.Key) uint64 { return maphash.Comparable(w.seed, k) }

// LookRows looks up the index rows of those runs of a page that the pass
// does not know, in their list rows, as they were a moment ago.
func (w *Sweep) LookRows(ctx context.Context, rows []garbage.Item) error {
	var wanted []table.Key
	seen := map[string]bool{}
	for _, it := range rows {
		if it.Run != "" && !seen[it.Run] && !w.indexed.Contains(it.Run) {
			seen[it.Run] = true
			wanted = append(wanted, w.s.Keys.RunRow(it.Experiment, it.Time, it.Run))
		}
	}
	fields, err := w.Fields(ctx)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(wanted, table.MaxBatchGet) {
		list, err := w.s.Table.BatchGet(ctx, some, table.Eventual)
		if err != nil {
			return err
		}
		for _, row := range list {
			if err := w.knowIndex(ctx, row, fields); err != nil {
				return err
			}
		}
		if err := w.Step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// knowIndex notes what index rows the run of a list row has. One that is too
// large for its list row is read as a whole.
func (w *Sweep) knowIndex(ctx context.Context, row table.Item, fields []string) error {
	id := keys.Classify(row.Key).Run
	known := &indexSet{}
	defer func() { w.indexed.Add(id, known) }()
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
		l, err := w.s.fence.Load(ctx, id)
		if err != nil || l == nil || !l.Closed {
			return err
		}
		p = l.Packed()
	}
	ks := w.s.rows.Index(p, everyIndex(fields))
	known.rows = make(map[uint64]struct{}, len(ks))
	for _, k := range ks {
		known.rows[w.hash(k)] = struct{}{}
	}
	return nil
}

// everyIndex are rules under which a row is right whenever its value is the
// document's, whatever the settings are now: settings come back.
func everyIndex(fields []string) *run.IndexRules {
	return &run.IndexRules{Fields: fields, Match: func(string) bool { return true }}
}

// RemoveStale removes rows that a run does not have, if it is settled:
// registers, head and list row closed in one generation, which is that of the
// rows or a later one. Then nothing but a write in a later generation makes a
// row right, and that write puts the row anew. Each delete is atomic, on the
// condition that the row is still of the generation that was read: a row that
// was put anew stays. 1 RCU for each 4 KB of the run, 1 WCU a row.
func (w *Sweep) RemoveStale(ctx context.Context, rows []garbage.Item) error {
	l, err := w.settledRun(ctx, rows[0].Run)
	if err != nil || l == nil {
		return err
	}
	fields, err := w.Fields(ctx, rows...)
	if err != nil {
		return err
	}
	wanted := w.s.rows.Index(l.Packed(), everyIndex(fields))
	for _, it := range rows {
		_, right := slices.BinarySearchFunc(wanted, it.Key, table.Key.Compare)
		gen, ok := it.Get(keys.Gen)
		if right || !ok || gen.Num() > l.Head.Gen || it.Index == keys.IndexTrigram && it.Name == "" {
			continue
		}
		if err := w.RemoveIf(ctx, it, table.Attr{Name: keys.Gen, Value: gen}); err != nil {
			return err
		}
	}
	return nil
}

// settledRun reads a run that is settled; nil if it is not. One that was
// written between the two reads is read again.
func (w *Sweep) settledRun(ctx context.Context, id string) (*run.Loaded, error) {
	for range 3 {
		l, err := w.s.fence.Load(ctx, id)
		if err != nil || l == nil || !l.Closed {
			return nil, err
		}
		list, err := w.s.fence.ListRow(ctx, l.Head)
		if err != nil || list.Str(keys.State) != keys.StateClosed {
			return nil, err
		}
		if list.Num(keys.Gen) == l.Head.Gen {
			return l, nil
		}
	}
	return nil, nil //nolint:nilnil // nil is a run that is not settled
}
