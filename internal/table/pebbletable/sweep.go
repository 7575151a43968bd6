package pebbletable

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// sweepChunk is how many expired items are removed without giving Close a
// chance.
const sweepChunk = 256

func (t *Table) startSweeper(every time.Duration) {
	t.tasks.Go(func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-t.stop:
				return
			case <-ticker.C:
				if _, err := t.sweep(); err != nil && t.failure() == nil {
					t.log.Warn("removing expired items failed", slog.Any("error", err))
				}
			}
		}
	})
}

// Sweep removes items and transaction tokens that have expired, and returns
// how many. The table does it by itself from time to time.
func (t *Table) Sweep(ctx context.Context) (int, error) {
	if err := t.use(ctx); err != nil {
		return 0, err
	}
	t.mu.RUnlock()
	return t.sweep()
}

func (t *Table) sweep() (int, error) {
	total := 0
	for {
		select {
		case <-t.stop:
			return total, nil
		default:
		}
		seen, removed, err := t.sweepSome()
		total += removed
		if err != nil || seen < sweepChunk {
			return total, err
		}
	}
}

// sweepSome looks at the entries of the expiry index that are due, at most
// sweepChunk of them. Each is gone afterwards.
func (t *Table) sweepSome() (seen, removed int, err error) {
	t.mu.RLock()
	defer t.leave(&err)
	if t.closed || t.ended {
		return 0, 0, nil
	}
	now := t.now()
	due, err := t.dueEntries(now)
	if err != nil {
		return 0, 0, err
	}
	for _, entry := range due {
		ok, err := t.sweepEntry(entry, now)
		if err != nil {
			return len(due), removed, err
		}
		if ok {
			removed++
		}
	}
	return len(due), removed, nil
}

func (t *Table) dueEntries(now int64) (due [][]byte, err error) {
	iter, err := t.db.NewIter(&pebble.IterOptions{
		LowerBound: []byte{expirySpace},
		UpperBound: appendExpiryKey(nil, now+1, nil),
	})
	if err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	defer func() { err = errors.Join(err, iter.Close()) }()
	for ok := iter.First(); ok && len(due) < sweepChunk; ok = iter.Next() {
		due = append(due, append([]byte(nil), iter.Key()...))
	}
	return due, nil
}

// sweepEntry removes one entry, and what it points to if that is expired now:
// it may have been rewritten since, so it is read again under its lock.
// Atomic, but not synced: after a crash it is swept again.
func (t *Table) sweepEntry(entry []byte, now int64) (removed bool, err error) {
	_, target, ok := splitExpiryKey(entry)
	b := t.db.NewBatch()
	defer func() { err = errors.Join(err, b.Close()) }()
	if err := b.Delete(entry, nil); err != nil {
		return false, fmt.Errorf("sweep: %w", err)
	}
	if ok {
		mu := t.locks.one(target)
		defer mu.Unlock()
		if removed, err = t.isExpired(target, now); err != nil {
			return false, err
		}
	}
	if removed {
		if err := b.Delete(target, nil); err != nil {
			return false, fmt.Errorf("sweep: %w", err)
		}
	}
	if err := t.db.Apply(b, pebble.NoSync); err != nil {
		return false, fmt.Errorf("sweep: %w", err)
	}
	return removed, nil
}

// isExpired reads the expiry of an item or a token. The caller holds its lock.
func (t *Table) isExpired(target []byte, now int64) (bool, error) {
	if target[0] == tokenSpace {
		until, found, err := t.tokenExpiry(target)
		return found && until <= now, err
	}
	s, err := t.load(target)
	return s.found && s.expiredAt(now), err
}
