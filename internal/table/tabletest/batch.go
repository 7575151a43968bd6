package tabletest

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

func batchCases() map[string]func(*testing.T, fixture) {
	return map[string]func(*testing.T, fixture){
		"many": batchMany,
		"nothing": func(t *testing.T, f fixture) {
			f.spends(t, 0, 0, 0, func(ctx context.Context) {
				require.NoError(t, f.BatchWrite(ctx, nil, nil))
				items, err := f.BatchGet(ctx, nil, table.Strong)
				require.NoError(t, err)
				require.Empty(t, items)
			})
		},
		"every kind": func(t *testing.T, f fixture) {
			it := everyKind("p", "s")
			require.NoError(t, f.BatchWrite(t.Context(), []table.Item{it}, nil))
			got, err := f.BatchGet(t.Context(), []table.Key{it.Key, key("p", "none")}, table.Eventual)
			require.NoError(t, err)
			require.Len(t, got, 1)
			equalItem(t, it, got[0])
		},
		"doubled keys": func(t *testing.T, f fixture) {
			a := item("p", "a")
			require.ErrorIs(t, f.BatchWrite(t.Context(), []table.Item{a, a}, nil), table.ErrLimit)
			require.ErrorIs(t, f.BatchWrite(t.Context(), []table.Item{a}, []table.Key{a.Key}), table.ErrLimit)
			require.ErrorIs(t, f.BatchWrite(t.Context(), nil, []table.Key{a.Key, a.Key}), table.ErrLimit)
			_, err := f.BatchGet(t.Context(), []table.Key{a.Key, a.Key}, table.Strong)
			require.ErrorIs(t, err, table.ErrLimit)
			f.lacks(t, a.Key)
		},
	}
}

func batchMany(t *testing.T, f fixture) {
	const n = 230
	puts := make([]table.Item, n)
	keys := make([]table.Key, n)
	for i := range puts {
		puts[i] = item(fmt.Sprintf("p%d", i%7), fmt.Sprintf("%04d", i), num("i", int64(i)))
		keys[i] = puts[i].Key
	}
	f.spends(t, 10, 0, n, func(ctx context.Context) { require.NoError(t, f.BatchWrite(ctx, puts, nil)) })
	var got []table.Item
	f.spends(t, 3, n, 0, func(ctx context.Context) {
		var err error
		got, err = f.BatchGet(ctx, keys, table.Strong)
		require.NoError(t, err)
	})
	require.ElementsMatch(t, puts, got)

	changed := item(puts[0].Key.PK, puts[0].Key.SK, str("new", ""))
	require.NoError(t, f.BatchWrite(t.Context(), []table.Item{changed}, keys[1:]))
	got, err := f.BatchGet(t.Context(), keys, table.Strong)
	require.NoError(t, err)
	require.Len(t, got, 1)
	equalItem(t, changed, got[0])
}
