package dynamodbstore_test

import (
	"context"
	"errors"
	"fmt"

	dynamodbstore "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/local"
)

// Errors carry MLflow's code and text. Sentinels tell their class.
func ExampleError() {
	ctx := context.Background()
	store, err := local.Open(ctx, local.Memory)
	if err != nil {
		panic(err)
	}
	defer store.Close()

	_, err = store.GetRun(ctx, "0123456789abcdef0123456789abcdef")
	if e, ok := errors.AsType[*dynamodbstore.Error](err); ok {
		fmt.Println(e.Code)
		fmt.Println(e.Message)
	}

	_, err = store.CreateExperiment(ctx, dynamodbstore.CreateExperimentParams{Name: "Default"})
	fmt.Println(errors.Is(err, dynamodbstore.ErrAlreadyExists))
	// Output:
	// RESOURCE_DOES_NOT_EXIST
	// Run with id=0123456789abcdef0123456789abcdef not found
	// true
}
