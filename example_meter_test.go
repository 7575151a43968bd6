package dynamodbstore_test

import (
	"context"
	"fmt"

	dynamodbstore "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/local"
)

// A meter tells what calls cost. The embedded table counts what DynamoDB would
// bill.
func ExampleWithMeter() {
	ctx := context.Background()
	store, err := local.Open(ctx, local.Memory)
	if err != nil {
		panic(err)
	}
	defer store.Close()
	run, err := store.CreateRun(ctx, dynamodbstore.CreateRunParams{ExperimentID: dynamodbstore.DefaultExperimentID})
	if err != nil {
		panic(err)
	}

	points := make([]dynamodbstore.Metric, 20)
	for i := range points {
		points[i] = dynamodbstore.Metric{Key: fmt.Sprintf("metric-%02d", i), Value: 1, Timestamp: 1, Step: 1}
	}
	var meter dynamodbstore.Meter
	metered := dynamodbstore.WithMeter(ctx, &meter)
	if err := store.LogBatch(metered, dynamodbstore.LogBatchParams{RunID: run.Info.RunID, Metrics: points}); err != nil {
		panic(err)
	}
	fmt.Println(meter.Units())
	// Output: 2 requests, 0 RCU, 2 WCU
}
