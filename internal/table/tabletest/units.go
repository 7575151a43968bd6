package tabletest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

func unitCases() map[string]func(*testing.T, fixture) {
	return map[string]func(*testing.T, fixture){
		"get":        unitsGet,
		"query":      unitsQuery,
		"batch":      unitsBatch,
		"put":        unitsPut,
		"update":     unitsUpdate,
		"conditions": unitsConditions,
		"transact":   unitsTransact,
		"sizes":      unitsSizes,
		"expired": func(t *testing.T, f fixture) {
			it := filled("p", "s", 9000)
			it.Set(table.TTLAttr, table.Number(f.clock.Unix()+100))
			f.mustPut(t, it)
			f.clock.Advance(time.Hour)
			f.spends(t, 1, 3, 0, func(ctx context.Context) {
				_, ok, err := f.Get(ctx, it.Key, table.Strong)
				require.NoError(t, err)
				require.False(t, ok)
			})
			f.spends(t, 1, 3, 0, func(ctx context.Context) {
				_, err := f.Query(ctx, table.Query{PK: "p", To: "z"})
				require.NoError(t, err)
			})
		},
	}
}

func unitsGet(t *testing.T, f fixture) {
	f.mustPut(t, filled("p", "4096", 4096), filled("p", "4097", 4097))
	for _, tt := range []struct {
		sk    string
		c     table.Consistency
		units float64
	}{
		{"none", table.Strong, 1},
		{"none", table.Eventual, 0.5},
		{"4096", table.Strong, 1},
		{"4096", table.Eventual, 0.5},
		{"4097", table.Strong, 2},
		{"4097", table.Eventual, 1},
	} {
		f.spends(t, 1, tt.units, 0, func(ctx context.Context) {
			_, _, err := f.Get(ctx, key("p", tt.sk), tt.c)
			require.NoError(t, err)
		})
	}
}

func unitsQuery(t *testing.T, f fixture) {
	for _, sk := range []string{"1", "2", "3", "4", "5"} {
		f.mustPut(t, filled("p", sk, 1000))
	}
	for _, tt := range []struct {
		q     table.Query
		units float64
	}{
		{table.Query{PK: "p", To: "4"}, 1},
		{table.Query{PK: "p", To: "5"}, 2},
		{table.Query{PK: "p", To: "5", Consistency: table.Eventual}, 1},
		{table.Query{PK: "p", To: "5", Limit: 1}, 1},
		{table.Query{PK: "p", From: "2", To: "2", Consistency: table.Eventual}, 0.5},
		{table.Query{PK: "p", From: "6", To: "7"}, 0},
	} {
		f.spends(t, 1, tt.units, 0, func(ctx context.Context) {
			_, err := f.Query(ctx, tt.q)
			require.NoError(t, err)
		})
	}
	f.spends(t, 0, 0, 0, func(ctx context.Context) {
		_, err := f.Query(ctx, table.Query{PK: "p", From: "2", To: "1"})
		require.NoError(t, err)
	})
}

func unitsBatch(t *testing.T, f fixture) {
	f.spends(t, 1, 0, 5, func(ctx context.Context) {
		require.NoError(t, f.BatchWrite(ctx, []table.Item{filled("p", "1", 100), filled("p", "2", 1024), filled("p", "3", 2500)}, nil))
	})
	f.spends(t, 1, 0, 3+2, func(ctx context.Context) { // what a put replaces counts
		require.NoError(t, f.BatchWrite(ctx, []table.Item{item("p", "3"), filled("p", "1", 1025)}, nil))
	})
	f.spends(t, 1, 0, 2, func(ctx context.Context) {
		require.NoError(t, f.BatchWrite(ctx, nil, []table.Key{key("p", "1")}))
	})
	f.mustPut(t, filled("p", "big", 5000))
	keys := []table.Key{key("p", "big"), key("p", "2"), key("p", "none")}
	f.spends(t, 1, 4, 0, func(ctx context.Context) {
		_, err := f.BatchGet(ctx, keys, table.Strong)
		require.NoError(t, err)
	})
	f.spends(t, 1, 2, 0, func(ctx context.Context) {
		_, err := f.BatchGet(ctx, keys, table.Eventual)
		require.NoError(t, err)
	})
}

func unitsPut(t *testing.T, f fixture) {
	put := func(size int) func(context.Context) {
		return func(ctx context.Context) {
			require.NoError(t, f.Put(ctx, table.Put{Item: filled("p", "s", size)}))
		}
	}
	f.spends(t, 1, 0, 1, put(1024))
	f.spends(t, 1, 0, 2, put(1025))
	f.spends(t, 1, 0, 5, put(5000))
	f.spends(t, 1, 0, 5, put(100)) // the larger one counts
	f.spends(t, 1, 0, 1, put(100))
	f.spends(t, 1, 0, 5, put(5000))
	remove := func(ctx context.Context) {
		require.NoError(t, f.Delete(ctx, table.Delete{Key: key("p", "s")}))
	}
	f.spends(t, 1, 0, 5, remove)
	f.spends(t, 1, 0, 1, remove)
}

