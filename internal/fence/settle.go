package fence

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// The fence.
//
// Head, register items and rows of a run carry a generation and a state, open
// or closed. These rules hold after every single write:
//
//  1. The list row's generation is at least the head's. A list row that is
//     closed carries the run as its document says it is.
//  2. Registers change only while they are open. Registers that were closed
//     in generation g open again only in one above g, and only once the head
//     is open in it.
//  3. A head closes in generation g only after the registers were closed in g.
//
// So whoever has closed the registers in g and then the head in g knows the
// whole run, and a list row written on the condition that it is still at g
// tells the truth for as long as it says closed.

const (
	// SettledLately is how long before a search began a run may have settled for
	// the search to look it up though it is in the indexes: clocks of servers
	// may differ by that much.
	SettledLately = 10 * time.Second
	// OwnLately is SettledLately of a process's own clock.
	OwnLately = time.Second
	// settledRowStays is longer than any search takes, and SettledLately.
	settledRowStays = 10 * time.Minute
)

// errMoved says that a run has moved to another generation meanwhile.
var errMoved = errors.New("run is in another generation")

// IgnoreLost is err, unless it says that a condition did not hold.
func IgnoreLost(err error) error {
	if _, isLost := document.AsConditionError(err); isLost {
		return nil
	}
	return err
}

// HeadWriter makes a change of a head: ChangeHead, or one that checks more.
type HeadWriter func(ctx context.Context, id string, apply func(h *run.Head) (bool, error)) (*run.Head, error)

// Transition changes a run and settles it: registers are closed, the head is
// changed and closed, then the list row is written, whole when the run is
// small. Each step is atomic, the sequence is not: after a crash the change is
// made or not, and rows may say open until somebody settles the run again.
// The head is what counts, so it alone is synced.
// About 6 WCU for a small open run, 4 more for one that was settled, and 1 for
// each index row that changes.
func (s *Store) Transition(ctx context.Context, id string, write HeadWriter, change func(h *run.Head) error) (*run.Head, error) {
	for attempt := 0; ; attempt++ {
		h, err := s.tryTransition(ctx, id, write, change)
		if !errors.Is(err, errMoved) {
			return h, err
		}
		s.headCache.Remove(s.Own(id))
		if err := document.BackOff(ctx, attempt); err != nil {
			return nil, err
		}
	}
}

func (s *Store) tryTransition(ctx context.Context, id string, write HeadWriter, change func(h *run.Head) error) (*run.Head, error) {
	cur, err := s.checkedHead(ctx, id, change)
	if err != nil {
		return nil, err
	}
	gen := cur.Gen
	if !cur.Open {
		gen++
	}
	registers, shards, err := s.closeMetrics(table.DeferSync(ctx), id, cur.Gen, gen)
	if err != nil {
		return nil, err
	}
	h, err := write(ctx, id, func(h *run.Head) (bool, error) {
		if err := change(h); err != nil {
			return false, err
		}
		h.Touch()
		if h.Gen != gen {
			return false, errMoved
		}
		h.Open = false
		return true, nil
	})
	if err != nil || h.Open {
		return h, err // open: a later change of the same group has reopened it
	}
	return h, s.coverClosed(table.DeferSync(ctx), &run.Loaded{Head: h, Registers: registers, Shards: shards, Closed: true})
}

// coverClosed covers a run that has just been closed, and whose items beside
// head and registers are not known yet.
func (s *Store) coverClosed(ctx context.Context, l *run.Loaded) error {
	h := l.Head
	if h.Frozen {
		whole, err := s.Load(ctx, h.ID)
		if err != nil || whole == nil || !whole.Closed || whole.Head.Gen != h.Gen {
			return err // otherwise it has been reopened, or is gone
		}
		l = whole
	}
	var row table.Item
	if h.Gen > 1 {
		var err error
		if row, err = s.ListRow(ctx, h); err != nil {
			return err
		}
	}
	_, err := s.cover(ctx, l, row, false)
	return err
}

