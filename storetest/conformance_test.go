package storetest_test

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/local"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/storetest"
)

func TestMain(m *testing.M) { ddblocal.Main(m) }

// TestConformance runs the suite on both tables.
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
		storetest.Run(t, storetest.Harness{LongParams: fewLongParams, New: func(t *testing.T) storetest.Store {
			t.Helper()
			return open(t, ddblocal.NewTable(t))
		}})
	})
}

// fewLongParams are four pages of items. DynamoDB Local takes a minute and
// more for as many as the suite has by default.
const fewLongParams = 700

// TestConformanceUnderFaults runs the suite while DynamoDB throttles, fails,
// leaves items unprocessed, lets transactions conflict and loses replies.
func TestConformanceUnderFaults(t *testing.T) {
	t.Parallel()
	var seed atomic.Uint64
	var faults atomic.Int64 // a short case may get none
	t.Cleanup(func() { require.Positive(t, faults.Load()) })
	storetest.Run(t, storetest.Harness{LongParams: fewLongParams, New: func(t *testing.T) storetest.Store {
		t.Helper()
		in := faulty.New(seed.Add(1), faulty.Rates{
			Throttle: 0.05, ServerError: 0.05, Conflict: 0.05, LostAny: 0.05, Unprocessed: 0.1,
		})
		clock := &tabletest.Clock{}
		s := open(t, ddblocal.NewTableWith(t, faulty.Options(clock.Now), in.Configure))
		t.Cleanup(func() { faults.Add(int64(in.Faults())) })
		return s
	}})
}

// open returns a ready Store on a table, which it closes with the test.
func open(t *testing.T, tab table.Table) *dynamodbstore.Store {
	t.Helper()
	s, err := dynamodbstore.OpenTable(tab)
	require.NoError(t, err)
	require.NoError(t, s.Init(t.Context()))
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}
