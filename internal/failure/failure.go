package failure

import (
	"fmt"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Errorf returns an error for clients with a code of MLflow.
func Errorf(code mlflow.Code, format string, args ...any) error {
	return &mlflow.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Invalidf returns an INVALID_PARAMETER_VALUE.
func Invalidf(format string, args ...any) error {
	return Errorf(mlflow.CodeInvalidParameterValue, format, args...)
}
