package tabletest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

func expiryCases() map[string]func(*testing.T, fixture) {
	return map[string]func(*testing.T, fixture){
		"reads":        expiryReads,
		"second":       expirySecond,
		"conditions":   expiryConditions,
		"transactions": expiryTransactions,
		"updates":      expiryUpdates,
		"pages": func(t *testing.T, f fixture) {
			soon := f.clock.Unix() + 100
			f.mustPut(t, item("p", "1", ttl(soon)), item("p", "2", ttl(soon)), item("p", "3"), item("p", "4", ttl(soon)))
			f.clock.Advance(time.Hour)
			page, err := f.Query(t.Context(), table.Query{PK: "p", To: "9", Limit: 2})
			require.NoError(t, err)
			require.Empty(t, page.Items)
			require.Equal(t, "2", page.Next)
			require.Equal(t, []string{"3"}, f.sortKeys(t, table.Query{PK: "p", To: "9", Limit: 1}))
		},
		"lengthened": func(t *testing.T, f fixture) {
			soon := f.clock.Unix() + 100
			f.mustPut(t, item("p", "s", ttl(soon)))
			got := f.mustUpdate(t, table.Update{Key: key("p", "s"), Cond: table.Exists(), Set: []table.Attr{ttl(soon + 7200)}})
			f.clock.Advance(time.Hour)
			f.has(t, got)
			f.clock.Advance(2 * time.Hour)
			f.lacks(t, got.Key)
		},
		"freed": func(t *testing.T, f fixture) {
			f.mustPut(t, item("p", "s", ttl(f.clock.Unix()+100)))
			f.mustUpdate(t, table.Update{Key: key("p", "s"), Cond: table.Exists(), Remove: []string{table.TTLAttr}})
			f.clock.Advance(time.Hour)
			f.has(t, item("p", "s"))
		},
		"ttl is a number": func(t *testing.T, f fixture) {
			require.ErrorIs(t, f.Put(t.Context(), table.Put{Item: item("p", "s", str("ttl", "1"))}), table.ErrLimit)
		},
	}
}

func expiryReads(t *testing.T, f fixture) {
	soon := f.clock.Unix() + 1000
	lasts := item("p", "c", ttl(soon+100000))
	f.mustPut(t, item("p", "a", ttl(soon)), item("p", "b"), lasts)
	f.has(t, item("p", "a", ttl(soon)))
	f.clock.Advance(2000 * time.Second)
	f.lacks(t, key("p", "a"))
	f.has(t, item("p", "b"))
	f.has(t, lasts)
	items, err := f.BatchGet(t.Context(), []table.Key{key("p", "a"), key("p", "b"), lasts.Key}, table.Strong)
	require.NoError(t, err)
	require.Len(t, items, 2)
	require.Equal(t, []string{"b", "c"}, f.sortKeys(t, table.Query{PK: "p", To: "z"}))
	require.Equal(t, []string{"c", "b"}, f.sortKeys(t, table.Query{PK: "p", To: "z", Descending: true}))
}

// expirySecond: an item is gone in the second that its ttl names. The clock
// is put forward by far more than the test takes.
func expirySecond(t *testing.T, f fixture) {
	f.clock.Advance(time.Hour)
	now := f.clock.Unix()
	f.mustPut(t, item("p", "now", ttl(now)), item("p", "later", ttl(now+3600)))
	f.lacks(t, key("p", "now"))
	f.has(t, item("p", "later", ttl(now+3600)))
}

func expiryConditions(t *testing.T, f fixture) {
	was := item("p", "s", num("rev", 1), ttl(f.clock.Unix()+100))
	f.mustPut(t, was)
	f.clock.Advance(time.Hour)
	fails(t, f.Put(t.Context(), table.Put{Item: item("p", "s"), Cond: table.Exists()}), was.Key, &was)
	fails(t, f.Put(t.Context(), table.Put{Item: item("p", "s"), Cond: table.Equal(num("rev", 1))}), was.Key, &was)
	fails(t, f.Delete(t.Context(), table.Delete{Key: was.Key, Cond: table.Exists()}), was.Key, &was)
	_, err := f.Update(t.Context(), table.Update{Key: was.Key, Cond: table.Exists(), Set: []table.Attr{str("a", "")}})
	fails(t, err, was.Key, &was)
	_, err = f.Update(t.Context(), table.Update{Key: was.Key, Cond: table.Exists()})
	fails(t, err, was.Key, &was)

	anew := item("p", "s", num("rev", 2), ttl(f.clock.Unix()+1000))
	require.NoError(t, f.Put(t.Context(), table.Put{Item: anew, Cond: table.Absent()}))
	f.has(t, anew)
	fails(t, f.Put(t.Context(), table.Put{Item: was, Cond: table.Absent()}), anew.Key, &anew)
}

func expiryTransactions(t *testing.T, f fixture) {
	was := item("p", "s", num("rev", 1), ttl(f.clock.Unix()+100))
	f.mustPut(t, was)
	f.clock.Advance(time.Hour)
	ce := canceled(t, f.Transact(t.Context(), "1", table.Check{Key: was.Key, Cond: table.Exists()}, table.Put{Item: item("p", "x")}))
	sameFailure(t, ce.Failed[0], was.Key, &was)
	require.NoError(t, f.Transact(t.Context(), "2",
		table.Put{Item: item("p", "s"), Cond: table.Absent()}, table.Put{Item: item("p", "x"), Cond: table.Absent()}))
	f.has(t, item("p", "s"))
}

// expiryUpdates: without a condition an update keeps what an expired item
// holds, its ttl too, as DynamoDB does.
func expiryUpdates(t *testing.T, f fixture) {
	soon := f.clock.Unix() + 100
	f.mustPut(t, item("p", "s", num("n", 1), ttl(soon)))
	f.clock.Advance(time.Hour)
	got, err := f.Update(t.Context(), table.Update{Key: key("p", "s"), Add: []table.Attr{num("n", 1)}, Return: true})
	require.NoError(t, err)
	equalItem(t, item("p", "s", num("n", 2), ttl(soon)), got)
	f.lacks(t, key("p", "s"))
}
