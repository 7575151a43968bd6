package dynamo

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// each runs f for all requests of a batch, some at a time, and returns the
// first error.
func each[T any](ctx context.Context, t *Table, requests [][]T, f func(ctx context.Context, i int) error) error {
	if len(requests) == 1 {
		return f(ctx, 0)
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(t.opts.Concurrency)
	for i := range requests {
		g.Go(func() error { return f(gctx, i) })
	}
	return g.Wait()
}

// pauseForRest is [Table.pause] before what a batch left unprocessed is asked
// for again. Batches that did nothing at all so many times in a row as a
// conflicting write is tried are an error that wraps [table.ErrThrottled]:
// callers without a deadline must not wait for ever.
func (t *Table) pauseForRest(ctx context.Context, attempt int) error {
	if attempt >= t.opts.ConflictAttempts {
		return fmt.Errorf("%w: a batch stays unprocessed", table.ErrThrottled)
	}
	return t.pause(ctx, attempt)
}

// BatchGet reads items with BatchGetItem, and asks again for keys that it
// leaves unprocessed, until the context ends or none is processed any more.
func (t *Table) BatchGet(ctx context.Context, keys []table.Key, c table.Consistency) ([]table.Item, error) {
	if err := table.CheckKeys(keys); err != nil {
		return nil, err
	}
	if err := t.use(ctx); err != nil {
		return nil, err
	}
	now := t.now()
	requests := slices.Collect(slices.Chunk(keys, table.MaxBatchGet))
	found := make([][]table.Item, len(requests))
	err := each(ctx, t, requests, func(ctx context.Context, i int) error {
		var err error
		found[i], err = t.batchGet(ctx, requests[i], c)
		return err
	})
	if err != nil {
		return nil, err
	}
	items := slices.Concat(found...)
	return slices.DeleteFunc(items, func(it table.Item) bool { return it.ExpiredAt(now) }), nil
}

func (t *Table) batchGet(ctx context.Context, keys []table.Key, c table.Consistency) ([]table.Item, error) {
	pending := make([]map[string]types.AttributeValue, len(keys))
	for i, k := range keys {
		pending[i] = encodeKey(k)
	}
	items := make([]table.Item, 0, len(keys))
	for attempt := 1; ; attempt++ {
		got, rest, err := t.batchGetOnce(ctx, pending, c)
		if err != nil {
			return nil, err
		}
		items = append(items, got...)
		if len(rest) == 0 {
			return items, nil
		}
		if len(rest) < len(pending) {
			attempt = 1
		}
		if err := t.pauseForRest(ctx, attempt); err != nil {
			return nil, err
		}
		pending = rest
	}
}

// batchGetOnce makes one request and returns its items and the keys it left
// unprocessed.
func (t *Table) batchGetOnce(
	ctx context.Context, keys []map[string]types.AttributeValue, c table.Consistency,
) ([]table.Item, []map[string]types.AttributeValue, error) {
	in := &dynamodb.BatchGetItemInput{
		RequestItems:           map[string]types.KeysAndAttributes{t.name: {Keys: keys, ConsistentRead: consistent(c)}},
		ReturnConsumedCapacity: total,
	}
	out, err := try(ctx, t, func(ctx context.Context) (*dynamodb.BatchGetItemOutput, error) { return t.api.BatchGetItem(ctx, in) })
	if err != nil {
		return nil, nil, err
	}
	rest := out.UnprocessedKeys[t.name].Keys
	items := make([]table.Item, 0, len(out.Responses[t.name]))
	var least float64 // DynamoDB Local does not count keys without an item
	for _, av := range out.Responses[t.name] {
		it, err := decodeItem(av)
		if err != nil {
			return nil, nil, err
		}
		items = append(items, it)
		least += table.ReadUnits(it.Size(), c)
	}
	least += float64(len(keys)-len(items)-len(rest)) * table.ReadUnits(1, c)
	table.Count(ctx, max(sum(out.ConsumedCapacity), least), 0)
	return items, rest, nil
}

// BatchWrite writes items with BatchWriteItem, and sends again what it leaves
// unprocessed, until the context ends or none is processed any more. Each item
// is written atomically, the batch is not.
func (t *Table) BatchWrite(ctx context.Context, puts []table.Item, deletes []table.Key) error {
	if err := table.CheckBatchWrite(puts, deletes); err != nil {
		return err
	}
	if err := t.use(ctx); err != nil {
		return err
	}
	writes := make([]types.WriteRequest, 0, len(puts)+len(deletes))
	for _, it := range puts {
		writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: encodeItem(it)}})
	}
	for _, k := range deletes {
		writes = append(writes, types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: encodeKey(k)}})
	}
	requests := slices.Collect(slices.Chunk(writes, table.MaxBatchWrite))
	return each(ctx, t, requests, func(ctx context.Context, i int) error { return t.batchWrite(ctx, requests[i]) })
}

func (t *Table) batchWrite(ctx context.Context, pending []types.WriteRequest) error {
	for attempt := 1; ; attempt++ {
		in := &dynamodb.BatchWriteItemInput{
			RequestItems:           map[string][]types.WriteRequest{t.name: pending},
			ReturnConsumedCapacity: total,
		}
		out, err := try(ctx, t, func(ctx context.Context) (*dynamodb.BatchWriteItemOutput, error) {
			return t.api.BatchWriteItem(ctx, in)
		})
		if err != nil {
			return err
		}
		table.Count(ctx, 0, sum(out.ConsumedCapacity))
		rest := out.UnprocessedItems[t.name]
		if len(rest) == 0 {
			return nil
		}
		if len(rest) < len(pending) {
			attempt = 1
		}
		if err := t.pauseForRest(ctx, attempt); err != nil {
			return err
		}
		pending = rest
	}
}

// sum adds up the units of a reply.
func sum(ccs []types.ConsumedCapacity) float64 {
	var n float64
	for i := range ccs {
		n += units(&ccs[i])
	}
	return n
}
