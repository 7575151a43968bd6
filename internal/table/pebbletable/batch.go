package pebbletable

import (
	"context"
	"errors"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// batchBytes is how much one synced group of a batch write holds at most, so
// that its memory is bounded.
const batchBytes = 4 << 20

// write of a batch: a put or a delete.
type batchWrite struct {
	key    table.Key
	change change
}

// BatchWrite puts and deletes items. Groups of some megabytes are written
// with one sync each; a group is atomic, the batch is not.
func (t *Table) BatchWrite(ctx context.Context, puts []table.Item, deletes []table.Key) error {
	if err := table.CheckBatchWrite(puts, deletes); err != nil {
		return err
	}
	writes := make([]batchWrite, 0, len(puts)+len(deletes))
	for i := range puts {
		writes = append(writes, batchWrite{puts[i].Key, change{put: true, item: puts[i], size: puts[i].Size()}})
	}
	for _, k := range deletes {
		writes = append(writes, batchWrite{k, change{delete: true}})
	}
	for len(writes) > 0 {
		n := groupLen(writes)
		if err := t.writeGroup(ctx, writes[:n]); err != nil {
			return err
		}
		writes = writes[n:]
	}
	return nil
}

// groupLen returns how many writes form the next group: whole requests, so
// that they count as they do in DynamoDB.
func groupLen(writes []batchWrite) int {
	n, size := 0, 0
	for chunk := range slices.Chunk(writes, table.MaxBatchWrite) {
		for i := range chunk {
			size += chunk[i].change.size
		}
		if n > 0 && size > batchBytes {
			break
		}
		n += len(chunk)
	}
	return n
}

// writeGroup writes one group, atomically.
func (t *Table) writeGroup(ctx context.Context, writes []batchWrite) (err error) {
	if err := t.use(ctx); err != nil {
		return err
	}
	defer t.leave(&err)
	buf := t.buffers.get()
	defer t.buffers.put(buf)
	keys := buf.keys(len(writes), func(i int) table.Key { return writes[i].key })
	held := t.locks.many(keys)
	units, err := t.applyGroup(ctx, buf, keys, writes, held.Unlock)
	if err != nil {
		return err
	}
	for _, u := range units {
		table.Count(ctx, 0, u)
	}
	return nil
}

// applyGroup returns the units of each request. It calls unlock once the group
// can be read.
func (t *Table) applyGroup(ctx context.Context, buf *buffer, keys [][]byte, writes []batchWrite, unlock func()) ([]float64, error) {
	b := t.db.NewBatch()
	units := make([]float64, (len(writes)+table.MaxBatchWrite-1)/table.MaxBatchWrite)
	for i, w := range writes {
		s, err := t.load(keys[i])
		if err == nil && (w.change.put || s.found) {
			err = stage(b, buf, keys[i], s, w.change)
		}
		if err != nil {
			unlock()
			return nil, errors.Join(err, b.Close())
		}
		units[i/table.MaxBatchWrite] += table.WriteUnits(s.size, w.change.size)
	}
	b, err := t.apply(ctx, b)
	unlock()
	if err != nil {
		return nil, err
	}
	return units, finish(b)
}

// keys builds keys in the buffer, one behind the other.
func (buf *buffer) keys(n int, key func(int) table.Key) [][]byte {
	keys := make([][]byte, n)
	size := 0
	for i := range n {
		k := key(i)
		size += len(k.PK) + len(k.SK)
	}
	b := slices.Grow(buf.b, 2*size+3*n) // a key has at most twice its bytes, and three of its own
	for i := range n {
		start := len(b)
		b = appendKey(b, key(i))
		keys[i] = b[start:len(b):len(b)]
	}
	buf.b = b
	return keys
}
