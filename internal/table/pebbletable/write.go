package pebbletable

import (
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Put writes one item. It is atomic and synced when it returns.
func (t *Table) Put(ctx context.Context, p table.Put) error {
	if err := table.CheckOp(p); err != nil {
		return err
	}
	_, err := t.write(ctx, p.Item.Key, func(s stored, now int64) (change, error) { return s.put(p, now) })
	return err
}

// Delete removes one item. It is atomic and synced when it returns.
func (t *Table) Delete(ctx context.Context, d table.Delete) error {
	if err := table.CheckOp(d); err != nil {
		return err
	}
	_, err := t.write(ctx, d.Key, func(s stored, now int64) (change, error) { return s.remove(d, now) })
	return err
}

// Update changes attributes of one item. It is atomic and synced when it
// returns. An update that changes nothing is a condition check.
func (t *Table) Update(ctx context.Context, u table.Update) (table.Item, error) {
	if err := table.CheckOp(u); err != nil {
		return table.Item{}, err
	}
	if u.IsCheck() {
		return t.checkUpdate(ctx, u)
	}
	c, err := t.write(ctx, u.Key, func(s stored, now int64) (change, error) { return s.update(u, now) })
	if err != nil || !u.Return {
		return table.Item{}, err
	}
	return c.item, nil
}

// checkUpdate does an update that changes nothing. Where it has no condition
// it is a read, if its result is asked for; one that needs absence removes an
// expired item.
func (t *Table) checkUpdate(ctx context.Context, u table.Update) (table.Item, error) {
	switch {
	case u.Cond.IsAbsent():
		return table.Item{}, t.Delete(ctx, table.Delete{Key: u.Key, Cond: u.Cond})
	case u.Cond.IsZero() && u.Return:
		it, _, err := t.Get(ctx, u.Key, table.Strong)
		return it, err
	case u.Cond.IsZero():
		err := t.use(ctx)
		if err == nil {
			t.leave(&err)
		}
		return table.Item{}, err
	}
	c, err := t.write(ctx, u.Key, func(s stored, now int64) (change, error) {
		if err := s.check(u.Key, u.Cond, now); err != nil {
			return change{}, err
		}
		it, err := s.item(u.Key)
		return change{item: it}, err
	})
	if err != nil || !u.Return {
		return table.Item{}, err
	}
	return c.item, nil
}

// write does one write: it reads the item under the key's lock, lets eval
// decide and applies its change. The lock is released as soon as the change
// can be read, before it is synced, so writers of one key share syncs too.
func (t *Table) write(ctx context.Context, key table.Key, eval func(stored, int64) (change, error)) (c change, err error) {
	if err := t.use(ctx); err != nil {
		return change{}, err
	}
	defer t.leave(&err)
	buf := t.buffers.get()
	defer t.buffers.put(buf)
	buf.b = appendKey(buf.b, key)
	k := buf.b

	mu := t.locks.one(k)
	s, c, b, err := t.writeLocked(ctx, buf, k, eval)
	mu.Unlock()
	if b != nil {
		err = errors.Join(err, finish(b))
	}
	if ce, ok := errors.AsType[*table.ConditionError](err); ok {
		table.Count(ctx, 0, table.WriteUnits(s.size, 0))
		return change{}, ce
	}
	if err != nil {
		return change{}, err
	}
	table.Count(ctx, 0, table.WriteUnits(s.size, c.size))
	return c, nil
}

// writeLocked returns the batch it applied, if any, which has to be finished.
func (t *Table) writeLocked(ctx context.Context, buf *buffer, k []byte, eval func(stored, int64) (change, error)) (stored, change, *pebble.Batch, error) {
	s, err := t.load(k)
	if err != nil {
		return s, change{}, nil, err
	}
	c, err := eval(s, t.now())
	if err != nil || !c.put && !c.delete {
		return s, c, nil, err
	}
	b := t.db.NewBatch()
	if err := stage(b, buf, k, s, c); err != nil {
		return s, c, nil, errors.Join(err, b.Close())
	}
	b, err = t.apply(ctx, b)
	return s, c, b, err
}

// load reads what is stored under a key. The caller holds its lock.
func (t *Table) load(k []byte) (stored, error) {
	v, closer, err := t.db.Get(k)
	if errors.Is(err, pebble.ErrNotFound) {
		return stored{}, nil
	}
	if err != nil {
		return stored{}, fmt.Errorf("read item: %w", err)
	}
	s := stored{found: true}
	s.header, err = readHeader(v)
	if err == nil {
		s.raw = string(v)
	}
	return s, errors.Join(err, closer.Close())
}

// stage adds a change and what it means for the expiry index to a batch. It
// uses buf behind its present content.
func stage(b *pebble.Batch, buf *buffer, k []byte, s stored, c change) error {
	n := len(buf.b)
	defer func() { buf.b = buf.b[:n] }()
	ttl, hasTTL := int64(0), false
	if c.put {
		ttl, hasTTL = expiry(c.item)
		buf.b = appendItem(buf.b, c.item, c.size)
		if err := b.Set(k, buf.b[n:], nil); err != nil {
			return fmt.Errorf("write item: %w", err)
		}
	} else if err := b.Delete(k, nil); err != nil {
		return fmt.Errorf("delete item: %w", err)
	}
	if s.hasTTL && (!hasTTL || ttl != s.ttl) {
		buf.b = appendExpiryKey(buf.b[:n], s.ttl, k)
		if err := b.Delete(buf.b[n:], nil); err != nil {
			return fmt.Errorf("delete expiry: %w", err)
		}
	}
	if hasTTL && (!s.hasTTL || ttl != s.ttl) {
		buf.b = appendExpiryKey(buf.b[:n], ttl, k)
		if err := b.Set(buf.b[n:], nil, nil); err != nil {
			return fmt.Errorf("write expiry: %w", err)
		}
	}
	return nil
}

// apply makes a batch visible and starts its sync. It returns the batch if
// finish has to wait for it; where the caller's context defers the sync there
// is nothing to wait for.
func (t *Table) apply(ctx context.Context, b *pebble.Batch) (*pebble.Batch, error) {
	if table.SyncDeferred(ctx) {
		if err := errors.Join(t.db.Apply(b, pebble.NoSync), b.Close()); err != nil {
			return nil, fmt.Errorf("write: %w", err)
		}
		return nil, nil //nolint:nilnil // nothing to wait for
	}
	if err := t.db.ApplyNoSyncWait(b, pebble.Sync); err != nil {
		return nil, fmt.Errorf("write: %w", errors.Join(err, b.Close()))
	}
	return b, nil
}

// finish waits until an applied batch is synced and closes it.
func finish(b *pebble.Batch) error {
	if b == nil {
		return nil
	}
	if err := errors.Join(b.SyncWait(), b.Close()); err != nil {
		return fmt.Errorf("sync write: %w", err)
	}
	return nil
}

// Sync returns once all that can be read is synced.
func (t *Table) Sync(ctx context.Context) (err error) {
	if err := t.use(ctx); err != nil {
		return err
	}
	defer t.leave(&err)
	return t.barrier()
}

// barrier syncs an empty batch, and with it all that was applied before.
func (t *Table) barrier() error {
	b := t.db.NewBatch()
	if err := b.LogData(nil, nil); err != nil {
		return errors.Join(err, b.Close())
	}
	if err := t.db.ApplyNoSyncWait(b, pebble.Sync); err != nil {
		return fmt.Errorf("sync: %w", errors.Join(err, b.Close()))
	}
	return finish(b)
}
