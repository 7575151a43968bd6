package tabletest

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

func initCases() map[string]func(*testing.T, fixture) {
	return map[string]func(*testing.T, fixture){
		"again": func(t *testing.T, f fixture) {
			f.mustPut(t, item("p", "s"))
			require.NoError(t, f.Init(t.Context(), true))
			require.NoError(t, f.Init(t.Context(), false))
			f.has(t, item("p", "s"))
		},
		"absent":   initAbsent,
		"together": initTogether,
	}
}

func initAbsent(t *testing.T, f fixture) {
	tab := f.h.Absent(t, 1)[0]
	ctx := t.Context()
	require.ErrorIs(t, tab.Init(ctx, false), table.ErrNoTable)
	_, _, err := tab.Get(ctx, key("p", "s"), table.Strong)
	require.ErrorIs(t, err, table.ErrNoTable)
	_, err = tab.Query(ctx, table.Query{PK: "p", To: "z"})
	require.ErrorIs(t, err, table.ErrNoTable)
	require.ErrorIs(t, tab.Put(ctx, table.Put{Item: item("p", "s")}), table.ErrNoTable)
	require.ErrorIs(t, tab.BatchWrite(ctx, []table.Item{item("p", "s")}, nil), table.ErrNoTable)
	require.ErrorIs(t, tab.Transact(ctx, "t", table.Put{Item: item("p", "s")}), table.ErrNoTable)
	require.NoError(t, tab.Init(ctx, true))
	require.NoError(t, tab.Put(ctx, table.Put{Item: item("p", "s")}))
}

func initTogether(t *testing.T, f fixture) {
	tables := f.h.Absent(t, 4)
	errs := make([]error, len(tables))
	var wg sync.WaitGroup
	for i, tab := range tables {
		wg.Go(func() { errs[i] = tab.Init(t.Context(), true) })
	}
	wg.Wait()
	for i, tab := range tables {
		require.NoError(t, errs[i])
		require.NoError(t, tab.Init(t.Context(), false))
	}
}
