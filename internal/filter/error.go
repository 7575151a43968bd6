package filter

import "fmt"

// Error codes that parsing can return, spelled as MLflow spells them.
const (
	// CodeInvalidParameterValue says that the filter or order_by is wrong.
	CodeInvalidParameterValue = "INVALID_PARAMETER_VALUE"
	// CodeInternalError is what MLflow answers to duplicate order_by fields.
	CodeInternalError = "INTERNAL_ERROR"
)

// Error says what is wrong with a filter or an order_by. Every error that this
// package's parsers return is one.
type Error struct {
	// Code is MLflow's error code, one of the Code constants.
	Code string
	// Message is safe to show to clients and is MLflow's own text.
	Message string
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

func invalid(format string, args ...any) *Error {
	return &Error{Code: CodeInvalidParameterValue, Message: fmt.Sprintf(format, args...)}
}
