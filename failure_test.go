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
