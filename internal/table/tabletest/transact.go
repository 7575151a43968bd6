package tabletest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

func transactCases() map[string]func(*testing.T, fixture) {
	return map[string]func(*testing.T, fixture){
		"all kinds":       transactAll,
		"cancelled":       transactCanceled,
		"token":           transactToken,
		"token, time on":  transactTokenLater,
		"as many as may":  transactMany,
		"check alone":     transactCheck,
		"refused":         transactRefused,
		"empty update":    transactEmptyUpdate,
		"cancelled token": transactCanceledToken,
	}
}

func transactAll(t *testing.T, f fixture) {
	f.mustPut(t, item("p", "old", num("n", 1)), item("p", "gone"), item("p", "seen", num("rev", 3)))
	require.NoError(t, f.Transact(t.Context(), "t1",
		table.Put{Item: everyKind("p", "new"), Cond: table.Absent()},
		table.Update{
			Key: key("p", "old"), Cond: table.Exists(), Set: []table.Attr{str("a", "x")}, Add: []table.Attr{num("n", 2)},
			Raise: []table.Attr{bin("r", "1")},
		},
		table.Delete{Key: key("p", "gone")},
		table.Check{Key: key("p", "seen"), Cond: table.Equal(num("rev", 3))},
		table.Check{Key: key("q", "none"), Cond: table.Absent()},
		table.Put{Item: item("q", "plain")},
	))
	f.has(t, everyKind("p", "new"))
	f.has(t, item("p", "old", str("a", "x"), num("n", 3), bin("r", "1")))
	f.lacks(t, key("p", "gone"))
	f.lacks(t, key("q", "none"))
	f.has(t, item("q", "plain"))
}

func canceled(t *testing.T, err error) *table.CanceledError {
	t.Helper()
	var ce *table.CanceledError
	require.ErrorAs(t, err, &ce)
	return ce
}

func transactCanceled(t *testing.T, f fixture) {
	there := item("p", "there", str("a", "1"), bin("r", "5"))
	f.mustPut(t, there)
	err := f.Transact(t.Context(), "t1",
		table.Put{Item: item("p", "new")},
		table.Put{Item: item("p", "there"), Cond: table.Absent()},
		table.Check{Key: key("p", "none"), Cond: table.Exists()},
		table.Delete{Key: key("p", "none2"), Cond: table.Exists()},
		table.Update{Key: key("p", "new2"), Set: []table.Attr{str("a", "1")}},
	)
	ce := canceled(t, err)
	require.Len(t, ce.Failed, 3)
	sameFailure(t, ce.Failed[1], there.Key, &there)
	sameFailure(t, ce.Failed[2], key("p", "none"), nil)
	sameFailure(t, ce.Failed[3], key("p", "none2"), nil)
	f.lacks(t, key("p", "new"))
	f.lacks(t, key("p", "new2"))
	f.has(t, there)

	ce = canceled(t, f.Transact(t.Context(), "t2", table.Update{Key: there.Key, Raise: []table.Attr{bin("r", "4")}}))
	sameFailure(t, ce.Failed[0], there.Key, &there)
}

func transactToken(t *testing.T, f fixture) {
	add := table.Update{Key: key("p", "n"), Add: []table.Attr{num("n", 1)}}
	first := table.Put{Item: item("p", "first"), Cond: table.Absent()}
	for range 3 {
		require.NoError(t, f.Transact(t.Context(), "same", add, first))
	}
	f.has(t, item("p", "n", num("n", 1)))
	require.NoError(t, f.Transact(t.Context(), "other", add))
	f.has(t, item("p", "n", num("n", 2)))
}

// transactTokenLater repeats a transaction whose conditions compare with the
// time, after some.
func transactTokenLater(t *testing.T, f fixture) {
	first := table.Put{Item: item("p", "first"), Cond: table.Absent()}
	require.NoError(t, f.Transact(t.Context(), "same", first))
	f.clock.Advance(30 * time.Second)
	require.NoError(t, f.Transact(t.Context(), "same", first))
	_ = canceled(t, f.Transact(t.Context(), "other", first))
}

func transactCanceledToken(t *testing.T, f fixture) {
	second := table.Put{Item: item("p", "second"), Cond: table.Absent()}
	check := table.Check{Key: key("p", "first"), Cond: table.Exists()}
	_ = canceled(t, f.Transact(t.Context(), "same", check, second))
	f.mustPut(t, item("p", "first"))
	require.NoError(t, f.Transact(t.Context(), "same", check, second))
	f.has(t, item("p", "second"))
}

func transactMany(t *testing.T, f fixture) {
	ops := make([]table.Op, table.MaxTransact)
	for i := range ops {
		ops[i] = table.Put{Item: item("p", fmt.Sprintf("%03d", i)), Cond: table.Absent()}
	}
	require.NoError(t, f.Transact(t.Context(), "t1", ops...))
	require.Len(t, f.sortKeys(t, table.Query{PK: "p", To: "999"}), table.MaxTransact)
	require.Len(t, canceled(t, f.Transact(t.Context(), "t2", ops...)).Failed, table.MaxTransact)
}

func transactCheck(t *testing.T, f fixture) {
	f.mustPut(t, item("p", "s"))
	for i, tt := range []struct {
		key  table.Key
		cond table.Cond
		ok   bool
	}{
		{key("p", "s"), table.Exists(), true},
		{key("p", "s"), table.Cond{}, true},
		{key("p", "none"), table.Cond{}, true},
		{key("p", "none"), table.Exists(), false},
		{key("p", "s"), table.Absent(), false},
	} {
		err := f.Transact(t.Context(), fmt.Sprint(i), table.Check{Key: tt.key, Cond: tt.cond})
		require.Equal(t, tt.ok, err == nil, "%d: %v", i, err)
	}
}

// transactRefused has an operation that DynamoDB refuses though conditions hold.
func transactRefused(t *testing.T, f fixture) {
	f.mustPut(t, item("p", "s", str("n", "no number")))
	err := f.Transact(t.Context(), "t",
		table.Put{Item: item("p", "new")},
		table.Update{Key: key("p", "s"), Add: []table.Attr{num("n", 1)}},
	)
	require.ErrorIs(t, err, table.ErrLimit)
	f.lacks(t, key("p", "new"))
}

func transactEmptyUpdate(t *testing.T, f fixture) {
	require.NoError(t, f.Transact(t.Context(), "1", table.Update{Key: key("p", "s")}, table.Put{Item: item("p", "a")}))
	f.lacks(t, key("p", "s"))
	_ = canceled(t, f.Transact(t.Context(), "2", table.Update{Key: key("p", "s"), Cond: table.Exists()}))
	require.NoError(t, f.Transact(t.Context(), "3", table.Update{Key: key("p", "s"), Cond: table.Absent()}))
	f.lacks(t, key("p", "s"))
}
