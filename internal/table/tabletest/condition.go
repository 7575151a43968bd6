package tabletest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

func conditionCases() map[string]func(*testing.T, fixture) {
	return map[string]func(*testing.T, fixture){
		"absent": func(t *testing.T, f fixture) {
			first := item("p", "s", str("a", "1"))
			require.NoError(t, f.Put(t.Context(), table.Put{Item: first, Cond: table.Absent()}))
			err := f.Put(t.Context(), table.Put{Item: item("p", "s", str("a", "2")), Cond: table.Absent()})
			fails(t, err, first.Key, &first)
			f.has(t, first)
		},
		"exists": func(t *testing.T, f fixture) {
			it := item("p", "s", str("a", "1"))
			fails(t, f.Put(t.Context(), table.Put{Item: it, Cond: table.Exists()}), it.Key, nil)
			f.lacks(t, it.Key)
			f.mustPut(t, it)
			it.Set("a", table.String("2"))
			require.NoError(t, f.Put(t.Context(), table.Put{Item: it, Cond: table.Exists()}))
			f.has(t, it)
		},
		"equal":          equalCondition,
		"delete":         deleteCondition,
		"update":         updateCondition,
		"of every kind":  failedItem,
		"empty as equal": emptyEqual,
	}
}

func equalCondition(t *testing.T, f fixture) {
	it := item("p", "s", str("s", "x"), num("n", 7), bin("b", "\x00\x01"))
	f.mustPut(t, it)
	holds := []table.Cond{
		table.Equal(str("s", "x")), table.Equal(num("n", 7)), table.Equal(bin("b", "\x00\x01")),
		table.Equal(str("s", "x"), num("n", 7), bin("b", "\x00\x01")), table.Equal(),
	}
	for i, c := range holds {
		require.NoError(t, f.Put(t.Context(), table.Put{Item: it, Cond: c}), i)
	}
	for _, c := range []table.Cond{
		table.Equal(str("s", "y")), table.Equal(num("n", 8)), table.Equal(bin("b", "\x00")), table.Equal(str("none", "")),
		table.Equal(str("n", "7")), table.Equal(bin("s", "x")), table.Equal(str("s", "x"), num("n", 8)),
	} {
		err := f.Put(t.Context(), table.Put{Item: item("p", "s"), Cond: c})
		fails(t, err, it.Key, &it)
	}
	f.has(t, it)
	fails(t, f.Put(t.Context(), table.Put{Item: item("p", "t"), Cond: table.Equal()}), key("p", "t"), nil)
}

func deleteCondition(t *testing.T, f fixture) {
	it := item("p", "s", num("rev", 3))
	f.mustPut(t, it)
	fails(t, f.Delete(t.Context(), table.Delete{Key: it.Key, Cond: table.Equal(num("rev", 2))}), it.Key, &it)
	fails(t, f.Delete(t.Context(), table.Delete{Key: it.Key, Cond: table.Absent()}), it.Key, &it)
	require.NoError(t, f.Delete(t.Context(), table.Delete{Key: it.Key, Cond: table.Equal(num("rev", 3))}))
	f.lacks(t, it.Key)
	fails(t, f.Delete(t.Context(), table.Delete{Key: it.Key, Cond: table.Exists()}), it.Key, nil)
	require.NoError(t, f.Delete(t.Context(), table.Delete{Key: it.Key, Cond: table.Absent()}))
}

func updateCondition(t *testing.T, f fixture) {
	set := []table.Attr{str("a", "1")}
	_, err := f.Update(t.Context(), table.Update{Key: key("p", "s"), Cond: table.Exists(), Set: set})
	fails(t, err, key("p", "s"), nil)
	_, err = f.Update(t.Context(), table.Update{Key: key("p", "s"), Cond: table.Absent(), Set: set})
	require.NoError(t, err)
	was := item("p", "s", str("a", "1"))
	f.has(t, was)
	_, err = f.Update(t.Context(), table.Update{Key: key("p", "s"), Cond: table.Absent(), Set: set})
	fails(t, err, was.Key, &was)
}

func failedItem(t *testing.T, f fixture) {
	it := everyKind("p", "s")
	f.mustPut(t, it)
	fails(t, f.Put(t.Context(), table.Put{Item: item("p", "s"), Cond: table.Absent()}), it.Key, &it)
}

func emptyEqual(t *testing.T, f fixture) {
	it := item("p", "s", str("s", ""), bin("b", ""), num("n", 0))
	f.mustPut(t, it)
	c := table.Equal(str("s", ""), bin("b", ""), num("n", 0))
	require.NoError(t, f.Put(t.Context(), table.Put{Item: it, Cond: c}))
	c = table.Equal(str("s", ""), bin("x", ""))
	fails(t, f.Put(t.Context(), table.Put{Item: it, Cond: c}), it.Key, &it)
}
