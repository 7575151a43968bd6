package workspace_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// TestClosedTable: all calls of a closed table, in whatever view, fail with
// ErrClosed and never reach the table below; what that says of itself is passed on.
func TestClosedTable(t *testing.T) {
	t.Parallel()
	memory, err := pebbletable.OpenMemory(pebbletable.Options{})
	require.NoError(t, err)
	below := faulty.Wrap(memory, nil)
	v := workspace.Defaults().Of(below)
	other, err := v.In("other")
	require.NoError(t, err)
	it := table.NewItem(table.Key{PK: "p", SK: "s"}, table.Attr{Name: "a", Value: table.Number(1)})
	ctx := t.Context()
	calls := map[string]func() error{
		"Init":       func() error { return other.Table.Init(ctx, true) },
		"Put":        func() error { return other.Table.Put(ctx, table.Put{Item: it}) },
		"Get":        func() error { _, _, err := other.Table.Get(ctx, it.Key, table.Strong); return err },
		"BatchGet":   func() error { _, err := other.Table.BatchGet(ctx, []table.Key{it.Key}, table.Strong); return err },
		"Query":      func() error { _, err := other.Table.Query(ctx, table.Query{PK: "p", To: "z"}); return err },
		"Scan":       func() error { _, err := other.Table.Scan(ctx, table.Scan{}); return err },
		"Update":     func() error { _, err := other.Table.Update(ctx, table.Update{Key: it.Key, Set: it.Attrs}); return err },
		"BatchWrite": func() error { return other.Table.BatchWrite(ctx, []table.Item{it}, nil) },
		"Transact":   func() error { return other.Table.Transact(ctx, "token", table.Put{Item: it}) },
		"Delete":     func() error { return other.Table.Delete(ctx, table.Delete{Key: it.Key}) },
		"Sync":       func() error { return table.Sync(ctx, other.Table) },
	}
	require.NoError(t, calls["Init"]())
	for name, call := range calls {
		require.NoError(t, call(), name)
	}
	require.Equal(t, table.Exclusive(below), table.Exclusive(v.Table))
	require.NoError(t, table.Health(v.Table))

	reached := below.Calls()
	require.NoError(t, v.Table.Close())
	for name, call := range calls {
		require.ErrorIs(t, call(), table.ErrClosed, name)
	}
	require.Equal(t, reached, below.Calls())
}
