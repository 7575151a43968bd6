package failure

import (
	"fmt"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

func Errorf(code mlflow.Code, format string, args ...any) error {
	return &mlflow.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func Invalidf(format string, args ...any) error {
	return Errorf(mlflow.CodeInvalidParameterValue, format, args...)
}