// checkedHead returns the head of a run whose change is possible, so that an
// impossible one changes nothing.
func (s *Store) checkedHead(ctx context.Context, id string, change func(h *run.Head) error) (*run.Head, error) {
	h, err := s.KnownHead(ctx, id)
	if err == nil && h != nil && change(h.Clone()) == nil {
		return h, nil
	}
	if h, err = s.ReadHead(ctx, id); err != nil {
		return nil, err
	}
	if h == nil {
		return nil, run.ErrNotFound(id)
	}
	return h, change(h.Clone())
}

// closeMetrics closes the register items of a run in generation gen, and
// returns the registers, sorted by key, and the number of shards. known is the
// generation that they are expected in. An expiry is taken away: who deletes
// the run stamps them again after the head. errMoved: they are ahead of gen.
// Registers go after their head, so that a run without them does not exist.
func (s *Store) closeMetrics(ctx context.Context, id string, known, gen int64) (packed.Dict, int, error) {
	it, err := s.closeShard(ctx, id, 0, known, gen)
	if err != nil {
		return nil, 0, err
	}
	shards := int(it.Num(keys.Shards))
	registers := make([]packed.Dict, 1, 1+shards)
	registers[0] = run.RegistersOf(it)
	for n := 1; n <= shards; n++ {
		it, err := s.closeShard(ctx, id, n, known, gen)
		if err != nil {
			return nil, 0, err
		}
		registers = append(registers, run.RegistersOf(it))
	}
	return run.MergeRegisters(registers), shards, nil
}

func (s *Store) closeShard(ctx context.Context, id string, shard int, known, gen int64) (table.Item, error) {
	for {
		it, err := s.Table.Update(ctx, table.Update{
			Key:  s.Keys.RunMetrics(id, shard),
			Cond: table.Equal(table.Attr{Name: keys.Gen, Value: table.Number(known)}),
			Set: []table.Attr{
				{Name: keys.Gen, Value: table.Number(gen)},
				{Name: keys.State, Value: table.String(keys.StateClosed)},
			},
			Remove: []string{table.TTLAttr},
			Return: true,
		})
		lost, isLost := document.AsConditionError(err)
		switch {
		case !isLost:
			return it, err
		case s.IsAbsent(lost):
			return it, s.goneRun(id)
		case lost.Item.Num(keys.Gen) > gen:
			return it, errMoved
		}
		known = lost.Item.Num(keys.Gen)
	}
}

// cover writes the index rows of a run that is closed in the generation of its
// head, then its list row, and closes its open row. row is the list row
// as it was. Each step is atomic, and the list row is written on the condition
// that it is not of a later generation: then cover returns false, and what
// index rows it has written are rows too many, if not those of the run.
//
// Unless eager, the index rows are left to somebody who is not in a hurry when
// they are many, or when the run is deleted before it ever had any: its open
// row stays as it is.
// 4 requests, 1 WCU for each index row that changes and each KB of the run.
func (s *Store) cover(ctx context.Context, l *run.Loaded, row table.Item, eager bool) (bool, error) {
	rules, err := s.IndexRules(ctx, l.Head.Exp)
	if err != nil {
		return false, err
	}
	change, err := s.indexChange(l.Packed(), rules, row)
	if err != nil {
		return false, err
	}
	_, indexed := row.Get(keys.Indexed)
	if !eager && (len(change.Puts) > maxEagerRows || !indexed && l.Head.Mark == run.MarkDeleted) {
		covered, err := s.putListRow(ctx, s.rows.ClosedList(l), l.Head)
		if err == nil && covered {
			err = s.expireOpenRow(ctx, l.Head)
		}
		return covered, err
	}
	if err := s.index.Put(ctx, change.Puts, keys.Gen, l.Head.Gen); err != nil {
		return false, err
	}
	next := s.rows.ClosedList(l)
	next.Set(keys.Indexed, table.List(rules.List))
	if covered, err := s.putListRow(ctx, next, l.Head); err != nil || !covered {
		return false, err
	}
	if err := s.index.Delete(ctx, change.Deletes, keys.Gen, l.Head.Gen); err != nil {
		return true, err
	}
	return true, s.closeOpenRow(ctx, l.Head)
}

