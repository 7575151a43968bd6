package filter

import "fmt"

// Error says what is wrong with a filter or an order_by: INVALID_PARAMETER_VALUE
// in MLflow's terms. Every error of a [Grammar] is one.
type Error struct {
	// Message is safe to show to clients and is MLflow's own text.
	Message string
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Invalidf says what is wrong, in MLflow's words.
func Invalidf(format string, args ...any) *Error {
	return &Error{Message: fmt.Sprintf(format, args...)}
}
