package pebbletable

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Scan reads one page of all items, in the order of their keys, as they are at
// one moment.
func (t *Table) Scan(ctx context.Context, s table.Scan) (page table.ScanPage, err error) {
	if err := table.CheckScan(s); err != nil {
		return table.ScanPage{}, err
	}
	if err := t.use(ctx); err != nil {
		return table.ScanPage{}, err
	}
	defer t.leave(&err)
	page, size, err := t.scan(s)
	if err != nil {
		return table.ScanPage{}, err
	}
	table.Count(ctx, table.ReadUnits(size, s.Consistency), 0)
	return page, nil
}

func (t *Table) scan(s table.Scan) (page table.ScanPage, size int, err error) {
	lower := []byte{itemSpace}
	if s.After != (table.Key{}) {
		lower = append(appendKey(nil, s.After), 0)
	}
	iter, err := t.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: []byte{itemSpace + 1}})
	if err != nil {
		return table.ScanPage{}, 0, fmt.Errorf("scan: %w", err)
	}
	defer func() { err = errors.Join(err, iter.Close()) }()
	r := scanReader{pageReader: pageReader{now: t.now(), limit: s.Limit}}
	for ok := iter.First(); ok && !r.full(); ok = iter.Next() {
		if err := r.add(iter); err != nil {
			return table.ScanPage{}, 0, err
		}
	}
	if err := iter.Error(); err != nil {
		return table.ScanPage{}, 0, fmt.Errorf("scan: %w", err)
	}
	page.Items = r.page.Items
	if r.full() {
		page.Next = table.Key{PK: r.pk, SK: r.last} // as in DynamoDB, more may follow or not
	}
	return page, r.size, nil
}

// scanReader collects the items of one page, partition by partition.
type scanReader struct {
	pageReader
	partition []byte // what the keys of the partition begin with
}

func (r *scanReader) add(iter *pebble.Iterator) error {
	k := iter.Key()
	if r.partition == nil || !bytes.HasPrefix(k, r.partition) {
		pk, n, ok := splitPartition(k)
		if !ok {
			return errCorrupt
		}
		r.pk, r.prefix, r.partition = pk, n, bytes.Clone(k[:n])
	}
	return r.pageReader.add(iter)
}
