package tabletest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

func updateCases() map[string]func(*testing.T, fixture) {
	return map[string]func(*testing.T, fixture){
		"set and remove": func(t *testing.T, f fixture) {
			f.mustPut(t, item("p", "s", str("a", "1"), str("b", "2"), str("c", "3")))
			got := f.mustUpdate(t, table.Update{
				Key: key("p", "s"), Set: []table.Attr{str("b", "x"), num("d", 4)}, Remove: []string{"c", "none"},
			})
			equalItem(t, item("p", "s", str("a", "1"), str("b", "x"), num("d", 4)), got)
		},
		"makes the item": func(t *testing.T, f fixture) {
			u := table.Update{Key: key("p", "s"), Set: []table.Attr{str("a", "1")}}
			equalItem(t, item("p", "s", str("a", "1")), f.mustUpdate(t, u))
			u = table.Update{Key: key("p", "t"), Remove: []string{"a"}}
			equalItem(t, item("p", "t"), f.mustUpdate(t, u))
			f.has(t, item("p", "t"))
		},
		"no result unless asked": func(t *testing.T, f fixture) {
			got, err := f.Update(t.Context(), table.Update{Key: key("p", "s"), Set: []table.Attr{str("a", "1")}})
			require.NoError(t, err)
			require.True(t, got.IsZero())
		},
		"add":            addNumbers,
		"raise":          raiseRegisters,
		"raise to limit": raiseMany,
		"many names":     updateMany,
		"nothing":        updateNothing,
		"all at once": func(t *testing.T, f fixture) {
			f.mustPut(t, item("p", "s", str("a", "1"), bin("r", "\x01"), num("n", 1), str("x", "")))
			got := f.mustUpdate(t, table.Update{
				Key: key("p", "s"), Cond: table.Equal(str("a", "1")), Set: []table.Attr{str("a", "2")}, Remove: []string{"x"},
				Raise: []table.Attr{bin("r", "\x02"), bin("q", "")}, Add: []table.Attr{num("n", -3), num("m", 2)},
			})
			equalItem(t, item("p", "s", str("a", "2"), bin("r", "\x02"), bin("q", ""), num("n", -2), num("m", 2)), got)
		},
	}
}

// mustUpdate updates and returns the item after it.
func (f fixture) mustUpdate(t *testing.T, u table.Update) table.Item {
	t.Helper()
	u.Return = true
	it, err := f.Update(t.Context(), u)
	require.NoError(t, err)
	f.has(t, it)
	return it
}

func addNumbers(t *testing.T, f fixture) {
	u := table.Update{Key: key("p", "s"), Add: []table.Attr{num("n", 5)}}
	equalItem(t, item("p", "s", num("n", 5)), f.mustUpdate(t, u))
	equalItem(t, item("p", "s", num("n", 10)), f.mustUpdate(t, u))
	u.Add = []table.Attr{num("n", -10)}
	equalItem(t, item("p", "s", num("n", 0)), f.mustUpdate(t, u))
	f.mustPut(t, item("p", "s", str("n", "x")))
	_, err := f.Update(t.Context(), u)
	require.ErrorIs(t, err, table.ErrLimit)
	f.has(t, item("p", "s", str("n", "x")))
}

func raiseRegisters(t *testing.T, f fixture) {
	raise := func(attrs ...table.Attr) error {
		_, err := f.Update(t.Context(), table.Update{Key: key("p", "s"), Raise: attrs})
		return err
	}
	require.NoError(t, raise(bin("a", "\x05"), bin("b", "\x05")))
	was := item("p", "s", bin("a", "\x05"), bin("b", "\x05"))
	fails(t, raise(bin("a", "\x05")), was.Key, &was)
	fails(t, raise(bin("a", "\x04\xff")), was.Key, &was)
	fails(t, raise(bin("a", "\x06"), bin("b", "\x04")), was.Key, &was)
	fails(t, raise(bin("a", "")), was.Key, &was)
	require.NoError(t, raise(bin("a", "\x05\x00"), bin("c", "")))
	require.NoError(t, raise(bin("a", "\xff")))
	f.has(t, item("p", "s", bin("a", "\xff"), bin("b", "\x05"), bin("c", "")))

	other := item("p", "t", str("a", ""))
	f.mustPut(t, other)
	_, err := f.Update(t.Context(), table.Update{Key: other.Key, Raise: []table.Attr{bin("a", "x")}})
	fails(t, err, other.Key, &other)
}

func raiseMany(t *testing.T, f fixture) {
	u := table.Update{Key: key("p", "s"), Set: []table.Attr{str("state", "open")}}
	equal := make([]table.Attr, table.MaxEqual)
	for i := range equal {
		equal[i] = num(fmt.Sprintf("e%d", i), int64(i))
		u.Set = append(u.Set, equal[i])
	}
	f.mustUpdate(t, u)
	u = table.Update{Key: u.Key, Cond: table.Equal(equal...)}
	for round := range 2 {
		u.Raise = nil
		for i := range table.MaxRaise {
			u.Raise = append(u.Raise, bin(fmt.Sprintf("m.metric/%d", i), fmt.Sprintf("%024d", round)))
		}
		require.Len(t, f.mustUpdate(t, u).Attrs, table.MaxRaise+table.MaxEqual+1)
	}
	_, err := f.Update(t.Context(), u)
	var ce *table.ConditionError
	require.ErrorAs(t, err, &ce)
	require.Len(t, ce.Item.Attrs, table.MaxRaise+table.MaxEqual+1)
}

func updateMany(t *testing.T, f fixture) {
	u := table.Update{Key: key("p", "s")}
	for i := range table.MaxUpdateAttrs {
		u.Set = append(u.Set, num(fmt.Sprintf("name%d", i), int64(i)))
	}
	require.Len(t, f.mustUpdate(t, u).Attrs, table.MaxUpdateAttrs)
}

func updateNothing(t *testing.T, f fixture) {
	k := key("p", "s")
	for _, c := range []table.Cond{{}, table.Absent()} {
		for _, ret := range []bool{false, true} {
			got, err := f.Update(t.Context(), table.Update{Key: k, Cond: c, Return: ret})
			require.NoError(t, err)
			require.True(t, got.IsZero())
			f.lacks(t, k)
		}
	}
	_, err := f.Update(t.Context(), table.Update{Key: k, Cond: table.Exists()})
	fails(t, err, k, nil)
	f.lacks(t, k)

	it := item("p", "s", str("a", "1"))
	f.mustPut(t, it)
	for _, c := range []table.Cond{{}, table.Exists(), table.Equal(str("a", "1"))} {
		equalItem(t, it, f.mustUpdate(t, table.Update{Key: k, Cond: c}))
		_, err = f.Update(t.Context(), table.Update{Key: k, Cond: c})
		require.NoError(t, err)
	}
	_, err = f.Update(t.Context(), table.Update{Key: k, Cond: table.Absent()})
	fails(t, err, k, &it)
	f.has(t, it)
}
