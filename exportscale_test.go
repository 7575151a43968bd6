package dynamodbstore

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// PutCopies writes what searches by one metric find of n copies of a settled
// run: their list rows, and the index rows of that metric, whose value each
// copy has of its own. The copies start a second apart, after the run.
func PutCopies(ctx context.Context, s *Store, run, metric string, n int, value func(i int) float64) error {
	l, err := s.loadRun(ctx, run)
	if err != nil {
		return err
	}
	rules, err := s.indexRules(ctx, l.head.exp)
	if err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(indexWriters)
	items := make([]table.Item, 0, 2*n)
	for i := range n {
		h, m := l.head.clone(), Metric{Key: metric, Value: value(i)}
		h.id = fmt.Sprintf("%032x", i)
		h.start += int64(i+1) * 1000
		c := &loadedRun{head: h, registers: slices.Clone(l.registers), closed: true}
		c.registers[slices.Index(c.registers, metric)+1] = newRegister(&m)
		row := s.closedListRow(c)
		row.Set(keys.Indexed, table.List(rules.list))
		index := table.Key{
			PK: s.ks.IndexPK(h.exp, keys.IndexMetric, metric),
			SK: keys.IndexSK(keys.Metric(m.Value), keys.RunRowSK(h.start, h.id)),
		}
		items = append(items, row, table.NewItem(index, table.Attr{Name: keys.Gen, Value: table.Number(h.gen)}))
	}
	for batch := range slices.Chunk(items, table.MaxBatchWrite) {
		g.Go(func() error { return s.t.BatchWrite(gctx, batch, nil) })
	}
	return g.Wait()
}
