package pebbletable

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Get reads one item.
func (t *Table) Get(ctx context.Context, key table.Key, c table.Consistency) (it table.Item, ok bool, err error) {
	if err := table.CheckKey(key); err != nil {
		return table.Item{}, false, err
	}
	if err := t.use(ctx); err != nil {
		return table.Item{}, false, err
	}
	defer t.leave(&err)
	it, ok, size, err := t.get(key, t.now())
	if err != nil {
		return table.Item{}, false, err
	}
	table.Count(ctx, table.ReadUnits(max(size, 1), c), 0)
	return it, ok, nil
}

// get reads an unexpired item. Size is that of the stored item, expired or
// not, 0 if there is none.
func (t *Table) get(key table.Key, now int64) (it table.Item, ok bool, size int, err error) {
	buf := t.buffers.get()
	defer t.buffers.put(buf)
	buf.b = appendKey(buf.b, key)
	v, closer, err := t.db.Get(buf.b)
	if errors.Is(err, pebble.ErrNotFound) {
		return table.Item{}, false, 0, nil
	}
	if err != nil {
		return table.Item{}, false, 0, fmt.Errorf("get item: %w", err)
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	h, err := readHeader(v)
	if err != nil {
		return table.Item{}, false, 0, err
	}
	if h.expiredAt(now) {
		return table.Item{}, false, h.size, nil
	}
	it, err = decodeItem(key, string(v))
	return it, err == nil, h.size, err
}

// BatchGet reads any number of items, each as it is when it is read.
func (t *Table) BatchGet(ctx context.Context, keys []table.Key, c table.Consistency) (items []table.Item, err error) {
	if err := table.CheckKeys(keys); err != nil {
		return nil, err
	}
	if err := t.use(ctx); err != nil {
		return nil, err
	}
	defer t.leave(&err)
	now := t.now()
	items = make([]table.Item, 0, len(keys))
	for chunk := range slices.Chunk(keys, table.MaxBatchGet) {
		var units float64
		for _, key := range chunk {
			it, ok, size, err := t.get(key, now)
			if err != nil {
				return nil, err
			}
			if ok {
				items = append(items, it)
			}
			units += table.ReadUnits(max(size, 1), c)
		}
		table.Count(ctx, units, 0)
	}
	return items, nil
}

// Query reads one page of a range of one partition, as it is at one moment.
func (t *Table) Query(ctx context.Context, q table.Query) (page table.Page, err error) {
	if err := table.CheckQuery(q); err != nil {
		return table.Page{}, err
	}
	if err := t.use(ctx); err != nil {
		return table.Page{}, err
	}
	defer t.leave(&err)
	if q.Empty() {
		return table.Page{}, nil
	}
	page, size, err := t.query(q)
	if err != nil {
		return table.Page{}, err
	}
	table.Count(ctx, table.ReadUnits(size, q.Consistency), 0)
	return page, nil
}

func (t *Table) query(q table.Query) (page table.Page, size int, err error) {
	buf := t.buffers.get()
	defer t.buffers.put(buf)
	lower, upper, prefix := buf.bounds(q)
	iter, err := t.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return table.Page{}, 0, fmt.Errorf("query: %w", err)
	}
	defer func() { err = errors.Join(err, iter.Close()) }()
	start, move := iter.First, iter.Next
	if q.Descending {
		start, move = iter.Last, iter.Prev
	}
	r := pageReader{pk: q.PK, prefix: prefix, now: t.now(), limit: q.Limit}
	for ok := start(); ok && !r.full(); ok = move() {
		if err := r.add(iter); err != nil {
			return table.Page{}, 0, err
		}
	}
	if q.After = r.last; r.full() && !q.Empty() {
		r.page.Next = r.last // as in DynamoDB, more may follow or not
	}
	return r.page, r.size, nil
}

// bounds builds the bounds of the query in the buffer. Sort keys follow the
// first prefix bytes of each key in it.
func (buf *buffer) bounds(q table.Query) (lower, upper []byte, prefix int) {
	from, fromOpen, to, toOpen := q.From, false, q.To, false
	if q.Resumes() {
		if q.Descending {
			to, toOpen = q.After, true
		} else {
			from, fromOpen = q.After, true
		}
	}
	b := appendPartition(buf.b, q.PK)
	prefix = len(b)
	b = append(b, from...)
	if fromOpen {
		b = append(b, 0)
	}
	n := len(b)
	b = append(b, b[:prefix]...)
	b = append(b, to...)
	if !toOpen {
		b = append(b, 0)
	}
	buf.b = b
	return b[:n:n], b[n:], prefix
}

// pageReader collects the items of one page.
type pageReader struct {
	pk     string
	prefix int
	now    int64
	limit  int

	page table.Page
	size int    // of all items read, expired ones included
	read int    // number of items read, expired ones included
	last string // sort key read last
}

// full reports whether the page takes no more: DynamoDB ends a page with the
// item that reaches the limit.
func (r *pageReader) full() bool {
	return r.size >= table.MaxPageBytes || r.limit > 0 && r.read >= r.limit
}

func (r *pageReader) add(iter *pebble.Iterator) error {
	v, err := iter.ValueAndErr()
	if err != nil {
		return fmt.Errorf("query: %w", err)
	}
	h, err := readHeader(v)
	if err != nil {
		return err
	}
	sk := iter.Key()[r.prefix:]
	r.read++
	r.size += h.size
	if h.expiredAt(r.now) {
		r.last = string(sk)
		return nil
	}
	b := make([]byte, 0, len(sk)+len(v))
	s := asString(append(append(b, sk...), v...))
	r.last = s[:len(sk)]
	it, err := decodeItem(table.Key{PK: r.pk, SK: r.last}, s[len(sk):])
	if err != nil {
		return err
	}
	r.page.Items = append(r.page.Items, it)
	return nil
}
