package tabletest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

func limitCases() map[string]func(*testing.T, fixture) {
	return map[string]func(*testing.T, fixture){
		"keys":            limitKeys,
		"item size":       limitItem,
		"updated size":    limitUpdate,
		"bad items":       limitBadItems,
		"bad updates":     limitBadUpdates,
		"transactions":    limitTransactions,
		"queries":         limitQueries,
		"cancelled calls": limitContext,
	}
}

func limitKeys(t *testing.T, f fixture) {
	longest := item(strings.Repeat("p", table.MaxPartitionKeyBytes), strings.Repeat("s", table.MaxSortKeyBytes))
	f.mustPut(t, longest)
	f.has(t, longest)
	for _, k := range []table.Key{
		key("", "s"),
		key("p", ""),
		key(longest.Key.PK+"p", "s"),
		key("p", longest.Key.SK+"s"),
		key("p", "\xff"),
	} {
		require.ErrorIs(t, f.Put(t.Context(), table.Put{Item: table.NewItem(k)}), table.ErrLimit)
		require.ErrorIs(t, f.Delete(t.Context(), table.Delete{Key: k}), table.ErrLimit)
		_, err := f.Update(t.Context(), table.Update{Key: k, Set: []table.Attr{str("a", "")}})
		require.ErrorIs(t, err, table.ErrLimit)
		_, _, err = f.Get(t.Context(), k, table.Strong)
		require.ErrorIs(t, err, table.ErrLimit)
		_, err = f.BatchGet(t.Context(), []table.Key{k}, table.Strong)
		require.ErrorIs(t, err, table.ErrLimit)
		require.ErrorIs(t, f.BatchWrite(t.Context(), nil, []table.Key{k}), table.ErrLimit)
		require.ErrorIs(t, f.Transact(t.Context(), "t", table.Check{Key: k, Cond: table.Absent()}), table.ErrLimit)
	}
}

// filled returns an item of exactly the given size.
func filled(pk, sk string, size int) table.Item {
	it := item(pk, sk, str("x", ""))
	it.Set("x", table.String(strings.Repeat("x", size-it.Size())))
	return it
}

func limitItem(t *testing.T, f fixture) {
	fits, big := filled("p", "s", table.MaxItemBytes), filled("p", "s", table.MaxItemBytes+1)
	f.mustPut(t, fits)
	f.has(t, fits)
	require.ErrorIs(t, f.Put(t.Context(), table.Put{Item: big}), table.ErrLimit)
	require.ErrorIs(t, f.BatchWrite(t.Context(), []table.Item{big}, nil), table.ErrLimit)
	require.ErrorIs(t, f.Transact(t.Context(), "t", table.Put{Item: big}), table.ErrLimit)
	f.has(t, fits)
}

func limitUpdate(t *testing.T, f fixture) {
	f.mustPut(t, filled("p", "s", table.MaxItemBytes-10))
	_, err := f.Update(t.Context(), table.Update{Key: key("p", "s"), Set: []table.Attr{str("y", "123456789")}})
	require.NoError(t, err)
	_, err = f.Update(t.Context(), table.Update{Key: key("p", "s"), Set: []table.Attr{str("z", "")}})
	require.ErrorIs(t, err, table.ErrLimit)
	_, err = f.Update(t.Context(), table.Update{
		Key: key("p", "s"), Cond: table.Absent(), Set: []table.Attr{str("z", "")},
	})
	var ce *table.ConditionError
	require.ErrorAs(t, err, &ce, "the condition comes first")
}

func limitBadItems(t *testing.T, f fixture) {
	doubled := item("p", "s", str("a", "1"), str("a", "2"))
	unsorted := table.Item{Key: key("p", "s"), Attrs: []table.Attr{str("b", ""), str("a", "")}}
	for name, it := range map[string]table.Item{
		"no name":        item("p", "s", str("", "")),
		"key attribute":  item("p", "s", str(table.PKAttr, "q")),
		"no value":       item("p", "s", table.Attr{Name: "a"}),
		"doubled":        doubled,
		"unsorted":       unsorted,
		"long name":      item("p", "s", str(strings.Repeat("n", table.MaxNameBytes+1), "")),
		"not UTF-8":      item("p", "s", str("a", "\xff")),
		"map, odd":       item("p", "s", table.Attr{Name: "a", Value: table.Map([]string{"a"})}),
		"map, unsorted":  item("p", "s", table.Attr{Name: "a", Value: table.Map([]string{"b", "", "a", ""})}),
		"map, doubled":   item("p", "s", table.Attr{Name: "a", Value: table.Map([]string{"a", "", "a", ""})}),
		"map, no key":    item("p", "s", table.Attr{Name: "a", Value: table.Map([]string{"", ""})}),
		"list not UTF-8": item("p", "s", table.Attr{Name: "a", Value: table.List([]string{"\xff"})}),
	} {
		require.ErrorIs(t, f.Put(t.Context(), table.Put{Item: it}), table.ErrLimit, name)
	}
}

