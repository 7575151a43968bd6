package dynamo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Defaults of [Options] and [Configure].
const (
	DefaultConflictAttempts = 12
	DefaultMinDelay         = 10 * time.Millisecond
	DefaultMaxDelay         = 2 * time.Second
	DefaultPollInterval     = 500 * time.Millisecond
	DefaultConcurrency      = 4
	DefaultRetryAttempts    = 10 // tries of one request by the SDK
	DefaultRetryMaxDelay    = 5 * time.Second
	DefaultTryTimeout       = 20 * time.Second // of one of those; 16 MB of a batch have to come in it
	DefaultCallTimeout      = time.Minute
)

// Options of a table. The zero value is usable.
type Options struct {
	// Clock tells the time that items expire by. Default: time.Now.
	Clock func() time.Time
	// Logger gets warnings of [Table.Init]. Default: none.
	Logger *slog.Logger
	// ConflictAttempts is how often a write is tried that conflicts with
	// transactions, and a batch of which nothing is processed. Default:
	// [DefaultConflictAttempts].
	ConflictAttempts int
	// CallTimeout bounds one request with all its tries, so that a caller
	// without a deadline does not wait for ever. Default: [DefaultCallTimeout].
	CallTimeout time.Duration
	// MinDelay and MaxDelay bound the pauses, which grow and are jittered,
	// before a conflicting write or the rest of a batch is tried again.
	// Default: [DefaultMinDelay], [DefaultMaxDelay].
	MinDelay, MaxDelay time.Duration
	// PollInterval is how often Init looks whether a new table is ready.
	// Default: [DefaultPollInterval].
	PollInterval time.Duration
	// Concurrency is how many requests of one batch are under way at a time.
	// Default: [DefaultConcurrency].
	Concurrency int
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = time.Now //nolint:forbidigo // the default of the injected clock
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.ConflictAttempts <= 0 {
		o.ConflictAttempts = DefaultConflictAttempts
	}
	if o.CallTimeout <= 0 {
		o.CallTimeout = DefaultCallTimeout
	}
	if o.MinDelay <= 0 {
		o.MinDelay = DefaultMinDelay
	}
	if o.MaxDelay <= 0 {
		o.MaxDelay = DefaultMaxDelay
	}
	if o.PollInterval <= 0 {
		o.PollInterval = DefaultPollInterval
	}
	if o.Concurrency <= 0 {
		o.Concurrency = DefaultConcurrency
	}
	return o
}

// Configure sets up a DynamoDB client for this package: the retryer, a timeout
// of [DefaultTryTimeout] for a try if the HTTP client is the SDK's, a check
// that answers are whole, and credentials whose absence is reported as [table.ErrCredentials]. Pass it to
// [dynamodb.NewFromConfig].
func Configure(o *dynamodb.Options) {
	o.Retryer = Retryer()
	if c, ok := o.HTTPClient.(*awshttp.BuildableClient); ok {
		o.HTTPClient = c.WithTimeout(DefaultTryTimeout)
	}
	o.APIOptions = append(slices.Clone(o.APIOptions), checkReplies)
	o.DisableValidateResponseChecksum = true // checkReplies does it
	if o.Credentials != nil {
		o.Credentials = credentials{o.Credentials}
	}
}

// Retryer returns the SDK's standard retryer for throttling and server faults:
// [DefaultRetryAttempts] tries with jittered pauses of at most
// [DefaultRetryMaxDelay], and no quota that a burst of throttling could use up.
// Unlike the SDK's it repeats what got an answer that was cut off.
func Retryer(optFns ...func(*retry.StandardOptions)) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = DefaultRetryAttempts
		o.MaxBackoff = DefaultRetryMaxDelay
		o.RateLimiter = ratelimit.None
		o.Retryables = append(slices.Clone(o.Retryables), retry.IsErrorRetryableFunc(cutOff))
		for _, fn := range optFns {
			fn(o)
		}
	})
}

// cutOff says that another try is worth it if an answer could not be read, and
// nothing about other errors.
func cutOff(err error) aws.Ternary {
	if _, ok := errors.AsType[*smithy.DeserializationError](err); ok {
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}

// credentials marks the errors of a provider.
type credentials struct{ aws.CredentialsProvider }

// Retrieve returns the provider's credentials or an error that wraps
// [table.ErrCredentials].
func (c credentials) Retrieve(ctx context.Context) (aws.Credentials, error) {
	v, err := c.CredentialsProvider.Retrieve(ctx)
	switch {
	case err == nil:
		return v, nil
	case ctx.Err() != nil:
		return v, ctx.Err()
	}
	return v, fmt.Errorf("%w: %w", table.ErrCredentials, err)
}

// IsCredentialsProvider lets the SDK see the kind of the wrapped provider.
func (c credentials) IsCredentialsProvider(target aws.CredentialsProvider) bool {
	return aws.IsCredentialsProvider(c.CredentialsProvider, target)
}
