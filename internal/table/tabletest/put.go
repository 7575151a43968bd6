package tabletest

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

func putCases() map[string]func(*testing.T, fixture) {
	return map[string]func(*testing.T, fixture){
		"absent": func(t *testing.T, f fixture) { f.lacks(t, key("p", "s")) },
		"every kind": func(t *testing.T, f fixture) {
			it := everyKind("p", "s")
			f.mustPut(t, it)
			f.has(t, it)
			got, ok, err := f.Get(t.Context(), it.Key, table.Eventual)
			require.NoError(t, err)
			require.True(t, ok)
			equalItem(t, it, got)
		},
		"replaces all attributes": func(t *testing.T, f fixture) {
			f.mustPut(t, item("p", "s", str("a", "1"), str("b", "2")), item("p", "s", str("c", "3")))
			f.has(t, item("p", "s", str("c", "3")))
		},
		"key only": func(t *testing.T, f fixture) {
			f.mustPut(t, item("p", "s"))
			f.has(t, item("p", "s"))
		},
		"delete": func(t *testing.T, f fixture) {
			f.mustPut(t, item("p", "s"), item("p", "s2"))
			require.NoError(t, f.Delete(t.Context(), table.Delete{Key: key("p", "s")}))
			f.lacks(t, key("p", "s"))
			f.has(t, item("p", "s2"))
			require.NoError(t, f.Delete(t.Context(), table.Delete{Key: key("p", "s")}), "a second time")
		},
		"keys apart": keysApart,
		"closed":     closedTable,
	}
}

func everyKind(pk, sk string) table.Item {
	return item(pk, sk,
		str("string", "grüße\x00"), str("empty", ""), str("ttl_like", "x"), str("key", "a reserved word"), str("a.b", "dot"),
		num("zero", 0), num("one", 1), num("min", math.MinInt64), num("max", math.MaxInt64), num("round", 1e18), num("neg", -1200),
		bin("bytes", "\x00\xff\xfe"), bin("no_bytes", ""),
		table.Attr{Name: "list", Value: table.List([]string{"b", "", "a"})},
		table.Attr{Name: "no_list", Value: table.List(nil)},
		table.Attr{Name: "map", Value: table.Map([]string{"a", "1", "é", ""})},
		table.Attr{Name: "no_map", Value: table.Map(nil)},
	)
}

// keysApart stores items whose keys would collide if they were just joined.
func keysApart(t *testing.T, f fixture) {
	items := []table.Item{
		item("a", "b"), item("ab", "c"), item("a", "bc"), item("a\x00", "b"), item("a", "\x00b"), item("a\x00\x01", "b"),
		item("a\x00\x01b", "c"), item("a\x00b", "c"), item("a", "\x01b"), item("a", "\x00\x01b"),
	}
	for i := range items {
		items[i].Set("i", table.Number(int64(i)))
	}
	f.mustPut(t, items...)
	for _, it := range items {
		f.has(t, it)
	}
	page, err := f.Query(t.Context(), table.Query{PK: "a", To: "\x7f"})
	require.NoError(t, err)
	var got []string
	for _, it := range page.Items {
		got = append(got, it.Key.SK)
	}
	require.Equal(t, []string{"\x00\x01b", "\x00b", "\x01b", "b", "bc"}, got)
}

func closedTable(t *testing.T, f fixture) {
	ctx := t.Context()
	f.mustPut(t, item("p", "s"))
	require.NoError(t, f.Close())
	calls := map[string]func() error{
		"get":      func() error { _, _, err := f.Get(ctx, key("p", "s"), table.Strong); return err },
		"batchget": func() error { _, err := f.BatchGet(ctx, []table.Key{key("p", "s")}, table.Strong); return err },
		"query":    func() error { _, err := f.Query(ctx, table.Query{PK: "p", To: "z"}); return err },
		"put":      func() error { return f.Put(ctx, table.Put{Item: item("p", "s")}) },
		"delete":   func() error { return f.Delete(ctx, table.Delete{Key: key("p", "s")}) },
		"update":   func() error { _, err := f.Update(ctx, table.Update{Key: key("p", "s")}); return err },
		"batch":    func() error { return f.BatchWrite(ctx, []table.Item{item("p", "s")}, nil) },
		"transact": func() error { return f.Transact(ctx, "t", table.Put{Item: item("p", "s")}) },
		"init":     func() error { return f.Init(ctx, true) },
		"close":    f.Close,
	}
	for name, call := range calls {
		require.ErrorIs(t, call(), table.ErrClosed, name)
	}
}
