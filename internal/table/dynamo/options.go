package dynamo

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

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
)

// Options of a table. The zero value is usable.
type Options struct {
	// Clock tells the time that items expire by. Default: time.Now.
	Clock func() time.Time
	// Logger gets warnings of [Table.Init]. Default: none.
	Logger *slog.Logger
	// ConflictAttempts is how often a write is tried that conflicts with
	// transactions. Default: [DefaultConflictAttempts].
	ConflictAttempts int
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

// Configure sets up a DynamoDB client for this package: the retryer, and
// credentials whose absence is reported as [table.ErrCredentials]. Pass it to
// [dynamodb.NewFromConfig].
func Configure(o *dynamodb.Options) {
	o.Retryer = Retryer()
	if o.Credentials != nil {
		o.Credentials = credentials{o.Credentials}
	}
}

// Retryer returns the SDK's standard retryer for throttling and server faults:
// [DefaultRetryAttempts] tries with jittered pauses of at most
// [DefaultRetryMaxDelay], and no quota that a burst of throttling could use up.
func Retryer(optFns ...func(*retry.StandardOptions)) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = DefaultRetryAttempts
		o.MaxBackoff = DefaultRetryMaxDelay
		o.RateLimiter = ratelimit.None
		for _, fn := range optFns {
			fn(o)
		}
	})
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
