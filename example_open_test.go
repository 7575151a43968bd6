package dynamodbstore_test

import (
	"context"
	"fmt"

	dynamodbstore "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/local"
)

// A program for production says dynamodbstore.Open(ctx,
// "dynamodb://us-east-1/mlflow"). One on the embedded table needs no account
// and does the same.
func Example() {
	ctx := context.Background()
	store, err := local.Open(ctx, local.Memory)
	if err != nil {
		panic(err)
	}
	defer store.Close()

	exp, err := store.CreateExperiment(ctx, dynamodbstore.CreateExperimentParams{Name: "tuning"})
	if err != nil {
		panic(err)
	}
	run, err := store.CreateRun(ctx, dynamodbstore.CreateRunParams{ExperimentID: exp, Name: "first", StartTime: 1700000000000})
	if err != nil {
		panic(err)
	}
	id := run.Info.RunID
	err = store.LogBatch(ctx, dynamodbstore.LogBatchParams{
		RunID:  id,
		Params: []dynamodbstore.Param{{Key: "lr", Value: "0.1"}},
		Metrics: []dynamodbstore.Metric{
			{Key: "loss", Value: 0.9, Step: 1, Timestamp: 1700000001000},
			{Key: "loss", Value: 0.5, Step: 2, Timestamp: 1700000002000},
		},
	})
	if err != nil {
		panic(err)
	}
	end := int64(1700000003000)
	_, err = store.UpdateRun(ctx, dynamodbstore.UpdateRunParams{RunID: id, Status: dynamodbstore.StatusFinished, EndTime: &end})
	if err != nil {
		panic(err)
	}

	run, err = store.GetRun(ctx, id)
	if err != nil {
		panic(err)
	}
	fmt.Println(run.Info.Name, run.Info.Status, run.Params[0].Value, run.Metrics[0].Value)
	// Output: first FINISHED 0.1 0.5
}

func ExampleParseURI() {
	for _, uri := range []string{
		"dynamodb://eu-west-1/prod-mlflow", "dynamodb://localhost:8000/dev", "dynamodb://https://ddb.example.com/dev?deploy=false",
	} {
		loc, err := dynamodbstore.ParseURI(uri)
		if err != nil {
			panic(err)
		}
		fmt.Printf("region %q, endpoint %q, table %q, may be made: %t\n", loc.Region, loc.Endpoint, loc.Table, loc.Deploy)
	}
	// Output:
	// region "eu-west-1", endpoint "", table "prod-mlflow", may be made: true
	// region "", endpoint "http://localhost:8000", table "dev", may be made: true
	// region "", endpoint "https://ddb.example.com", table "dev", may be made: false
}
