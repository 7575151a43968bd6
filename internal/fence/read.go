package fence

import (
	"context"
	"errors"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// IsOpen is the condition that registers are open.
func IsOpen() table.Cond {
	return table.Equal(table.Attr{Name: keys.State, Value: table.String(keys.StateOpen)})
}

// Bury puts a tombstone where a run has no head, and reports whether there
// is one then. Atomic. 1 request, 1 WCU.
func (s *Store) Bury(ctx context.Context, id string) (bool, error) {
	err := s.Table.Put(ctx, table.Put{Item: s.rows.Tombstone(id), Cond: table.Absent()})
	if lost, isLost := document.AsConditionError(err); isLost {
		return lost.Item.Str(keys.Status) == document.TombstoneStatus, nil
	}
	return err == nil, err
}

// Load reads all of a run's partition; nil if there is no such run. Not a
// snapshot: each item is as it was at some moment of the query.
func (s *reader) Load(ctx context.Context, id string) (*run.Loaded, error) {
	var items []table.Item
	q := table.Query{PK: s.Keys.RunPK(id), From: "A", To: keys.Last}
	for it, err := range table.Items(ctx, s.Table, q) {
		if err != nil {
			return nil, err
		}
		items = append(items, it)
	}
	return run.Assemble(id, items)
}

// stateOfRun returns the recent state of a run's experiment; an error if run
// or experiment do not exist.
func (s *Store) stateOfRun(ctx context.Context, id string) (*experiment.State, error) {
	exp, err := s.experimentOfRun(ctx, id)
	if err != nil {
		return nil, err
	}
	e, err := s.experiments.RecentState(ctx, exp)
	if err == nil && e == nil {
		err = run.ErrNotFound(id)
	}
	return e, err
}

// experimentOfRun returns the id of a run's experiment, which never changes.
func (s *Store) experimentOfRun(ctx context.Context, id string) (string, error) {
	if sh, ok := s.KnownShape(id); ok {
		return sh.exp, nil
	}
	h, err := s.KnownHead(ctx, id)
	if err != nil {
		return "", err
	}
	if h == nil {
		return "", run.ErrNotFound(id)
	}
	return h.Exp, nil
}

// HeadAndState reads a run's head and its experiment's state anew.
func (s *Store) HeadAndState(ctx context.Context, id string) (*run.Head, *experiment.State, error) {
	h, err := s.ReadHead(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if h == nil {
		return nil, nil, run.ErrNotFound(id)
	}
	e, err := s.experiments.FreshState(ctx, h.Exp)
	if err == nil && e == nil {
		err = run.ErrNotFound(id)
	}
	return h, e, err
}

// LoneWriter changes heads by a write of its own, without the changes that
// wait for the next one.
func (s *Store) LoneWriter(write func(ctx context.Context, cur, next *run.Head) error) HeadWriter {
	return func(ctx context.Context, id string, apply func(h *run.Head) (bool, error)) (*run.Head, error) {
		d := s.HeadDocument(id)
		d.Write = write
		return s.MutateHead(ctx, id, d, func(cur *run.Head) (*run.Head, bool, error) {
			next := cur.Clone()
			next.Changed = s.NowMillis()
			if _, err := apply(next); err != nil {
				return nil, false, err
			}
			return next, false, nil
		})
	}
}

// StampRegisters gives the first register item of a deleted run the expiry of
// its head. Whoever changes the run after that closes the item in a newer
// generation, and takes the expiry away with the same write.
func (s *Store) StampRegisters(ctx context.Context, h *run.Head) error {
	if h.Expiry == 0 {
		return nil
	}
	_, err := s.Table.Update(ctx, table.Update{
		Key:  s.Keys.RunMetrics(h.ID, 0),
		Cond: table.Equal(table.Attr{Name: keys.Gen, Value: table.Number(h.Gen)}),
		Set:  []table.Attr{{Name: table.TTLAttr, Value: table.Number(h.Expiry)}},
	})
	return IgnoreLost(err)
}

// OpenBatch is how many open runs are read in one request: head and
// registers each.
const OpenBatch = table.MaxBatchGet / 2

// ReadRuns reads some runs, nil for those that do not exist. 2 RCU for each
// small one.
func (s *reader) ReadRuns(ctx context.Context, ids []string) ([]*run.Loaded, error) {
	wanted := make([]table.Key, 0, 2*len(ids))
	for _, id := range ids {
		wanted = append(wanted, s.Keys.Run(id), s.Keys.RunMetrics(id, 0))
	}
	items, err := s.Table.BatchGet(ctx, wanted, table.Strong)
	if err != nil {
		return nil, err
	}
	byRun := make(map[string][]table.Item, len(ids))
	for _, it := range items {
		byRun[it.Key.PK] = append(byRun[it.Key.PK], it)
	}
	runs := make([]*run.Loaded, len(ids))
	for i, id := range ids {
		if runs[i], err = s.completeRun(ctx, id, byRun[s.Keys.RunPK(id)]); err != nil {
			return nil, err
		}
	}
	return runs, nil
}

// HeadItems reads the items of the heads of a page of runs, by partition key.
// 1 request, 1 RCU for each 4 KB of a head.
func (s *reader) HeadItems(ctx context.Context, rows []table.Item) (map[string]table.Item, error) {
	wanted := make([]table.Key, 0, len(rows))
	for _, row := range rows {
		_, id, err := keys.ParseRunRowSK(row.Key.SK)
		if err != nil {
			return nil, err
		}
		wanted = append(wanted, s.Keys.Run(id))
	}
	items, err := s.Table.BatchGet(ctx, wanted, table.Strong)
	if err != nil {
		return nil, err
	}
	out := make(map[string]table.Item, len(items))
	for _, it := range items {
		out[it.Key.PK] = it
	}
	return out, nil
}

// completeRun assembles a run, reading its whole partition if it has more
// items than head and registers.
func (s *reader) completeRun(ctx context.Context, id string, items []table.Item) (*run.Loaded, error) {
	l, err := run.Assemble(id, items)
	if err != nil || l == nil || !l.Head.Frozen && l.Shards == 0 {
		return l, err
	}
	return s.Load(ctx, id)
}

// InState calls do with the state of a run's experiment, which may be as old as
// [stateAge]. An error that clients can mend is an answer that only the current
// state can give: then that is read, and do called again if it is another one.
// What is refused costs 1 request more, and 1 RCU for each 4 KB of the
// experiment.
func (s *Store) InState(ctx context.Context, runID string, do func(e *experiment.State) error) error {
	e, err := s.stateOfRun(ctx, runID)
	if err != nil {
		return err
	}
	err = do(e)
	if _, refused := errors.AsType[*mlflow.Error](err); !refused {
		return err
	}
	cur, readErr := s.experiments.FreshState(ctx, e.ID)
	switch {
	case readErr != nil:
		return readErr
	case cur == nil:
		return run.ErrNotFound(runID)
	case cur.Gen == e.Gen:
		return err
	}
	return do(cur)
}
