package dynamodbstore

import (
	"context"
	"errors"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/groupcommit"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/oversize"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// failure turns an error of the table into one for callers: what is an
// *Error, a context's end or nil stays, throttling and unavailability get
// their MLflow codes, the rest is internal.
func failure(err error) error {
	if err == nil { // as it mostly is: nothing is looked for then
		return nil
	}
	_, known := errors.AsType[*Error](err)
	switch {
	case known, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, table.ErrThrottled):
		return &Error{Code: CodeResourceExhausted, Message: "The table throttles requests, please try again later.", Err: err}
	case errors.Is(err, table.ErrUnavailable), errors.Is(err, groupcommit.ErrSlow):
		return &Error{Code: CodeTemporarilyUnavailable, Message: "The table is unavailable, please try again later.", Err: err}
	case errors.Is(err, table.ErrBroken):
		return &Error{Code: CodeTemporarilyUnavailable, Message: "The table cannot be written, please try again later.", Err: err}
	case errors.Is(err, ErrClosed), errors.Is(err, table.ErrClosed):
		return &Error{Code: CodeTemporarilyUnavailable, Message: "The store is closed.", Err: ErrClosed}
	case errors.Is(err, table.ErrConflict): // nothing was written: clients may repeat a creation
		return &Error{Code: CodeResourceExhausted, Message: "The store is busy, please try again later.", Err: err}
	case errors.Is(err, table.ErrLimit):
		return &Error{Code: CodeInvalidParameterValue, Message: oversize.Text(err), Err: err}
	default:
		return &Error{Code: CodeInternalError, Message: "The table cannot be used.", Err: err}
	}
}

// visitor calls a function of the caller, whose error comes back as it is.
type visitor[T any] struct {
	visit func(T) error
	err   error
}

func (v *visitor[T]) see(x T) error {
	v.err = v.visit(x)
	return v.err
}

func (v *visitor[T]) failure(err error) error {
	if v.err != nil {
		return v.err
	}
	return failure(err)
}
