package dynamodbstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/logging"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/dynamo"
)

// localScheme is the scheme of embedded tables, which package local opens.
const localScheme = "local:"

// placeholderRegion is signed for at custom endpoints when no region is known.
const placeholderRegion = "us-east-1"

// DynamoDB is what a Store needs of a DynamoDB client; *dynamodb.Client has
// it.
type DynamoDB = dynamo.API

// Open opens the table that a dynamodb:// URI names and makes it ready:
// [ParseURI], [New] with a client of its own, [Store.Init]. With a custom
// endpoint and no credentials in the SDK's chain placeholders are used.
func Open(ctx context.Context, uri string, opts ...Option) (*Store, error) {
	if strings.HasPrefix(uri, localScheme) {
		return nil, fmt.Errorf("%q is an embedded table: open it with local.Open", uri)
	}
	loc, err := ParseURI(uri)
	if err != nil {
		return nil, err
	}
	s, err := dial(ctx, loc, opts, dynamo.Configure)
	if err != nil {
		return nil, err
	}
	if err := s.Init(ctx); err != nil {
		return nil, fmt.Errorf("open %s: %w", loc, errors.Join(err, s.Close()))
	}
	return s, nil
}

// Connect returns a Store on a table that is there, for operators: unlike
// [Open] it makes nothing and leaves the configuration as it is. It is an
// error if there is no table or it has another key schema. An endpoint where
// nothing listens is tried once.
func Connect(ctx context.Context, loc Location, opts ...Option) (*Store, error) {
	s, err := dial(ctx, loc, opts, configureImpatient)
	if err != nil {
		return nil, err
	}
	if err := s.view.Table.Init(ctx, false); err != nil {
		return nil, fmt.Errorf("connect to %s: %w", loc, errors.Join(err, s.Close()))
	}
	return s, nil
}

// NewClient returns a client as [Connect] uses it, for calls on the table that
// the Store does not make. It does no I/O on the table.
func NewClient(ctx context.Context, loc Location, opts ...Option) (*dynamodb.Client, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	return newClient(ctx, loc, o.Logger, configureImpatient)
}

// configureImpatient sets a client up for a user who waits.
func configureImpatient(o *dynamodb.Options) {
	dynamo.Configure(o)
	o.Retryer = dynamo.Retryer(func(r *retry.StandardOptions) {
		r.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(notThere)}, r.Retryables...)
	})
}

// notThere says that no other try is worth it where nothing listens or no
// such host is known, and nothing about other errors.
func notThere(err error) aws.Ternary {
	dns, unknown := errors.AsType[*net.DNSError](err)
	if errors.Is(err, syscall.ECONNREFUSED) || unknown && dns.IsNotFound {
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}

// dial returns a Store with a client of its own; it does no I/O on the table.
func dial(ctx context.Context, loc Location, opts []Option, configure func(*dynamodb.Options)) (*Store, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	client, err := newClient(ctx, loc, o.Logger, configure)
	if err != nil {
		return nil, err
	}
	return New(client, loc.Table, append([]Option{WithCreateTable(loc.Deploy)}, opts...)...)
}

// New returns a Store on a table of the caller's client. It does no I/O; call
// [Store.Init] unless the table is known to be ready. Give the client a
// retryer that outlasts throttling, such as the SDK's standard one.
func New(client DynamoDB, table string, opts ...Option) (*Store, error) {
	if client == nil {
		return nil, errors.New("client must not be nil")
	}
	if !tablePattern.MatchString(table) {
		return nil, fmt.Errorf("table name %q is not 3 to 255 letters, digits, '_', '-' and '.'", table)
	}
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	return OpenTable(dynamo.New(client, table, dynamo.Options{Clock: o.Clock, Logger: o.Logger}), opts...)
}

func newClient(
	ctx context.Context, loc Location, logger *slog.Logger, configure func(*dynamodb.Options),
) (*dynamodb.Client, error) {
	load := []func(*config.LoadOptions) error{config.WithLogger(sdkLogger(logger))} //nolint:contextcheck // the SDK logs without one
	if loc.Region != "" {
		load = append(load, config.WithRegion(loc.Region))
	}
	if loc.Endpoint != "" { // such machines have no metadata service to wait for
		load = append(load, config.WithEC2IMDSClientEnableState(imds.ClientDisabled))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, fmt.Errorf("AWS configuration: %w", err)
	}
	if loc.Endpoint != "" {
		if cfg.Region == "" {
			cfg.Region = placeholderRegion
		}
		if !hasCredentials(ctx, cfg) {
			cfg.Credentials = credentials.NewStaticCredentialsProvider("placeholder", "placeholder", "")
		}
	}
	if cfg.Region == "" {
		return nil, errors.New("no AWS region: name one in the URI (dynamodb://us-east-1/mlflow) or in AWS_REGION")
	}
	return dynamodb.NewFromConfig(cfg, configure, func(o *dynamodb.Options) {
		if loc.Endpoint != "" {
			o.BaseEndpoint = aws.String(loc.Endpoint)
		}
	}), nil
}

// sdkLogger passes on what the SDK would write to standard error. Whatever
// matters of it comes as an error, too.
func sdkLogger(logger *slog.Logger) logging.Logger {
	return logging.LoggerFunc(func(class logging.Classification, format string, v ...any) {
		logger.LogAttrs(context.Background(), slog.LevelDebug, "AWS SDK",
			slog.String("class", string(class)), slog.String("text", fmt.Sprintf(format, v...)))
	})
}

// hasCredentials reports whether the chain has credentials.
func hasCredentials(ctx context.Context, cfg aws.Config) bool {
	if cfg.Credentials == nil {
		return false
	}
	_, err := cfg.Credentials.Retrieve(ctx)
	return err == nil
}
