package directory

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/google/uuid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// Subject is what a change is about. Stored, must not change.
type Subject uint8

// The subjects of changes.
const (
	All     Subject = 0 // whatever is known
	OfAUser Subject = 1
	OfARole Subject = 2
)

// Change is one change of what decides.
type Change struct {
	Subject Subject
	ID      int64
}

const (
	changeSize  = 8
	keptChanges = 64
)

// Epoch is a state of a counter that goes up by one with each change.
type Epoch struct {
	document.Meta
	log string // the last changes, oldest first
}

// Number returns the count of changes; that of no epoch is 0.
func (e *Epoch) Number() int64 { return document.LastMeta(e).Rev }

// Since returns what has changed after the count was n. It is not known when that was
// long ago, or is not of this counter.
func (e *Epoch) Since(n int64) (changes []Change, known bool) {
	missed := e.Number() - n
	switch {
	case missed == 0:
		return nil, true
	case missed < 0 || missed > int64(len(e.log)/changeSize):
		return nil, false
	}
	for at := len(e.log) - int(missed)*changeSize; at < len(e.log); at += changeSize {
		changes = append(changes, unpackChange(e.log[at:at+changeSize]))
	}
	return changes, true
}

// next returns the epoch after a change.
func (e *Epoch) next(c Change) *Epoch {
	var log string
	if e != nil {
		log = e.log[max(0, len(e.log)-changeSize*(keptChanges-1)):]
	}
	return &Epoch{document.LastMeta(e).Next(), log + packChange(c)}
}

// packChange writes a change as 8 bytes: its subject, and an id of 7 bytes.
func packChange(c Change) string {
	return string(binary.BigEndian.AppendUint64(nil, uint64(c.Subject)<<56|uint64(c.ID)&(1<<56-1)))
}

func unpackChange(b string) Change {
	n := binary.BigEndian.Uint64([]byte(b))
	return Change{Subject(n >> 56), int64(n & (1<<56 - 1))}
}

func (e *Epoch) item(key table.Key) table.Item {
	return table.NewItem(key, e.AppendTo([]table.Attr{{Name: keys.Changes, Value: table.Bytes(e.log)}})...)
}

func decodeEpoch(it table.Item) (*Epoch, error) {
	return &Epoch{document.MetaOf(it), it.Str(keys.Changes)}, document.CheckVersion(it)
}

// ledger is where changes are counted.
type ledger struct {
	*workspace.View
	shared *Shared
	at     table.Key
	live   []table.Op // that the workspace is there, at the end of each transaction
}

// commit makes a change: in one transaction its writes and the next epoch. A
// *table.CanceledError says which of the writes met something else than they were made
// for. A transaction whose reply was lost is recognised by the epoch. 1 request, 1 more
// for each other change that came between, 2 WCU besides those of the writes and 2 in
// a workspace that can be deleted.
func (l ledger) commit(ctx context.Context, what Change, writes ...table.Op) error {
	cur, err := l.last(ctx)
	for attempt := 0; err == nil; attempt++ {
		next := cur.next(what)
		ops := slices.Concat(writes, []table.Op{table.Put{Item: next.item(l.at), Cond: document.LastMeta(cur).IsRev()}}, l.live)
		err = l.transact(ctx, ops)
		lost, ok := errors.AsType[*table.CanceledError](err)
		if !ok {
			l.remember(err, next)
			return err
		}
		if cur, err = l.raced(lost, len(writes), cur); err != nil {
			return err
		}
		if document.LastMeta(cur).Wrote(next.Meta) {
			return nil
		}
		if gone := l.gone(lost, len(ops)); gone != nil {
			return gone
		}
		for i := range writes {
			if lost.Failed[i] != nil {
				return lost
			}
		}
		err = document.BackOff(ctx, attempt)
	}
	return err
}

// transact goes on where others are in the way again and again.
func (l ledger) transact(ctx context.Context, ops []table.Op) error {
	for attempt := 0; ; attempt++ {
		err := l.Table.Transact(ctx, uuid.NewString(), ops...)
		if !errors.Is(err, table.ErrConflict) {
			return err
		}
		if err := document.BackOff(ctx, attempt); err != nil {
			return err
		}
	}
}

// last returns the last known epoch, nil before the first change.
func (l ledger) last(ctx context.Context) (*Epoch, error) {
	if e, ok := l.shared.epochs.Get(l.at); ok {
		return e, nil
	}
	return document.ReadDocument(ctx, l.Table, l.at, decodeEpoch)
}

// remember keeps what was written; of what may have been it forgets all.
func (l ledger) remember(err error, e *Epoch) {
	if err != nil {
		l.shared.epochs.Remove(l.at)
		return
	}
	l.shared.epochs.Add(l.at, e)
}

// raced returns the epoch that a transaction has met at an operation, cur if it was
// that.
func (l ledger) raced(lost *table.CanceledError, at int, cur *Epoch) (*Epoch, error) {
	c := lost.Failed[at]
	if c == nil {
		return cur, nil
	}
	l.shared.epochs.Remove(l.at)
	if !c.Found {
		return nil, nil //nolint:nilnil // the absent epoch
	}
	e, err := decodeEpoch(c.Item)
	if err == nil {
		l.shared.epochs.Add(l.at, e)
	}
	return e, err
}

// gone returns why nothing can be written in the workspace, nil if that is not why a
// transaction was cancelled.
func (l ledger) gone(lost *table.CanceledError, ops int) error {
	if len(l.live) == 0 {
		return nil
	}
	return l.NotLive(lost, ops)
}

// failed returns what one operation of a transaction has met, nil if it was not the
// reason that the transaction was cancelled.
func failed(err error, at int) *table.ConditionError {
	lost, ok := errors.AsType[*table.CanceledError](err)
	if !ok {
		return nil
	}
	return lost.Failed[at]
}

// orCondition returns the lost condition of the first operation, which is that of a
// document, in place of the error of the transaction.
func orCondition(err error) error {
	if c := failed(err, 0); c != nil {
		return c
	}
	return err
}

// Epochs are the epochs of the users and of the rights in a workspace; nil before the
// first change.
type Epochs struct{ Users, Rights *Epoch }

// Epochs reads both. 1 request, 2 RCU.
func (r *Rights) Epochs(ctx context.Context) (Epochs, error) {
	items, err := r.Table.BatchGet(ctx, []table.Key{keys.Epoch(), r.acl.Epoch()}, table.Strong)
	var both Epochs
	for _, it := range items {
		e, err := decodeEpoch(it)
		if err != nil {
			return Epochs{}, err
		}
		r.epochs.Add(it.Key, e)
		if it.Key == keys.Epoch() {
			both.Users = e
		} else {
			both.Rights = e
		}
	}
	return both, err
}
