package dynamodbstore_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/local"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, storetest.Harness{New: func(t *testing.T) storetest.Store {
			t.Helper()
			s, err := local.Open(t.Context(), t.TempDir())
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			return s
		}})
	})
	t.Run("dynamodb", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, storetest.Harness{New: func(t *testing.T) storetest.Store {
			t.Helper()
			return open(t, ddblocal.NewTable(t), &tabletest.Clock{})
		}})
	})
}
