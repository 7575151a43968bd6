package table_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestNumberSize holds the sizes that DynamoDB Local counts.
func TestNumberSize(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]int{
		0: 1, 1: 2, 9: 2, 10: 2, 12: 2, 100: 2, 101: 3, 120: 3, 123: 3, 1000: 2, 1234: 3, 12345: 4, 123456: 4,
		-1: 3, -12: 3, -10: 3, -100: 3, -120: 4, -123: 4, -1000: 3, -1234: 4, 1000000: 2, 1000001: 5, 10000010: 5,
		1700000000: 2, 1700000001: 6, 999999999999999999: 10, 1<<63 - 1: 11, -1 << 63: 12,
	} {
		require.Equal(t, want, table.Number(n).Size(), n)
	}
}

func TestValueSize(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		v    table.Value
		want int
	}{
		{"string", table.String("é"), 2},
		{"bytes", table.Bytes("\x00\x01\x02"), 3},
		{"empty list", table.List(nil), 3},
		{"list", table.List([]string{"a", "b"}), 7},
		{"empty map", table.Map(nil), 3},
		{"map", table.Map([]string{"a", "b", "ccc", "dddd"}), 14},
	} {
		require.Equal(t, tt.want, tt.v.Size(), tt.name)
	}
	it := table.NewItem(table.Key{PK: "p", SK: "sk"}, table.Attr{Name: "name", Value: table.String("value")})
	require.Equal(t, 2+1+2+2+4+5, it.Size())
}

func TestUnits(t *testing.T) {
	t.Parallel()
	require.Zero(t, table.ReadUnits(0, table.Strong))
	require.InDelta(t, 1, table.ReadUnits(4096, table.Strong), 0)
	require.InDelta(t, 1, table.ReadUnits(4097, table.Eventual), 0)
	require.InDelta(t, 1, table.WriteUnits(0, 0), 0)
	require.InDelta(t, 2, table.WriteUnits(1025, 3), 0)
}

func TestMeter(t *testing.T) {
	t.Parallel()
	var outer, inner table.Meter
	ctx := table.WithMeter(table.WithMeter(t.Context(), &outer), &inner)
	table.Count(ctx, 0.5, 0)
	table.Count(ctx, 1, 3)
	want := table.Units{Requests: 2, Read: 1.5, Write: 3}
	require.Equal(t, want, inner.Units())
	require.Equal(t, want, outer.Units())
	require.Equal(t, "2 requests, 1.5 RCU, 3 WCU", want.String())
	inner.Reset()
	require.Zero(t, inner.Units())
	table.Count(t.Context(), 1, 1) // without a meter
	require.Equal(t, want, outer.Units())
}

func TestItem(t *testing.T) {
	t.Parallel()
	it := table.NewItem(table.Key{PK: "p", SK: "s"}, table.Attr{Name: "b", Value: table.Number(2)}, table.Attr{Name: "a", Value: table.String("x")})
	clone := it.Clone()
	clone.Set("c", table.Bytes("y"))
	clone.Set("a", table.String("z"))
	clone.Remove("b")
	clone.Remove("none")
	require.Equal(t, "x", it.Str("a"))
	require.EqualValues(t, 2, it.Num("b"))
	require.Equal(t, "z", clone.Str("a"))
	require.False(t, it.Equal(clone))
	require.Len(t, clone.Attrs, 2)
	require.False(t, it.ExpiredAt(1<<62))
	it.Set(table.TTLAttr, table.Number(10))
	require.False(t, it.ExpiredAt(9))
	require.True(t, it.ExpiredAt(10))
	require.True(t, table.Item{}.IsZero())
}

func TestQueryEmpty(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		q              table.Query
		empty, resumes bool
	}{
		{table.Query{From: "b", To: "d"}, false, false},
		{table.Query{From: "d", To: "b"}, true, false},
		{table.Query{From: "b", To: "d", After: "a"}, false, false},
		{table.Query{From: "b", To: "d", After: "b"}, false, true},
		{table.Query{From: "b", To: "d", After: "d"}, true, true},
		{table.Query{From: "b", To: "d", After: "e", Descending: true}, false, false},
		{table.Query{From: "b", To: "d", After: "d", Descending: true}, false, true},
		{table.Query{From: "b", To: "d", After: "b", Descending: true}, true, true},
	} {
		require.Equal(t, tt.empty, tt.q.Empty(), "%+v", tt.q)
		require.Equal(t, tt.resumes, tt.q.Resumes(), "%+v", tt.q)
	}
}
