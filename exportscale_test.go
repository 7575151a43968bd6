package dynamodbstore

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/point"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// PutCopies writes what searches by one metric find of n copies of a settled
// run: their list rows, and the index rows of that metric, whose value each
// copy has of its own. The copies start a second apart, after the run.
func PutCopies(ctx context.Context, s *Store, runID, metric string, n int, value func(i int) float64) error {
	l, err := s.fence.Load(ctx, runID)
	if err != nil {
		return err
	}
	rules, err := s.fence.IndexRules(ctx, l.Head.Exp)
	if err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(index.IndexWriters)
	items := make([]table.Item, 0, 2*n)
	for i := range n {
		h, m := l.Head.Clone(), Metric{Key: metric, Value: value(i)}
		h.ID = fmt.Sprintf("%032x", i)
		h.Start += int64(i+1) * 1000
		c := &run.Loaded{Head: h, Registers: slices.Clone(l.Registers), Closed: true}
		c.Registers[slices.Index(c.Registers, metric)+1] = point.NewRegister(&m)
		row := run.New(s.view).ClosedList(c)
		row.Set(keys.Indexed, table.List(rules.List))
		index := table.Key{
			PK: s.view.Keys.IndexPK(h.Exp, keys.IndexMetric, metric),
			SK: keys.IndexSK(keys.Metric(m.Value), keys.RunRowSK(h.Start, h.ID)),
		}
		items = append(items, row, table.NewItem(index, table.Attr{Name: keys.Gen, Value: table.Number(h.Gen)}))
	}
	for batch := range slices.Chunk(items, table.MaxBatchWrite) {
		g.Go(func() error { return s.view.Table.BatchWrite(gctx, batch, nil) })
	}
	return g.Wait()
}
