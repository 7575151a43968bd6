package local_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/local"
)

// What was written is there again when the directory is opened the next time.
func ExampleOpen() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "mlflow-table")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)

	store, err := local.Open(ctx, dir)
	if err != nil {
		panic(err)
	}
	id, err := store.CreateExperiment(ctx, dynamodbstore.CreateExperimentParams{Name: "kept"})
	if err != nil {
		panic(err)
	}
	vision, err := local.Open(ctx, dir, dynamodbstore.WithWorkspace("vision"))
	if err != nil {
		panic(err)
	}
	if _, err := vision.GetExperimentByName(ctx, "kept"); errors.Is(err, dynamodbstore.ErrNotFound) {
		fmt.Println("another workspace of the directory is by itself")
	}
	if err := vision.Close(); err != nil {
		panic(err)
	}
	if err := store.Close(); err != nil {
		panic(err)
	}

	store, err = local.Open(ctx, dir)
	if err != nil {
		panic(err)
	}
	defer store.Close()
	e, err := store.GetExperiment(ctx, id)
	if err != nil {
		panic(err)
	}
	fmt.Println(e.Name)
	// Output:
	// another workspace of the directory is by itself
	// kept
}
