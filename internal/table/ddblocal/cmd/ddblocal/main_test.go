package main

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
)

// TestRun: a command finds the URL of the DynamoDB Local that there is, and its
// output and exit code are those of the program.
func TestRun(t *testing.T) {
	t.Setenv(ddblocal.EndpointEnv, "http://127.0.0.1:1")
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"--", "sh", "-c", "echo at $" + ddblocal.EndpointEnv + "; echo no >&2; exit 7"}, &stdout, &stderr)
	require.Equal(t, 7, code)
	require.Equal(t, "at http://127.0.0.1:1\n", stdout.String())
	require.Equal(t, "no\n", stderr.String())

	stderr.Reset()
	require.Equal(t, 0, run(t.Context(), []string{"true"}, &stdout, &stderr))
	require.Equal(t, 1, run(t.Context(), []string{"/no/such/program"}, &stdout, &stderr))
	require.Contains(t, stderr.String(), "/no/such/program")
}

// TestRunForeground: without a command it prints the URL and waits for its end.
func TestRunForeground(t *testing.T) {
	t.Setenv(ddblocal.EndpointEnv, "http://127.0.0.1:1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout bytes.Buffer
	require.Equal(t, 0, run(ctx, nil, &stdout, t.Output()))
	require.Equal(t, "http://127.0.0.1:1\n", stdout.String())
}
