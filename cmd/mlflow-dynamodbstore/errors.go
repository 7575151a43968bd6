package main

import (
	"errors"
	"fmt"
	"net"

	"github.com/aws/smithy-go"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitMisuse = 2
)

// failure is an error of a command that was called the right way.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// misuse is an error in the command line.
type misuse struct{ error }

// plain is the message of an error that clients of the server would see, in
// place of its code and cause; bad input is misuse.
func plain(err error) error {
	e, ok := errors.AsType[*dynamodbstore.Error](err)
	if !ok {
		return err
	}
	if errors.Is(err, dynamodbstore.ErrInvalid) {
		return misuse{errors.New(e.Message)}
	}
	if e.Err != nil {
		return fmt.Errorf("%s (%w)", e.Message, e.Err)
	}
	return errors.New(e.Message)
}

// explain turns the usual errors of a table, which place names, into what to
// do about them.
func explain(err error, place string) error {
	ne, unreachable := errors.AsType[*net.OpError](err)
	switch {
	case err == nil:
		return nil
	case unreachable:
		return fmt.Errorf("cannot reach %s: %w; check the endpoint, and that it runs", place, ne)
	case errors.Is(err, table.ErrNoTable):
		return fmt.Errorf("there is no table at %s; check its name and place, or make it with 'mlflow-dynamodbstore table create'", place)
	case errors.Is(err, table.ErrSchema):
		return fmt.Errorf("the table at %s is not of this program: %w; use another one", place, err)
	case errors.Is(err, table.ErrLocked):
		return fmt.Errorf("the table at %s is open in another process; stop the server that has it, or set its variables instead", place)
	case errors.Is(err, table.ErrCredentials):
		return fmt.Errorf("the credentials are not valid for %s: %s; check AWS_PROFILE and the other variables of the AWS SDK",
			place, shortCause(err))
	}
	return plain(err)
}

// shortCause is what the service said, without the path of the call.
func shortCause(err error) string {
	if ae, ok := errors.AsType[smithy.APIError](err); ok {
		return ae.ErrorCode() + ": " + ae.ErrorMessage()
	}
	return err.Error()
}