func limitBadUpdates(t *testing.T, f fixture) {
	attrs := func(n int, attr func(string) table.Attr) []table.Attr {
		var l []table.Attr
		for i := range n {
			l = append(l, attr(fmt.Sprintf("a%d", i)))
		}
		return l
	}
	number := func(name string) table.Attr { return num(name, 1) }
	register := func(name string) table.Attr { return bin(name, "1") }
	for name, u := range map[string]table.Update{
		"set twice":      {Set: []table.Attr{str("a", ""), str("a", "")}},
		"set and remove": {Set: []table.Attr{str("a", "")}, Remove: []string{"a"}},
		"set and raise":  {Set: []table.Attr{str("a", "")}, Raise: []table.Attr{bin("a", "")}},
		"add twice":      {Add: []table.Attr{num("a", 1), num("a", 1)}},
		"set the key":    {Set: []table.Attr{str(table.SKAttr, "x")}},
		"remove the key": {Remove: []string{table.PKAttr}},
		"raise a string": {Raise: []table.Attr{str("a", "")}},
		"add a string":   {Add: []table.Attr{str("a", "")}},
		"many registers": {Raise: attrs(table.MaxRaise+1, register)},
		"many names":     {Set: attrs(table.MaxUpdateAttrs+1, number)},
		"doubled, many":  {Set: append(attrs(30, number), num("a3", 1))},
		"many equal":     {Cond: table.Equal(attrs(table.MaxEqual+1, number)...)},
		"equal lists":    {Cond: table.Equal(table.Attr{Name: "a", Value: table.List(nil)})},
	} {
		u.Key = key("p", "s")
		_, err := f.Update(t.Context(), u)
		require.ErrorIs(t, err, table.ErrLimit, name)
		require.ErrorIs(t, f.Transact(t.Context(), "t", u), table.ErrLimit, name)
	}
	f.lacks(t, key("p", "s"))
}

func limitTransactions(t *testing.T, f fixture) {
	put := table.Put{Item: item("p", "s")}
	tooMany := make([]table.Op, table.MaxTransact+1)
	tooBig := make([]table.Op, table.MaxTransactBytes/table.MaxItemBytes+1)
	for i := range tooMany {
		tooMany[i] = table.Put{Item: item("p", fmt.Sprint(i))}
	}
	for i := range tooBig {
		tooBig[i] = table.Put{Item: filled("p", fmt.Sprint(i), table.MaxItemBytes)}
	}
	for name, err := range map[string]error{
		"no token":   f.Transact(t.Context(), "", put),
		"long token": f.Transact(t.Context(), strings.Repeat("t", table.MaxTokenBytes+1), put),
		"nothing":    f.Transact(t.Context(), "t"),
		"doubled":    f.Transact(t.Context(), "t", put, table.Delete{Key: put.Item.Key}),
		"too many":   f.Transact(t.Context(), "t", tooMany...),
		"too big":    f.Transact(t.Context(), "t", tooBig...),
	} {
		require.ErrorIs(t, err, table.ErrLimit, name)
	}
	require.Empty(t, f.sortKeys(t, table.Query{PK: "p", To: "z"}))
	require.NoError(t, f.Transact(t.Context(), strings.Repeat("t", table.MaxTokenBytes), put))
}

func limitQueries(t *testing.T, f fixture) {
	long := strings.Repeat("s", table.MaxSortKeyBytes+1)
	for name, q := range map[string]table.Query{
		"no partition": {To: "z"},
		"no end":       {PK: "p"},
		"long from":    {PK: "p", From: long, To: "z"},
		"long to":      {PK: "p", To: long},
		"long after":   {PK: "p", To: "z", After: long},
		"limit":        {PK: "p", To: "z", Limit: -1},
	} {
		_, err := f.Query(t.Context(), q)
		require.ErrorIs(t, err, table.ErrLimit, name)
	}
}

// limitContext: context errors come back unwrapped, and nothing is done.
func limitContext(t *testing.T, f fixture) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := f.Get(ctx, key("p", "s"), table.Strong)
	require.Equal(t, context.Canceled, err)
	_, err = f.BatchGet(ctx, []table.Key{key("p", "s")}, table.Strong)
	require.Equal(t, context.Canceled, err)
	_, err = f.Query(ctx, table.Query{PK: "p", To: "z"})
	require.Equal(t, context.Canceled, err)
	require.Equal(t, context.Canceled, f.Put(ctx, table.Put{Item: item("p", "s")}))
	require.Equal(t, context.Canceled, f.BatchWrite(ctx, []table.Item{item("p", "s")}, nil))
	require.Equal(t, context.Canceled, f.Transact(ctx, "t", table.Put{Item: item("p", "s")}))
	require.Equal(t, context.Canceled, f.Init(ctx, true))
	f.lacks(t, key("p", "s"))
}
