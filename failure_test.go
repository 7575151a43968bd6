package dynamodbstore

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/groupcommit"
)

// TestFailureOfSlowGroup: a group that has not come to an end in time is no fault
// of the caller.
func TestFailureOfSlowGroup(t *testing.T) {
	t.Parallel()
	require.ErrorIs(t, failure(groupcommit.ErrSlow), ErrUnavailable)
}

// TestNoFailure: what succeeds is not asked what went wrong; every call ends here.
func TestNoFailure(t *testing.T) {
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if failure(nil) != nil {
			panic("a failure")
		}
	}))
}
