package dynamo

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Codes of cancellation reasons.
const (
	reasonNone      = "None"
	reasonCondition = "ConditionalCheckFailed"
	reasonConflict  = "TransactionConflict"
	reasonThrottle  = "ThrottlingError"
	reasonCapacity  = "ProvisionedThroughputExceeded"
)

// codeDenied is the code of a call that the credentials do not permit.
const codeDenied = "AccessDeniedException"

// classify makes an error of the SDK wrap a sentinel of the table package. An
// error of the context comes back bare. This is the only place that knows the
// SDK's errors, besides conditions.
func classify(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, table.ErrCredentials) {
		return err
	}
	if tc, ok := errors.AsType[*types.TransactionCanceledException](err); ok {
		return classifyCanceled(tc, err)
	}
	if ae, ok := errors.AsType[smithy.APIError](err); ok {
		if s := sentinel(ae.ErrorCode()); s != nil {
			return fmt.Errorf("%w: %w", s, err)
		}
	}
	if passes(err) {
		return unavailable(err)
	}
	return err
}

// leastFault is the least HTTP status of a fault of the service.
const leastFault = 500

// passes reports whether a failure is one of the service, or of the way to
// it: a server fault, no connection, no answer in time, one that cannot be
// read. Whether a write was made is not known then.
func passes(err error) bool {
	if re, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && re.HTTPStatusCode() >= leastFault {
		return true
	}
	_, unsent := errors.AsType[*smithyhttp.RequestSendError](err)
	_, unread := errors.AsType[*smithy.DeserializationError](err)
	return unsent || unread || endOfContext(err)
}

// unavailable makes an error wrap [table.ErrUnavailable]. That some deadline
// of a connection or call has passed must not look like the end of the
// caller's context, so such a cause stays as text only.
func unavailable(err error) error {
	if endOfContext(err) {
		return fmt.Errorf("%w: %v", table.ErrUnavailable, err) //nolint:errorlint // see above
	}
	return fmt.Errorf("%w: %w", table.ErrUnavailable, err)
}

func endOfContext(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// sentinel returns the class of an error code, nil for unexpected ones.
func sentinel(code string) error {
	switch code {
	case "ResourceNotFoundException", "TableNotFoundException":
		return table.ErrNoTable
	case "ProvisionedThroughputExceededException", "ThrottlingException", "Throttling", "RequestLimitExceeded",
		"LimitExceededException":
		return table.ErrThrottled
	case "TransactionConflictException", "TransactionInProgressException", "ReplicatedWriteConflictException":
		return table.ErrConflict
	case "ValidationException", "ItemCollectionSizeLimitExceededException", "SerializationException":
		return table.ErrLimit
	case codeDenied, "UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException",
		"ExpiredToken", "MissingAuthenticationTokenException", "MissingAuthenticationToken",
		"IncompleteSignatureException", "IncompleteSignature", "InvalidClientTokenId", "NotAuthorized":
		return table.ErrCredentials
	}
	return nil
}

// classifyCanceled classifies a cancelled transaction. Failed conditions win:
// the caller makes them a [table.CanceledError]. A conflict or throttling is
// worth another try, anything else is not.
func classifyCanceled(tc *types.TransactionCanceledException, err error) error {
	var class error
	for _, r := range tc.CancellationReasons {
		switch code(r) {
		case reasonNone:
		case reasonCondition:
			return err
		case reasonConflict, reasonThrottle, reasonCapacity:
			if class == nil {
				class = table.ErrConflict
			}
		default:
			class = table.ErrLimit
		}
	}
	if class == nil {
		return err
	}
	return fmt.Errorf("%w: %w", class, err)
}

func code(r types.CancellationReason) string {
	if r.Code == nil {
		return reasonNone
	}
	return *r.Code
}

// conditionError makes a failed condition a [table.ConditionError], and returns
// nil for any other error.
func conditionError(key table.Key, err error) (*table.ConditionError, error) {
	cf, ok := errors.AsType[*types.ConditionalCheckFailedException](err)
	if !ok {
		return nil, err
	}
	return failed(key, cf.Item)
}

// failed builds a condition error from the item that came with it.
func failed(key table.Key, av map[string]types.AttributeValue) (*table.ConditionError, error) {
	if len(av) == 0 {
		return &table.ConditionError{Key: key}, nil
	}
	it, err := decodeItem(av)
	if err != nil {
		return nil, err
	}
	return &table.ConditionError{Key: key, Item: it, Found: true}, nil
}
