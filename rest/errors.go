package rest

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// errorKind is what goes with an error code.
type errorKind struct {
	status          int
	sqlstate, class string
}

// kindOf is the table of error codes. Source: MLflow 3.18, mlflow/exceptions.py
// and mlflow/error_classification.py; whatever is not listed there is a 500.
func kindOf(code mlflow.Code) errorKind {
	switch code {
	case "BAD_REQUEST", "INVALID_PARAMETER_VALUE":
		return errorKind{http.StatusBadRequest, "KAM00", "INVALID_PARAMETER_VALUE"}
	case "RESOURCE_ALREADY_EXISTS":
		return errorKind{http.StatusBadRequest, "KAM00", "RESOURCE_ALREADY_EXISTS"}
	case "CUSTOMER_UNAUTHORIZED":
		return errorKind{http.StatusUnauthorized, "KAM00", "PERMISSION_DENIED"}
	case "UNAUTHENTICATED":
		return errorKind{status: http.StatusUnauthorized}
	case "PERMISSION_DENIED":
		return errorKind{http.StatusForbidden, "KAM00", "PERMISSION_DENIED"}
	case "NOT_FOUND", "ENDPOINT_NOT_FOUND", "RESOURCE_DOES_NOT_EXIST":
		return errorKind{http.StatusNotFound, "KAM00", "RESOURCE_NOT_FOUND"}
	case "ABORTED", "RESOURCE_CONFLICT", "ALREADY_EXISTS":
		return errorKind{status: http.StatusConflict}
	case "REQUEST_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED":
		return errorKind{status: http.StatusTooManyRequests}
	case "CANCELLED":
		return errorKind{status: statusClientClosedRequest}
	case "NOT_IMPLEMENTED":
		return errorKind{status: http.StatusNotImplemented}
	case "TEMPORARILY_UNAVAILABLE":
		return errorKind{http.StatusServiceUnavailable, "XXM00", "CLIENT_INTERNAL_ERROR"}
	case "DEADLINE_EXCEEDED":
		return errorKind{status: http.StatusGatewayTimeout}
	case "FEATURE_DISABLED": // 500 in MLflow, though no repetition mends it
		return errorKind{http.StatusBadRequest, "KAM00", "FEATURE_DISABLED"}
	case "INTERNAL_ERROR", "INVALID_STATE":
		return errorKind{http.StatusInternalServerError, "XXM00", "CLIENT_INTERNAL_ERROR"}
	default:
		return errorKind{status: http.StatusInternalServerError}
	}
}

// statusClientClosedRequest is what proxies log when nobody waits for the
// answer any more.
const statusClientClosedRequest = 499

// invalid makes the error for a request that is wrong.
func invalid(text string) error {
	return &mlflow.Error{Code: mlflow.CodeInvalidParameterValue, Message: text}
}

// asInvalid makes that error of one for which a request is refused when it is
// read.
func asInvalid(err error) error {
	if e, ok := errors.AsType[wire.Error](err); ok {
		return invalid(string(e))
	}
	return err
}

// failures answer with errors, and tell a log what clients must not know.
type failures struct{ to *slog.Logger }

// writeError answers with an error. What is not meant for clients is logged
// and answered in general terms.
func (f failures) writeError(w http.ResponseWriter, r *http.Request, err error) {
	e, ok := errors.AsType[*mlflow.Error](err)
	slow := errors.Is(err, errSlowBody)
	switch {
	case slow:
		e = &mlflow.Error{Code: "DEADLINE_EXCEEDED", Message: "The body of the request took too long to arrive."}
	case !ok:
		e = f.hide(r, err)
	case e.Err != nil:
		f.logCause(r, e)
	}
	code := kindOf(e.Code).status
	if slow { // nothing is wrong with the server, and clients repeat it
		code = http.StatusRequestTimeout
	}
	if code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter())
	}
	buf := getBuffer()
	defer putBuffer(buf)
	*buf = appendError(*buf, e)
	writeJSON(w, code, *buf)
}

// logCause logs what is behind an error that is not the client's doing.
func (f failures) logCause(r *http.Request, e *mlflow.Error) {
	level := slog.LevelError
	switch status := kindOf(e.Code).status; {
	case status == http.StatusTooManyRequests:
		level = slog.LevelWarn
	case status < http.StatusInternalServerError:
		return
	}
	f.to.LogAttrs(r.Context(), level, "request failed", slog.String("path", r.URL.Path), slog.Any("error", e))
}

// Bounds of the Retry-After header in seconds.
const minRetryAfter, maxRetryAfter = 2, 8

// retryAfter is how long a client shall wait, in seconds. The Python client
// waits exactly that long, seven times by default, and not ever longer as it
// does without the header. So it is not as short as could be, and random, lest
// all come back together.
func retryAfter() string {
	return strconv.Itoa(minRetryAfter + rand.N(maxRetryAfter-minRetryAfter+1))
}

// hide returns what a client may know of an unexpected error.
func (f failures) hide(r *http.Request, err error) *mlflow.Error {
	if r.Context().Err() != nil { // the client has gone; nobody is at fault
		return &mlflow.Error{Code: "CANCELLED", Message: "The request was cancelled."}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		f.to.LogAttrs(r.Context(), slog.LevelWarn, "request timed out", slog.String("path", r.URL.Path), slog.Any("error", err))
		return &mlflow.Error{Code: "DEADLINE_EXCEEDED", Message: "The request timed out."}
	}
	f.to.LogAttrs(r.Context(), slog.LevelError, "request failed", slog.String("path", r.URL.Path), slog.Any("error", err))
	return &mlflow.Error{
		Code:    mlflow.CodeInternalError,
		Message: internalText,
	}
}

// internalText is all that a client may know of a failure of the server.
const internalText = "An internal error occurred. The server's log tells more."

// clientText is what a client may know of an error, in words.
func clientText(err error) string {
	if e, ok := errors.AsType[*mlflow.Error](err); ok {
		return e.Message
	}
	return internalText
}

func appendError(b []byte, e *mlflow.Error) []byte {
	kind := kindOf(e.Code)
	b = append(b, `{"error_code": "`...)
	b = append(b, e.Code...)
	b = append(b, `", "message": `...)
	b = pyrepr.AppendJSON(b, e.Message)
	if kind.class != "" {
		b = append(b, `, "sqlstate": "`...)
		b = append(b, kind.sqlstate...)
		b = append(b, `", "error_class": "`...)
		b = append(b, kind.class...)
		b = append(b, '"')
	}
	return append(b, '}')
}
