package mlflow_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// TestErrorClasses: errors.Is finds the class of each code, and no other, through
// whatever wraps the error.
func TestErrorClasses(t *testing.T) {
	t.Parallel()
	classes := []error{
		mlflow.ErrNotFound, mlflow.ErrAlreadyExists, mlflow.ErrInvalid, mlflow.ErrThrottled, mlflow.ErrUnavailable, mlflow.ErrClosed,
	}
	for code, want := range map[mlflow.Code]error{
		mlflow.CodeInvalidParameterValue:  mlflow.ErrInvalid,
		mlflow.CodeBadRequest:             mlflow.ErrInvalid,
		mlflow.CodeResourceDoesNotExist:   mlflow.ErrNotFound,
		mlflow.CodeNotFound:               mlflow.ErrNotFound,
		mlflow.CodeEndpointNotFound:       mlflow.ErrNotFound,
		mlflow.CodeResourceAlreadyExists:  mlflow.ErrAlreadyExists,
		mlflow.CodeResourceExhausted:      mlflow.ErrThrottled,
		mlflow.CodeTemporarilyUnavailable: mlflow.ErrUnavailable,
		mlflow.CodeInternalError:          nil,
		mlflow.CodeInvalidState:           nil,
		mlflow.CodePermissionDenied:       nil,
		mlflow.CodeNotImplemented:         nil,
	} {
		err := fmt.Errorf("call: %w", &mlflow.Error{Code: code, Message: "text"})
		for _, class := range classes {
			require.Equal(t, errors.Is(want, class), errors.Is(err, class), "%s is %v", code, class)
		}
	}
}

// TestError: the cause is found and stands in the text, which without a cause is
// that of MLflow.
func TestError(t *testing.T) {
	t.Parallel()
	e := &mlflow.Error{Code: mlflow.CodeTemporarilyUnavailable, Message: "try again"}
	require.EqualError(t, e, "TEMPORARILY_UNAVAILABLE: try again")
	require.Equal(t, []error{mlflow.ErrUnavailable}, e.Unwrap())

	e.Err = context.DeadlineExceeded
	require.EqualError(t, e, "TEMPORARILY_UNAVAILABLE: try again: context deadline exceeded")
	require.ErrorIs(t, e, context.DeadlineExceeded)
	require.ErrorIs(t, e, mlflow.ErrUnavailable)
	got, ok := errors.AsType[*mlflow.Error](fmt.Errorf("call: %w", e))
	require.True(t, ok)
	require.Same(t, e, got)
}
