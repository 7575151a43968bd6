package dynamodbstore

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Code is an error code of the MLflow REST API. See [mlflow.Code].
type Code = mlflow.Code

// The codes that this package returns.
const (
	CodeInvalidParameterValue  = mlflow.CodeInvalidParameterValue
	CodeResourceDoesNotExist   = mlflow.CodeResourceDoesNotExist
	CodeResourceAlreadyExists  = mlflow.CodeResourceAlreadyExists
	CodeInvalidState           = mlflow.CodeInvalidState
	CodeInternalError          = mlflow.CodeInternalError
	CodeBadRequest             = mlflow.CodeBadRequest
	CodeNotFound               = mlflow.CodeNotFound
	CodeEndpointNotFound       = mlflow.CodeEndpointNotFound
	CodePermissionDenied       = mlflow.CodePermissionDenied
	CodeResourceExhausted      = mlflow.CodeResourceExhausted
	CodeTemporarilyUnavailable = mlflow.CodeTemporarilyUnavailable
	CodeNotImplemented         = mlflow.CodeNotImplemented
)

// Sentinels for errors.Is, one for each class of failure that a caller may want
// to treat on its own.
var (
	ErrNotFound      = mlflow.ErrNotFound
	ErrAlreadyExists = mlflow.ErrAlreadyExists
	ErrInvalid       = mlflow.ErrInvalid
	ErrThrottled     = mlflow.ErrThrottled
	ErrUnavailable   = mlflow.ErrUnavailable
)

// ErrClosed is what calls of a Store fail with after its Close. It comes within
// an [*Error] with [CodeTemporarilyUnavailable].
var ErrClosed = mlflow.ErrClosed

// Error is an error that MLflow clients understand. Its fields: [mlflow.Error].
type Error = mlflow.Error
