package faulty

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// ErrStopped is what calls of a stopped table return, as if the process or its
// network had ended.
var ErrStopped = errors.New("stopped by the test")

// Call is one call of a table, counted from 1. A batch is as many calls as
// DynamoDB takes requests for it.
type Call struct {
	N    int
	Op   string      // "Get", "BatchGet", "Query", "Scan", "Put", "Delete", "Update", "BatchWrite" or "Transact"
	Keys []table.Key // keys that it addresses; for a query the partition alone, for a scan none
}

// Writes reports whether the call may change the table.
func (c Call) Writes() bool {
	switch c.Op {
	case "Get", "BatchGet", "Query", "Scan":
		return false
	}
	return true
}

// Fault is what becomes of a call. The zero Fault lets it pass.
type Fault struct {
	// Wait, if set, is called first; its error ends the call.
	Wait func(context.Context) error
	// Before is returned instead of making the call.
	Before error
	// Then, if set, is called when the call has been made, before it returns.
	Then func(context.Context)
	// After is returned although the call was made: its reply is lost.
	After error
}

// Plan decides the fault of each call. It is called for one call at a time.
type Plan func(Call) Fault

// StopAt makes the k-th call and all later ones fail with [ErrStopped]. If
// applied, the k-th is made all the same.
func StopAt(k int, applied bool) Plan {
	return func(c Call) Fault {
		switch {
		case c.N < k:
			return Fault{}
		case c.N == k && applied:
			return Fault{After: ErrStopped}
		}
		return Fault{Before: ErrStopped}
	}
}

// FailAt makes the k-th call alone fail with err; if applied, it is made all
// the same.
func FailAt(k int, applied bool, err error) Plan {
	return func(c Call) Fault {
		switch {
		case c.N != k:
			return Fault{}
		case applied:
			return Fault{After: err}
		}
		return Fault{Before: err}
	}
}

// Random makes a share of calls fail with err, a half of them after they were
// made. The same seed and order of calls meet the same faults.
func Random(seed uint64, rate float64, err error) Plan {
	random := rand.New(rand.NewPCG(seed, seed))
	return func(Call) Fault {
		if random.Float64() >= rate {
			return Fault{}
		}
		if random.IntN(2) == 0 {
			return Fault{Before: err}
		}
		return Fault{After: err}
	}
}

// Hang makes the k-th call wait until its context ends.
func Hang(k int) Plan {
	return func(c Call) Fault {
		if c.N != k {
			return Fault{}
		}
		return Fault{Wait: func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}}
	}
}

// Table is a table whose calls fail as planned. Init and Close pass.
type Table struct {
	inner table.Table

	mu    sync.Mutex
	plan  Plan
	calls int
}

var _ table.Table = (*Table)(nil)

// Wrap returns a table that plan makes fail; nil lets all calls pass.
func Wrap(inner table.Table, plan Plan) *Table { return &Table{inner: inner, plan: plan} }

// Calls returns how many calls there were since the last plan.
func (t *Table) Calls() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.calls
}

// SetPlan starts another plan and counts from 1 again.
func (t *Table) SetPlan(plan Plan) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.plan, t.calls = plan, 0
}

// call makes one call as planned.
func (t *Table) call(ctx context.Context, op string, keys []table.Key, do func() error) error {
	t.mu.Lock()
	t.calls++
	var f Fault
	if t.plan != nil {
		f = t.plan(Call{t.calls, op, keys})
	}
	t.mu.Unlock()
	if f.Wait != nil {
		if err := f.Wait(ctx); err != nil {
			return err
		}
	}
	if f.Before != nil {
		return f.Before
	}
	err := do()
	if f.Then != nil {
		f.Then(ctx)
	}
	if err != nil {
		return err
	}
	return f.After
}

// Init passes.
func (t *Table) Init(ctx context.Context, create bool) error { return t.inner.Init(ctx, create) }

// Close passes.
func (t *Table) Close() error { return t.inner.Close() }

// Get is one call.
func (t *Table) Get(ctx context.Context, key table.Key, c table.Consistency) (table.Item, bool, error) {
	var it table.Item
	var ok bool
	err := t.call(ctx, "Get", []table.Key{key}, func() (err error) {
		it, ok, err = t.inner.Get(ctx, key, c)
		return err
	})
	if err != nil {
		return table.Item{}, false, err
	}
	return it, ok, nil
}

// BatchGet is a call for each [table.MaxBatchGet] keys.
func (t *Table) BatchGet(ctx context.Context, keys []table.Key, c table.Consistency) ([]table.Item, error) {
	if err := table.CheckKeys(keys); err != nil {
		return nil, err
	}
	var items []table.Item
	for chunk := range slices.Chunk(keys, table.MaxBatchGet) {
		err := t.call(ctx, "BatchGet", chunk, func() error {
			got, err := t.inner.BatchGet(ctx, chunk, c)
			items = append(items, got...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return items, nil
}

// Query is one call.
func (t *Table) Query(ctx context.Context, q table.Query) (table.Page, error) {
	var page table.Page
	err := t.call(ctx, "Query", []table.Key{{PK: q.PK}}, func() (err error) {
		page, err = t.inner.Query(ctx, q)
		return err
	})
	if err != nil {
		return table.Page{}, err
	}
	return page, nil
}

// Scan is one call.
func (t *Table) Scan(ctx context.Context, s table.Scan) (table.ScanPage, error) {
	var page table.ScanPage
	err := t.call(ctx, "Scan", nil, func() (err error) {
		page, err = t.inner.Scan(ctx, s)
		return err
	})
	if err != nil {
		return table.ScanPage{}, err
	}
	return page, nil
}

// Put is one call.
func (t *Table) Put(ctx context.Context, p table.Put) error {
	return t.call(ctx, "Put", []table.Key{p.Item.Key}, func() error { return t.inner.Put(ctx, p) })
}

// Delete is one call.
func (t *Table) Delete(ctx context.Context, d table.Delete) error {
	return t.call(ctx, "Delete", []table.Key{d.Key}, func() error { return t.inner.Delete(ctx, d) })
}

// Update is one call.
func (t *Table) Update(ctx context.Context, u table.Update) (table.Item, error) {
	var it table.Item
	err := t.call(ctx, "Update", []table.Key{u.Key}, func() (err error) {
		it, err = t.inner.Update(ctx, u)
		return err
	})
	if err != nil {
		return table.Item{}, err
	}
	return it, nil
}

// BatchWrite is a call for each [table.MaxBatchWrite] items, puts first.
func (t *Table) BatchWrite(ctx context.Context, puts []table.Item, deletes []table.Key) error {
	if err := table.CheckBatchWrite(puts, deletes); err != nil {
		return err
	}
	for len(puts)+len(deletes) > 0 {
		p := min(len(puts), table.MaxBatchWrite)
		d := min(len(deletes), table.MaxBatchWrite-p)
		keys := slices.Clone(deletes[:d])
		for i := range p {
			keys = append(keys, puts[i].Key)
		}
		err := t.call(ctx, "BatchWrite", keys, func() error { return t.inner.BatchWrite(ctx, puts[:p], deletes[:d]) })
		if err != nil {
			return err
		}
		puts, deletes = puts[p:], deletes[d:]
	}
	return nil
}

// Transact is one call.
func (t *Table) Transact(ctx context.Context, token string, ops ...table.Op) error {
	keys := make([]table.Key, len(ops))
	for i, op := range ops {
		keys[i] = table.KeyOf(op)
	}
	return t.call(ctx, "Transact", keys, func() error { return t.inner.Transact(ctx, token, ops...) })
}
