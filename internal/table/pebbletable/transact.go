package pebbletable

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// tokenLife is how long a token makes a repetition a success without effect.
const tokenLife = 10 * time.Minute

// Transact applies all operations or none, and keeps the token with them.
func (t *Table) Transact(ctx context.Context, token string, ops ...table.Op) (err error) {
	if err := table.CheckTransact(token, ops); err != nil {
		return err
	}
	if err := t.use(ctx); err != nil {
		return err
	}
	defer t.leave(&err)
	buf := t.buffers.get()
	defer t.buffers.put(buf)
	keys := buf.keys(len(ops), func(i int) table.Key { return table.KeyOf(ops[i]) })
	start := len(buf.b)
	buf.b = appendTokenKey(buf.b, token)
	tx := transaction{t: t, buf: buf, keys: keys, token: buf.b[start:], ops: ops, now: t.now()}

	held := t.locks.many(append(slices.Clip(keys), tx.token))
	b, err := tx.run(ctx)
	held.Unlock()
	if b != nil {
		err = errors.Join(err, finish(b))
	}
	if ce, ok := errors.AsType[*table.CanceledError](err); ok {
		table.Count(ctx, 0, table.CanceledUnits(ops, ce.Failed))
		return ce
	}
	if err != nil {
		return err
	}
	table.Count(ctx, tx.read, tx.write)
	return nil
}

// transaction is one transaction under way.
type transaction struct {
	t     *Table
	buf   *buffer
	keys  [][]byte
	token []byte
	ops   []table.Op
	now   int64

	read, write float64 // units
}

// run evaluates and applies the transaction. The batch it returns, if any, has
// to be finished.
func (tx *transaction) run(ctx context.Context) (*pebble.Batch, error) {
	before := make([]stored, len(tx.ops))
	for i := range tx.ops {
		s, err := tx.t.load(tx.keys[i])
		if err != nil {
			return nil, err
		}
		before[i] = s
	}
	done, err := tx.t.knowsToken(tx.token, tx.now)
	if err != nil {
		return nil, err
	}
	if done {
		return nil, tx.repeat(before)
	}
	changes, err := tx.eval(before)
	if err != nil {
		return nil, err
	}
	b := tx.t.db.NewBatch()
	if err := tx.stage(b, before, changes); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return tx.t.apply(ctx, b)
}

// repeat counts a repetition, which reads the items only, and waits until the
// first one is synced.
func (tx *transaction) repeat(before []stored) error {
	for _, s := range before {
		tx.read += table.TransactFactor * table.ReadUnits(max(s.size, 1), table.Strong)
	}
	return tx.t.barrier()
}

// eval evaluates all operations and counts their units. Conditions come first:
// another error counts only when all of them hold.
func (tx *transaction) eval(before []stored) ([]change, error) {
	changes := make([]change, len(tx.ops))
	failed := map[int]*table.ConditionError{}
	var refused error
	for i, op := range tx.ops {
		c, err := tx.evalOp(op, before[i])
		if ce, ok := errors.AsType[*table.ConditionError](err); ok {
			failed[i] = ce
		} else if err != nil && refused == nil {
			refused = err
		}
		changes[i] = c
	}
	if len(failed) > 0 {
		return nil, &table.CanceledError{Failed: failed}
	}
	return changes, refused
}

func (tx *transaction) evalOp(op table.Op, s stored) (change, error) {
	var c change
	var err error
	switch o := op.(type) {
	case table.Put:
		c, err = s.put(o, tx.now)
	case table.Delete:
		c, err = s.remove(o, tx.now)
	case table.Update:
		if o.IsCheck() {
			return tx.evalCheck(o.Key, o.Cond, s)
		}
		c, err = s.update(o, tx.now)
	case table.Check:
		return tx.evalCheck(o.Key, o.Cond, s)
	}
	tx.write += table.TransactFactor * table.WriteUnits(s.size, c.size)
	return c, err
}

func (tx *transaction) evalCheck(key table.Key, c table.Cond, s stored) (change, error) {
	tx.write += table.TransactFactor * table.CheckUnits(s.size)
	return change{}, s.check(key, c, tx.now)
}

func (tx *transaction) stage(b *pebble.Batch, before []stored, changes []change) error {
	for i, c := range changes {
		if !c.put && !c.delete {
			continue
		}
		if err := stage(b, tx.buf, tx.keys[i], before[i], c); err != nil {
			return err
		}
	}
	until := tx.now + int64(tokenLife/time.Second)
	if err := b.Set(tx.token, binary.AppendVarint(nil, until), nil); err != nil {
		return fmt.Errorf("write token: %w", err)
	}
	if err := b.Set(appendExpiryKey(nil, until, tx.token), nil, nil); err != nil {
		return fmt.Errorf("write token: %w", err)
	}
	return nil
}

// knowsToken reports whether a transaction with the token has been applied
// within [tokenLife].
func (t *Table) knowsToken(key []byte, now int64) (bool, error) {
	until, found, err := t.tokenExpiry(key)
	return found && until > now, err
}

func (t *Table) tokenExpiry(key []byte) (until int64, found bool, err error) {
	v, closer, err := t.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("read token: %w", err)
	}
	until, n := binary.Varint(v)
	if n <= 0 {
		err = errCorrupt
	}
	return until, true, errors.Join(err, closer.Close())
}
