package pebbletable

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// document is an item like a run's head.
func document(sk string) table.Item {
	it := item(sk)
	for i := range 10 {
		it.Set(fmt.Sprintf("tag.%d", i), table.String(strings.Repeat("v", 20)))
	}
	it.Set("params", table.Map([]string{"batch_size", "32", "lr", "0.001", "optimizer", "adam"}))
	it.Set("rev", table.Number(7))
	return it
}

func benchTable(b *testing.B, dir bool) *Table {
	b.Helper()
	var tab *Table
	var err error
	if dir {
		tab, err = Open(b.TempDir(), Options{})
	} else {
		tab, err = OpenMemory(Options{})
	}
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, tab.Close()) })
	require.NoError(b, tab.Init(b.Context(), true))
	return tab
}

func BenchmarkDecode(b *testing.B) {
	it := document("s")
	s := string(appendItem(nil, it, it.Size()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decodeItem(it.Key, s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	it := document("s")
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = appendItem(buf[:0], it, it.Size())
	}
}

func BenchmarkGet(b *testing.B) {
	tab := benchTable(b, false)
	fill(b, tab, 1000)
	k := document("0500").Key
	b.ReportAllocs()
	for b.Loop() {
		if _, ok, err := tab.Get(b.Context(), k, table.Strong); err != nil || !ok {
			b.Fatal(ok, err)
		}
	}
}

func fill(b *testing.B, tab *Table, n int) []table.Key {
	b.Helper()
	var items []table.Item
	var keys []table.Key
	for i := range n {
		items = append(items, document(fmt.Sprintf("%04d", i)))
		keys = append(keys, items[i].Key)
	}
	require.NoError(b, tab.BatchWrite(b.Context(), items, nil))
	return keys
}

func BenchmarkBatchGet100(b *testing.B) {
	tab := benchTable(b, false)
	keys := fill(b, tab, 1000)[300:400]
	b.ReportAllocs()
	for b.Loop() {
		if items, err := tab.BatchGet(b.Context(), keys, table.Strong); err != nil || len(items) != len(keys) {
			b.Fatal(len(items), err)
		}
	}
}

func BenchmarkQuery100(b *testing.B) {
	tab := benchTable(b, false)
	fill(b, tab, 1000)
	b.ReportAllocs()
	for b.Loop() {
		page, err := tab.Query(b.Context(), table.Query{PK: "p", From: "0300", To: "9", Limit: 100})
		if err != nil || len(page.Items) != 100 {
			b.Fatal(len(page.Items), err)
		}
	}
}

// BenchmarkPut measures conditional writes: in memory the CPU they take, in a
// directory the syncs that parallel writers share.
func BenchmarkPut(b *testing.B) {
	for _, dir := range []bool{false, true} {
		for _, parallel := range []int{1, 16} {
			b.Run(fmt.Sprintf("dir=%v/writers=%d", dir, parallel), func(b *testing.B) {
				tab := benchTable(b, dir)
				var n atomic.Int64
				b.SetParallelism((parallel + 1) / 2)
				b.ReportAllocs()
				put := func() {
					it := document(fmt.Sprintf("%09d", n.Add(1)))
					if err := tab.Put(b.Context(), table.Put{Item: it, Cond: table.Absent()}); err != nil {
						b.Error(err)
					}
				}
				if parallel == 1 {
					for b.Loop() {
						put()
					}
					return
				}
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						put()
					}
				})
			})
		}
	}
}

// BenchmarkRaise raises 20 registers of an item that has 100.
func BenchmarkRaise(b *testing.B) {
	tab := benchTable(b, false)
	it := item("METRICS")
	for i := range 100 {
		it.Set(fmt.Sprintf("m.metric%02d", i), table.Bytes(strings.Repeat("\x00", 24)))
	}
	require.NoError(b, tab.Put(b.Context(), table.Put{Item: it}))
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		u := table.Update{Key: it.Key, Cond: table.Exists()}
		for i := range 20 {
			u.Raise = append(u.Raise, table.Attr{Name: it.Attrs[i].Name, Value: table.Bytes(fmt.Sprintf("%024d", n))})
		}
		if _, err := tab.Update(b.Context(), u); err != nil {
			b.Fatal(err)
		}
	}
}
