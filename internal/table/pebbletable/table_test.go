package pebbletable_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T, pebbletable.Options) (*pebbletable.Table, error){
		"memory": func(_ *testing.T, o pebbletable.Options) (*pebbletable.Table, error) {
			return pebbletable.OpenMemory(o)
		},
		"directory": func(t *testing.T, o pebbletable.Options) (*pebbletable.Table, error) {
			t.Helper()
			return pebbletable.Open(t.TempDir(), o)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			absent := func(t *testing.T, o pebbletable.Options) table.Table {
				t.Helper()
				tab, err := open(t, o)
				require.NoError(t, err)
				t.Cleanup(func() { tab.Close() }) //nolint:errcheck // a case may have closed it
				return tab
			}
			tabletest.Run(t, tabletest.Harness{
				New: func(t *testing.T) (table.Table, *tabletest.Clock) {
					clock := &tabletest.Clock{}
					tab := absent(t, pebbletable.Options{Clock: clock.Now})
					require.NoError(t, tab.Init(t.Context(), true))
					return tab, clock
				},
				Absent: func(t *testing.T, n int) []table.Table {
					tab := absent(t, pebbletable.Options{})
					tables := make([]table.Table, n)
					for i := range tables {
						tables[i] = tab
					}
					return tables
				},
			})
		})
	}
}
