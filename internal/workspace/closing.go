package workspace

import (
	"context"
	"sync/atomic"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// closingTable answers with table.ErrClosed once it is closed, whatever the
// table below does: that may be a client's that knows of no end, or be in use
// by another Store.
type closingTable struct {
	table.Table
	closed atomic.Bool
}

func (t *closingTable) check() error {
	if t.closed.Load() {
		return table.ErrClosed
	}
	return nil
}

// Exclusive, Health and Sync pass on what the table below may have.

func (t *closingTable) Exclusive() bool { return table.Exclusive(t.Table) }

func (t *closingTable) Health() error { return table.Health(t.Table) }

func (t *closingTable) Sync(ctx context.Context) error {
	if err := t.check(); err != nil {
		return err
	}
	return table.Sync(ctx, t.Table)
}

func (t *closingTable) Init(ctx context.Context, create bool) error {
	if err := t.check(); err != nil {
		return err
	}
	return t.Table.Init(ctx, create)
}

func (t *closingTable) Get(ctx context.Context, key table.Key, c table.Consistency) (table.Item, bool, error) {
	if err := t.check(); err != nil {
		return table.Item{}, false, err
	}
	return t.Table.Get(ctx, key, c)
}

func (t *closingTable) BatchGet(ctx context.Context, keys []table.Key, c table.Consistency) ([]table.Item, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	return t.Table.BatchGet(ctx, keys, c)
}

func (t *closingTable) Query(ctx context.Context, q table.Query) (table.Page, error) {
	if err := t.check(); err != nil {
		return table.Page{}, err
	}
	return t.Table.Query(ctx, q)
}

func (t *closingTable) Scan(ctx context.Context, s table.Scan) (table.ScanPage, error) {
	if err := t.check(); err != nil {
		return table.ScanPage{}, err
	}
	return t.Table.Scan(ctx, s)
}

func (t *closingTable) Put(ctx context.Context, p table.Put) error {
	if err := t.check(); err != nil {
		return err
	}
	return t.Table.Put(ctx, p)
}

func (t *closingTable) Delete(ctx context.Context, d table.Delete) error {
	if err := t.check(); err != nil {
		return err
	}
	return t.Table.Delete(ctx, d)
}

func (t *closingTable) Update(ctx context.Context, u table.Update) (table.Item, error) {
	if err := t.check(); err != nil {
		return table.Item{}, err
	}
	return t.Table.Update(ctx, u)
}

func (t *closingTable) BatchWrite(ctx context.Context, puts []table.Item, deletes []table.Key) error {
	if err := t.check(); err != nil {
		return err
	}
	return t.Table.BatchWrite(ctx, puts, deletes)
}

func (t *closingTable) Transact(ctx context.Context, token string, ops ...table.Op) error {
	if err := t.check(); err != nil {
		return err
	}
	return t.Table.Transact(ctx, token, ops...)
}

// Close ends the use of the table.
func (t *closingTable) Close() error {
	t.closed.Store(true)
	return t.Table.Close()
}
