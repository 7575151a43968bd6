package index

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// IndexWriters bounds the requests of one run's index rows at a time.
const IndexWriters = 8

// Change is what has to be done to the index rows of one run.
type Change struct {
	Puts, Deletes []table.Key
}

// Diff compares two sorted lists of keys.
func Diff(old, wanted []table.Key) Change {
	var c Change
	for len(old) > 0 || len(wanted) > 0 {
		switch {
		case len(old) == 0:
			c.Puts = append(c.Puts, wanted...)
			return c
		case len(wanted) == 0:
			c.Deletes = append(c.Deletes, old...)
			return c
		}
		switch cmp := old[0].Compare(wanted[0]); {
		case cmp < 0:
			c.Deletes = append(c.Deletes, old[0])
			old = old[1:]
		case cmp > 0:
			c.Puts = append(c.Puts, wanted[0])
			wanted = wanted[1:]
		default:
			old, wanted = old[1:], wanted[1:]
		}
	}
	return c
}

// Put writes rows that stand for an entity at the given generation
// or revision. Not atomic: a crash leaves rows too many.
// 1 WCU a row, 1 request for each 25.
func (s *Writer) Put(ctx context.Context, rows []table.Key, attr string, at int64) error {
	stamp := []table.Attr{{Name: attr, Value: table.Number(at)}}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(IndexWriters)
	for batch := range slices.Chunk(rows, table.MaxBatchWrite) {
		items := make([]table.Item, len(batch))
		for i, k := range batch {
			items[i] = table.Item{Key: k, Attrs: stamp}
		}
		g.Go(func() error { return s.Table.BatchWrite(gctx, items, nil) })
	}
	return g.Wait()
}

// Delete removes those rows that were written before the given
// generation or revision, each atomically on the condition that it has not
// been written since it was read. 1 RCU and 1 WCU a row.
func (s *Writer) Delete(ctx context.Context, rows []table.Key, attr string, before int64) error {
	if len(rows) == 0 {
		return nil
	}
	items, err := s.Table.BatchGet(ctx, rows, table.Strong)
	if err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(IndexWriters)
	for _, it := range items {
		stamp, _ := it.Get(attr)
		if stamp.Num() >= before {
			continue
		}
		g.Go(func() error {
			_, err := s.DeleteIf(gctx, it.Key, table.Attr{Name: attr, Value: stamp})
			return err
		})
	}
	return g.Wait()
}

// DeleteIf removes an item if an attribute is as it was read, and reports
// whether it was: otherwise the item has been written anew, or is gone.
// Atomic. 1 WCU for each KB of the item.
func (s *Writer) DeleteIf(ctx context.Context, key table.Key, attr table.Attr) (bool, error) {
	err := s.Table.Delete(ctx, table.Delete{Key: key, Cond: table.Equal(attr)})
	if _, isLost := document.AsConditionError(err); isLost {
		return false, nil
	}
	return err == nil, err
}
