package ddblocal

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/dynamo"
)

// Region is what clients are configured with.
const Region = "us-east-1"

// Main runs the tests of a package with a DynamoDB Local, which it starts
// unless [EndpointEnv] names one, and fails them if a goroutine is left over.
// Call it from TestMain. It does not return.
func Main(m *testing.M) {
	os.Exit(run(context.Background(), m))
}

func run(ctx context.Context, m *testing.M) int {
	if os.Getenv(EndpointEnv) == "" {
		server, err := Start(ctx, os.Stderr)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer server.Stop() //nolint:errcheck // it is killed with this process
		if err := os.Setenv(EndpointEnv, server.Endpoint); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		ignore := goleak.IgnoreCurrent()
		return leaks(m.Run(), ignore)
	}
	return leaks(m.Run())
}

func leaks(code int, opts ...goleak.Option) int {
	if code != 0 {
		return code
	}
	if err := goleak.Find(opts...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// Endpoint returns the URL of DynamoDB Local. The test fails if there is none.
func Endpoint(t testing.TB) string {
	t.Helper()
	url := os.Getenv(EndpointEnv)
	require.NotEmpty(t, url, "no DynamoDB Local: let TestMain call ddblocal.Main, or set %s", EndpointEnv)
	return url
}

// Client returns a client of DynamoDB Local, set up as [dynamo.Configure] does
// and further by optFns. Its connections are closed with the test.
func Client(t testing.TB, optFns ...func(*dynamodb.Options)) *dynamodb.Client {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute}
	t.Cleanup(transport.CloseIdleConnections)
	opts := dynamodb.Options{
		Region:       Region,
		BaseEndpoint: aws.String(Endpoint(t)),
		Credentials:  credentials.NewStaticCredentialsProvider("local", "local", ""),
		HTTPClient:   &http.Client{Transport: transport},
	}
	return dynamodb.New(opts, append([]func(*dynamodb.Options){dynamo.Configure}, optFns...)...)
}

// Name returns the name of a table of the test's own, which is deleted with
// the test if it is there.
func Name(t testing.TB) string {
	t.Helper()
	name := "test-" + strings.ToLower(rand.Text())
	t.Cleanup(func() {
		client := Client(t)
		_, err := client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &name})
		if err != nil {
			t.Logf("delete table %s: %v", name, err)
		}
	})
	return name
}

// NewTable returns an empty table of the test's own.
func NewTable(t testing.TB) table.Table {
	t.Helper()
	return NewTableWith(t, dynamo.Options{})
}

// NewTableWith is [NewTable] with options.
func NewTableWith(t testing.TB, opts dynamo.Options, optFns ...func(*dynamodb.Options)) table.Table {
	t.Helper()
	if opts.PollInterval == 0 {
		opts.PollInterval = 10 * time.Millisecond
	}
	tab := dynamo.New(Client(t, optFns...), Name(t), opts)
	require.NoError(t, tab.Init(t.Context(), true))
	return tab
}
