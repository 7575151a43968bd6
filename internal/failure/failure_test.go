package failure_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// TestErrorf: what clients can mend has its code and its text, and no cause.
func TestErrorf(t *testing.T) {
	t.Parallel()
	require.Equal(t, &mlflow.Error{Code: mlflow.CodeResourceDoesNotExist, Message: "No run 'a%' of 2"},
		failure.Errorf(mlflow.CodeResourceDoesNotExist, "No run '%s' of %d", "a%", 2))
	require.Equal(t, &mlflow.Error{Code: mlflow.CodeInvalidParameterValue, Message: "bad 'b'"}, failure.Invalidf("bad '%s'", "b"))
}
