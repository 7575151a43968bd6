// Package tabletest is the conformance suite of [table.Table]: every backend
// passes it, so that what is tested on one holds on the other.
package tabletest

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Clock is the time a table is told. It can only be put forward: DynamoDB
// really removes what has expired by its own clock, and tests must not see
// that. The zero Clock shows the real time.
type Clock struct{ ahead atomic.Int64 }

// Now returns the time.
func (c *Clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// Advance puts the clock forward.
func (c *Clock) Advance(d time.Duration) { c.ahead.Add(int64(d)) }

// Unix returns the time in epoch seconds.
func (c *Clock) Unix() int64 { return c.Now().Unix() }

// Harness makes the tables of one backend.
type Harness struct {
	// New returns an empty table that Init has made, and its clock. It
	// registers its own cleanup.
	New func(t *testing.T) (table.Table, *Clock)
	// Absent returns n handles of one table that does not exist yet. They may
	// be the same.
	Absent func(t *testing.T, n int) []table.Table
	// Faulty says that requests fail now and then and are repeated, so that
	// units are not compared.
	Faulty bool
}

// fixture is what one case works with.
type fixture struct {
	table.Table
	h     Harness
	clock *Clock
}

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	t.Helper()
	for _, topic := range []struct {
		name  string
		cases map[string]func(*testing.T, fixture)
	}{
		{"put", putCases()},
		{"condition", conditionCases()},
		{"update", updateCases()},
		{"query", queryCases()},
		{"scan", scanCases()},
		{"batch", batchCases()},
		{"transact", transactCases()},
		{"expiry", expiryCases()},
		{"limits", limitCases()},
		{"units", unitCases()},
		{"concurrent", concurrentCases()},
		{"init", initCases()},
	} {
		t.Run(topic.name, func(t *testing.T) {
			t.Parallel()
			for name, run := range topic.cases {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					tab, clock := h.New(t)
					run(t, fixture{tab, h, clock})
				})
			}
		})
	}
}

// spends runs f and compares what it costs.
func (f fixture) spends(t *testing.T, requests int64, read, write float64, do func(ctx context.Context)) {
	t.Helper()
	var m table.Meter
	do(table.WithMeter(t.Context(), &m))
	if f.h.Faulty {
		return
	}
	require.Equal(t, table.Units{Requests: requests, Read: read, Write: write}, m.Units())
}

// mustPut stores items without a condition.
func (f fixture) mustPut(t *testing.T, items ...table.Item) {
	t.Helper()
	for _, it := range items {
		require.NoError(t, f.Put(t.Context(), table.Put{Item: it}))
	}
}

// has requires that exactly it is stored under its key.
func (f fixture) has(t *testing.T, it table.Item) {
	t.Helper()
	got, ok, err := f.Get(t.Context(), it.Key, table.Strong)
	require.NoError(t, err)
	require.True(t, ok, "%v", it.Key)
	equalItem(t, it, got)
}

// lacks requires that nothing is stored under the key.
func (f fixture) lacks(t *testing.T, key table.Key) {
	t.Helper()
	got, ok, err := f.Get(t.Context(), key, table.Strong)
	require.NoError(t, err)
	require.False(t, ok, "%v", got)
}

// equalItem compares items; a list or map without elements may be nil or not.
func equalItem(t *testing.T, want, got table.Item) {
	t.Helper()
	require.True(t, want.Equal(got), "want %v\ngot %v", want, got)
}

// fails requires a failed condition that comes with the item, or with none.
func fails(t *testing.T, err error, key table.Key, was *table.Item) {
	t.Helper()
	var ce *table.ConditionError
	require.ErrorAs(t, err, &ce)
	sameFailure(t, ce, key, was)
}

func sameFailure(t *testing.T, ce *table.ConditionError, key table.Key, was *table.Item) {
	t.Helper()
	require.Equal(t, key, ce.Key)
	require.Equal(t, was != nil, ce.Found)
	if was != nil {
		equalItem(t, *was, ce.Item)
	}
}

func key(pk, sk string) table.Key { return table.Key{PK: pk, SK: sk} }

func str(name, s string) table.Attr { return table.Attr{Name: name, Value: table.String(s)} }

func num(name string, n int64) table.Attr { return table.Attr{Name: name, Value: table.Number(n)} }

func bin(name, b string) table.Attr { return table.Attr{Name: name, Value: table.Bytes(b)} }

func ttl(unix int64) table.Attr { return num(table.TTLAttr, unix) }

func item(pk, sk string, attrs ...table.Attr) table.Item {
	return table.NewItem(key(pk, sk), attrs...)
}
