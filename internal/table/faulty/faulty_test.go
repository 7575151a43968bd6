package faulty_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/dynamo"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

func TestMain(m *testing.M) { ddblocal.Main(m) }

// TestConformance runs the suite over a client that meets every fault that
// DynamoDB Local never shows.
func TestConformance(t *testing.T) {
	t.Parallel()
	in := faulty.New(1, faulty.Rates{
		Throttle: 0.1, ServerError: 0.1, Conflict: 0.2, Lost: 0.2, Unprocessed: 0.5, Slow: 0.05, SlowFor: time.Millisecond,
	})
	t.Cleanup(func() { require.Positive(t, in.Faults()) })
	tabletest.Run(t, tabletest.Harness{
		Faulty: true,
		New: func(t *testing.T) (table.Table, *tabletest.Clock) {
			clock := &tabletest.Clock{}
			return ddblocal.NewTableWith(t, faulty.Options(clock.Now), in.Configure), clock
		},
		Absent: func(t *testing.T, n int) []table.Table {
			name := ddblocal.Name(t)
			tables := make([]table.Table, n)
			for i := range tables {
				tables[i] = dynamo.New(ddblocal.Client(t, in.Configure), name, faulty.Options(nil))
			}
			return tables
		},
	})
}

func put(sk string) table.Put {
	return table.Put{Item: table.NewItem(table.Key{PK: "p", SK: sk}, table.Attr{Name: "a", Value: table.String(sk)})}
}

// TestExhausted: faults that do not end come back as their class.
func TestExhausted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		rates faulty.Rates
		call  func(context.Context, table.Table) error
		want  error
	}{
		{"throttle", faulty.Rates{Throttle: 1}, func(ctx context.Context, tab table.Table) error {
			return tab.Put(ctx, put("s"))
		}, table.ErrThrottled},
		{"conflict", faulty.Rates{Conflict: 1}, func(ctx context.Context, tab table.Table) error {
			return tab.Put(ctx, put("s"))
		}, table.ErrConflict},
		{"transaction", faulty.Rates{Conflict: 1}, func(ctx context.Context, tab table.Table) error {
			return tab.Transact(ctx, "t", put("s"))
		}, table.ErrConflict},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := faulty.New(1, tt.rates)
			tab := dynamo.New(ddblocal.Client(t, in.Configure), "none", faulty.Options(nil))
			require.ErrorIs(t, tt.call(t.Context(), tab), tt.want)
			require.Greater(t, in.Faults(), 1)
		})
	}
}

// TestSlow: a call that takes too long ends with its context, whose error
// comes back bare.
func TestSlow(t *testing.T) {
	t.Parallel()
	in := faulty.New(1, faulty.Rates{Slow: 1, SlowFor: time.Hour})
	tab := dynamo.New(ddblocal.Client(t, in.Configure), "none", faulty.Options(nil))
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	require.Equal(t, context.DeadlineExceeded, tab.Put(ctx, put("s")))
}

func memory(t *testing.T) *pebbletable.Table {
	t.Helper()
	tab, err := pebbletable.OpenMemory(pebbletable.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tab.Close()) })
	require.NoError(t, tab.Init(t.Context(), true))
	return tab
}

func sortKeys(t *testing.T, tab table.Table) []string {
	t.Helper()
	var sks []string
	for it, err := range table.Items(t.Context(), tab, table.Query{PK: "p", To: "z"}) {
		require.NoError(t, err)
		sks = append(sks, it.Key.SK)
	}
	return sks
}

func TestStopAt(t *testing.T) {
	t.Parallel()
	for _, applied := range []bool{false, true} {
		inner := memory(t)
		tab := faulty.Wrap(inner, faulty.StopAt(2, applied))
		require.NoError(t, tab.Put(t.Context(), put("1")))
		require.ErrorIs(t, tab.Put(t.Context(), put("2")), faulty.ErrStopped)
		require.ErrorIs(t, tab.Put(t.Context(), put("3")), faulty.ErrStopped)
		_, _, err := tab.Get(t.Context(), put("1").Item.Key, table.Strong)
		require.ErrorIs(t, err, faulty.ErrStopped)
		require.Equal(t, 4, tab.Calls())
		want := []string{"1"}
		if applied {
			want = append(want, "2")
		}
		require.Equal(t, want, sortKeys(t, inner))
	}
}

// TestBatchCalls: a batch can stop between its requests.
func TestBatchCalls(t *testing.T) {
	t.Parallel()
	var puts []table.Item
	for i := range 60 {
		puts = append(puts, put(fmt.Sprintf("%02d", i)).Item)
	}
	inner := memory(t)
	tab := faulty.Wrap(inner, faulty.StopAt(2, true))
	require.ErrorIs(t, tab.BatchWrite(t.Context(), puts, nil), faulty.ErrStopped)
	require.Len(t, sortKeys(t, inner), 50)
	tab.SetPlan(nil)
	require.NoError(t, tab.BatchWrite(t.Context(), puts, nil))
	require.Equal(t, 3, tab.Calls())
}

func TestPlans(t *testing.T) {
	t.Parallel()
	errInjected := errors.New("injected")
	tab := faulty.Wrap(memory(t), faulty.FailAt(1, true, errInjected))
	require.ErrorIs(t, tab.Put(t.Context(), put("1")), errInjected)
	require.Equal(t, []string{"1"}, sortKeys(t, tab))

	faults := func() (got []bool) {
		plan := faulty.Random(7, 0.5, errInjected)
		for range 50 {
			got = append(got, plan(faulty.Call{}).Before != nil)
		}
		return got
	}
	first := faults()
	require.Equal(t, first, faults())

	tab.SetPlan(faulty.Hang(1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, context.Canceled, tab.Put(ctx, put("2")))
}

// TestWrapConformance: without a plan a wrapped table is as good as its table.
func TestWrapConformance(t *testing.T) {
	t.Parallel()
	tabletest.Run(t, tabletest.Harness{
		New: func(t *testing.T) (table.Table, *tabletest.Clock) {
			clock := &tabletest.Clock{}
			inner, err := pebbletable.OpenMemory(pebbletable.Options{Clock: clock.Now})
			require.NoError(t, err)
			t.Cleanup(func() { inner.Close() }) //nolint:errcheck // a case may have closed it
			require.NoError(t, inner.Init(t.Context(), true))
			return faulty.Wrap(inner, nil), clock
		},
		Absent: func(t *testing.T, n int) []table.Table {
			inner, err := pebbletable.OpenMemory(pebbletable.Options{})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, inner.Close()) })
			tables := make([]table.Table, n)
			for i := range tables {
				tables[i] = faulty.Wrap(inner, nil)
			}
			return tables
		},
	})
}
