package dynamo_test

import (
	"testing"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/dynamo"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

func TestMain(m *testing.M) { ddblocal.Main(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	tabletest.Run(t, tabletest.Harness{
		New: func(t *testing.T) (table.Table, *tabletest.Clock) {
			clock := &tabletest.Clock{}
			return ddblocal.NewTableWith(t, dynamo.Options{Clock: clock.Now}), clock
		},
		Absent: func(t *testing.T, n int) []table.Table {
			name := ddblocal.Name(t)
			tables := make([]table.Table, n)
			for i := range tables {
				tables[i] = dynamo.New(ddblocal.Client(t), name, dynamo.Options{PollInterval: 10 * time.Millisecond})
			}
			return tables
		},
	})
}
