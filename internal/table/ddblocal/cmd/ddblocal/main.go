// Command ddblocal runs a command with a DynamoDB Local of its own, whose URL
// it finds in DYNAMODB_LOCAL_ENDPOINT:
//
//	go run ./internal/table/ddblocal/cmd/ddblocal -- go test ./...
//
// Without a command it runs in the foreground and prints the URL.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run returns the exit code of the command.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	endpoint := os.Getenv(ddblocal.EndpointEnv)
	if endpoint == "" {
		server, err := ddblocal.Start(ctx, stderr)
		if err != nil {
			fmt.Fprintln(stderr, err)
			return 1
		}
		defer server.Stop() //nolint:errcheck // it ends with this process
		endpoint = server.Endpoint
	}
	if len(args) == 0 {
		fmt.Fprintln(stdout, endpoint)
		<-ctx.Done()
		return 0
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Env = append(os.Environ(), ddblocal.EndpointEnv+"="+endpoint)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, stderr
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}
