// Command embed serves MLflow's API and web UI as a part of another Go service,
// under /mlflow, beside what that service does itself.
//
//	go run ./examples/embed
//	MLFLOW_TRACKING_URI=http://127.0.0.1:5001/mlflow python train.py
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"gocloud.dev/blob/fileblob"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/local"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	address := "127.0.0.1:5001"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	if err := serve(ctx, address); err != nil {
		log.Fatal(err)
	}
}

// serve serves until ctx ends.
func serve(ctx context.Context, address string) (err error) {
	store, err := local.Open(ctx, local.Memory) // or dynamodbstore.Open(ctx, "dynamodb://us-east-1/mlflow")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	dir, err := os.MkdirTemp("", "artifacts")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	handler, err := newHandler(store, dir)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		done <- server.Shutdown(grace)
	}()
	fmt.Printf("MLFLOW_TRACKING_URI=http://%s/mlflow\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-done
}

// newHandler is the service: MLflow under /mlflow, and a page that counts the
// experiments by asking the store itself. Artifacts are kept in a directory.
func newHandler(store *dynamodbstore.Store, artifacts string) (http.Handler, error) {
	bucket, err := fileblob.OpenBucket(artifacts, nil)
	if err != nil {
		return nil, err
	}
	mlflow, err := rest.NewHandler(store, rest.WithStaticPrefix("/mlflow"), rest.WithArtifacts(bucket))
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/mlflow/", mlflow)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		page, err := store.SearchExperiments(r.Context(), dynamodbstore.SearchExperimentsParams{MaxResults: 1000})
		if err != nil {
			http.Error(w, "the table does not answer", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintf(w, "This service keeps %d experiments, see /mlflow/.\n", len(page.Items))
	})
	return mux, nil
}