func unitsUpdate(t *testing.T, f fixture) {
	f.mustPut(t, filled("p", "s", 3000))
	update := func(u table.Update) func(context.Context) {
		u.Key = key("p", "s")
		return func(ctx context.Context) {
			_, err := f.Update(ctx, u)
			require.NoError(t, err)
		}
	}
	f.spends(t, 1, 0, 3, update(table.Update{Set: []table.Attr{str("a", "1")}, Return: true}))
	f.spends(t, 1, 0, 3, update(table.Update{Cond: table.Exists()}))
	f.spends(t, 1, 1, 0, update(table.Update{Return: true}))
	f.spends(t, 0, 0, 0, update(table.Update{}))
	f.spends(t, 1, 0, 3, update(table.Update{Remove: []string{"x"}}))
	f.spends(t, 1, 0, 1, update(table.Update{Add: []table.Attr{num("n", 1)}}))
	f.spends(t, 1, 0, 1, update(table.Update{Raise: []table.Attr{bin("r", "1")}}))
}

func unitsConditions(t *testing.T, f fixture) {
	f.mustPut(t, filled("p", "s", 3000))
	refused := func(op func(context.Context) error) func(context.Context) {
		return func(ctx context.Context) {
			var ce *table.ConditionError
			require.ErrorAs(t, op(ctx), &ce)
		}
	}
	f.spends(t, 1, 0, 3, refused(func(ctx context.Context) error {
		return f.Put(ctx, table.Put{Item: filled("p", "s", 9000), Cond: table.Absent()})
	}))
	f.spends(t, 1, 0, 1, refused(func(ctx context.Context) error {
		return f.Put(ctx, table.Put{Item: filled("p", "none", 9000), Cond: table.Exists()})
	}))
	f.spends(t, 1, 0, 3, refused(func(ctx context.Context) error {
		return f.Delete(ctx, table.Delete{Key: key("p", "s"), Cond: table.Absent()})
	}))
	f.spends(t, 1, 0, 3, refused(func(ctx context.Context) error {
		_, err := f.Update(ctx, table.Update{Key: key("p", "s"), Cond: table.Equal(num("n", 1)), Set: []table.Attr{str("a", "")}})
		return err
	}))
}

func unitsTransact(t *testing.T, f fixture) {
	f.mustPut(t, filled("p", "s", 5000), filled("p", "t", 3000), filled("p", "u", 3500))
	// Operations of equal units are left out: DynamoDB Local counts those once.
	f.spends(t, 1, 0, 2*(2+3+4+5+1), func(ctx context.Context) {
		require.NoError(t, f.Transact(ctx, "1",
			table.Check{Key: key("p", "s"), Cond: table.Exists()},
			table.Delete{Key: key("p", "t")},
			table.Update{Key: key("p", "u"), Cond: table.Exists(), Set: []table.Attr{str("a", "")}},
			table.Put{Item: filled("p", "v", 4500)},
			table.Check{Key: key("p", "none"), Cond: table.Absent()},
		))
	})
	f.spends(t, 1, 0, 2*(1+2+2), func(ctx context.Context) {
		require.NoError(t, f.Transact(ctx, "3",
			table.Put{Item: item("q", "1")}, table.Put{Item: filled("q", "2", 2000)}, table.Put{Item: filled("q", "3", 2000)}))
	})
	f.spends(t, 1, 0, 2*(5+2+1), func(ctx context.Context) {
		_ = canceled(t, f.Transact(ctx, "2",
			table.Put{Item: item("p", "s"), Cond: table.Absent()},
			table.Put{Item: filled("p", "new", 2000)},
			table.Check{Key: key("p", "none"), Cond: table.Exists()},
		))
	})
}

// unitsSizes stores each kind in an item that is as large as one unit allows,
// and one byte larger.
func unitsSizes(t *testing.T, f fixture) {
	kinds := everyKind("p", "s").Attrs
	for _, n := range []int64{9, 10, 99, 100, 101, 120, 1000, 1700000000, 1700000001, -1, -10, -100, -123, 123456} {
		kinds = append(kinds, num("n", n))
	}
	for i, a := range kinds {
		for _, over := range []int{0, 1} {
			it := item("sizes", string(rune('A'+i)), a)
			it.Set("pad", table.String(""))
			pad := 1024 + over - it.Size()
			it.Set("pad", table.Bytes(string(make([]byte, pad))))
			f.spends(t, 1, 0, float64(1+over), func(ctx context.Context) {
				require.NoError(t, f.Put(ctx, table.Put{Item: it}))
			})
		}
	}
}
