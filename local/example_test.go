package local_test

import (
	"context"
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
	if _, err := local.Open(ctx, dir); err != nil {
		fmt.Println("a directory is for one store at a time")
	}
	id, err := store.CreateExperiment(ctx, dynamodbstore.CreateExperimentParams{Name: "kept"})
	if err != nil {
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
	// a directory is for one store at a time
	// kept
}
