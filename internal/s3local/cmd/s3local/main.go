// Command s3local runs an S3 server for tests in the foreground, prints its URL
// and ends at a signal. With the flag -build it only builds the server.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/s3local"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	if len(os.Args) > 1 && os.Args[1] == "-build" {
		_, err := s3local.Build(ctx, os.Stderr)
		return err
	}
	server, err := s3local.Start(ctx, os.Stderr)
	if err != nil {
		return err
	}
	if _, err := fmt.Println(server.Endpoint); err != nil { //nolint:forbidigo // that is all it says
		return err //nolint:wrapcheck // nobody reads it
	}
	<-ctx.Done()
	return server.Stop()
}
