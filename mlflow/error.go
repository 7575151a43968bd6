package mlflow

import (
	"errors"
	"fmt"
)

// Code is an error code of the MLflow REST API.
// Source: MLflow 3.17, mlflow/exceptions.py and databricks.proto.
type Code string

// The codes that this package returns.
const (
	CodeInvalidParameterValue  Code = "INVALID_PARAMETER_VALUE"
	CodeResourceDoesNotExist   Code = "RESOURCE_DOES_NOT_EXIST"
	CodeResourceAlreadyExists  Code = "RESOURCE_ALREADY_EXISTS"
	CodeInvalidState           Code = "INVALID_STATE"
	CodeInternalError          Code = "INTERNAL_ERROR"
	CodeBadRequest             Code = "BAD_REQUEST"
	CodeNotFound               Code = "NOT_FOUND"
	CodeEndpointNotFound       Code = "ENDPOINT_NOT_FOUND"
	CodePermissionDenied       Code = "PERMISSION_DENIED"
	CodeResourceExhausted      Code = "RESOURCE_EXHAUSTED"
	CodeTemporarilyUnavailable Code = "TEMPORARILY_UNAVAILABLE"
	CodeNotImplemented         Code = "NOT_IMPLEMENTED"
)

// Sentinels for errors.Is, one for each class of failure that a caller may
// want to treat on its own.
var (
	ErrNotFound      = errors.New("not found")
	ErrAlreadyExists = errors.New("already exists")
	ErrInvalid       = errors.New("invalid parameter")
	ErrThrottled     = errors.New("table throttles requests")
	ErrUnavailable   = errors.New("temporarily unavailable")
)

// ErrClosed is what calls of a Store fail with after its Close. It comes within an
// [*Error] with [CodeTemporarilyUnavailable].
var ErrClosed = errors.New("store is closed")

func (c Code) sentinel() error {
	switch c {
	case CodeResourceDoesNotExist, CodeNotFound, CodeEndpointNotFound:
		return ErrNotFound
	case CodeResourceAlreadyExists:
		return ErrAlreadyExists
	case CodeInvalidParameterValue, CodeBadRequest:
		return ErrInvalid
	case CodeResourceExhausted:
		return ErrThrottled
	case CodeTemporarilyUnavailable:
		return ErrUnavailable
	default:
		return nil
	}
}

// Error is an error that MLflow clients understand. Methods of [Store] return
// it as an error; get at it with errors.AsType[*Error].
type Error struct {
	Code Code
	// Message is safe to show to clients and equals MLflow's own text where
	// MLflow has one.
	Message string
	// Err is the cause, if any; it is for logs, never for clients.
	Err error
}

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.Err)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Message)
}

// Unwrap returns the sentinel of the code and the cause.
func (e *Error) Unwrap() []error {
	errs := make([]error, 0, 2)
	if s := e.Code.sentinel(); s != nil {
		errs = append(errs, s)
	}
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	return errs
}