// putListRow writes the list row of a run that is closed, unless there is one
// of a generation later than the head's, or none and the run is gone: then it
// returns false. Atomic.
func (s *Store) putListRow(ctx context.Context, row table.Item, h *run.Head) (bool, error) {
	for was := h.Gen; ; {
		err := s.Table.Put(ctx, table.Put{Item: row, Cond: inGen(was)})
		lost, isLost := document.AsConditionError(err)
		switch {
		case err == nil:
			return true, nil
		case !isLost:
			return false, err
		case s.IsAbsent(lost): // gone with the run, or expired with it
			if lost, err = s.putMissingRow(ctx, row, h, inGen(h.Gen)); err != nil || lost == nil {
				return err == nil, err
			}
		}
		if !lost.Found || lost.Item.Num(keys.Gen) > h.Gen {
			return false, nil
		}
		was = lost.Item.Num(keys.Gen)
	}
}

// inGen is the condition that a head or a list row is in a generation; a
// tombstone is in none.
func inGen(gen int64) table.Cond {
	return table.Equal(table.Attr{Name: keys.Gen, Value: table.Number(gen)})
}

// putMissingRow puts the list row of a run that has none, in one transaction
// with a check of its head: what has been deleted for good while this process
// was stopped must not be listed again. It returns the row that is there by
// now, and a ConditionError that has found nothing if the head is not as it was.
// 4 WCU for a row below 1 KB.
func (s *Store) putMissingRow(ctx context.Context, row table.Item, h *run.Head, head table.Cond) (*table.ConditionError, error) {
	err := s.Table.Transact(ctx, uuid.NewString(),
		table.Put{Item: row, Cond: table.Absent()},
		table.Check{Key: s.Keys.Run(h.ID), Cond: head})
	lost, canceled := errors.AsType[*table.CanceledError](err)
	switch {
	case !canceled:
		return nil, err
	case lost.Failed[1] != nil || lost.Failed[0] == nil:
		return &table.ConditionError{}, nil
	}
	return lost.Failed[0], nil
}

// closeOpenRow replaces the open row of a settled run by one that says when it
// settled, so that searches need not read those of long ago. Not atomic: after
// a crash in between there are both. 2 requests, 2 WCU.
func (s *Store) closeOpenRow(ctx context.Context, h *run.Head) error {
	now := s.Clock()
	settled := s.rows.Open(h)
	settled.Key = s.Keys.SettledRow(h.Exp, now.UnixMilli(), h.ID, h.Gen)
	settled.Set(table.TTLAttr, table.Number(now.Add(settledRowStays).Unix()))
	settled.Set(keys.By, table.Bytes(s.Writer))
	if err := s.Table.Put(ctx, table.Put{Item: settled}); err != nil {
		return err
	}
	return s.Table.Delete(ctx, table.Delete{Key: s.Keys.OpenRow(h.Exp, h.ID, h.Gen)})
}

// expireOpenRow lets the open row of a deleted run expire with it.
func (s *Store) expireOpenRow(ctx context.Context, h *run.Head) error {
	if h.Expiry == 0 {
		return nil
	}
	_, err := s.Table.Update(ctx, table.Update{
		Key:  s.Keys.OpenRow(h.Exp, h.ID, h.Gen),
		Cond: table.Exists(),
		Set:  []table.Attr{{Name: table.TTLAttr, Value: table.Number(h.Expiry)}},
	})
	return IgnoreLost(err) // it is gone
}
