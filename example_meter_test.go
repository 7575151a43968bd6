package dynamodbstore_test

import (
	"context"
	"fmt"
	"log"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/local"
)

// A meter tells what calls cost. The embedded table counts what DynamoDB would
// bill.
func ExampleWithMeter() {
	ctx := context.Background()
	store, err := local.Open(ctx, local.Memory)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	run, err := store.CreateRun(ctx, dynamodbstore.CreateRunParams{ExperimentID: dynamodbstore.DefaultExperimentID})
	if err != nil {
		log.Fatal(err)
	}

	var points []dynamodbstore.Metric
	for i := range 20 {
		points = append(points, dynamodbstore.Metric{Key: fmt.Sprintf("metric-%02d", i), Value: 1, Timestamp: 1, Step: 1})
	}
	var meter dynamodbstore.Meter
	metered := dynamodbstore.WithMeter(ctx, &meter)
	if err := store.LogBatch(metered, dynamodbstore.LogBatchParams{RunID: run.Info.RunID, Metrics: points}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(meter.Units())
	// Output: 2 requests, 0 RCU, 2 WCU
}
