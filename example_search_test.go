package dynamodbstore_test

import (
	"context"
	"fmt"

	dynamodbstore "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/local"
)

// threeRuns opens a store with three runs in the default experiment.
func threeRuns(ctx context.Context) *dynamodbstore.Store {
	store, err := local.Open(ctx, local.Memory)
	if err != nil {
		panic(err)
	}
	for i, name := range []string{"small", "medium", "large"} {
		run, err := store.CreateRun(ctx, dynamodbstore.CreateRunParams{
			ExperimentID: dynamodbstore.DefaultExperimentID, Name: name, StartTime: int64(i + 1),
		})
		if err != nil {
			panic(err)
		}
		err = store.LogMetric(ctx, run.Info.RunID, dynamodbstore.Metric{Key: "acc", Value: 0.7 + 0.1*float64(i), Step: 1})
		if err != nil {
			panic(err)
		}
	}
	return store
}

func ExampleStore_SearchRuns() {
	ctx := context.Background()
	store := threeRuns(ctx)
	defer store.Close()

	page, err := store.SearchRuns(ctx, dynamodbstore.SearchRunsParams{
		ExperimentIDs: []string{dynamodbstore.DefaultExperimentID},
		Filter:        "metrics.acc > 0.75 AND attributes.run_name LIKE '%e%'",
		OrderBy:       []string{"metrics.acc DESC"},
		MaxResults:    10,
	})
	if err != nil {
		panic(err)
	}
	for _, run := range page.Items {
		fmt.Printf("%s %.1f\n", run.Info.Name, run.Metrics[0].Value)
	}
	fmt.Printf("more: %t\n", page.NextPageToken != "")
	// Output:
	// large 0.9
	// medium 0.8
	// more: false
}

// AllRuns asks for page after page, as far as the loop goes.
func ExampleStore_AllRuns() {
	ctx := context.Background()
	store := threeRuns(ctx)
	defer store.Close()

	for run, err := range store.AllRuns(ctx, dynamodbstore.SearchRunsParams{
		ExperimentIDs: []string{dynamodbstore.DefaultExperimentID},
		MaxResults:    1, // of a page
	}) {
		if err != nil {
			panic(err)
		}
		fmt.Println(run.Info.Name)
		if run.Info.Name == "medium" {
			break
		}
	}
	// Output:
	// large
	// medium
}

func ExampleStore_MetricHistory() {
	ctx := context.Background()
	store := threeRuns(ctx)
	defer store.Close()

	run, err := store.CreateRun(ctx, dynamodbstore.CreateRunParams{ExperimentID: dynamodbstore.DefaultExperimentID})
	if err != nil {
		panic(err)
	}
	points := []dynamodbstore.Metric{
		{Key: "loss", Value: 1.0, Timestamp: 1700000000000, Step: 0},
		{Key: "loss", Value: 0.5, Timestamp: 1700000001000, Step: 1},
		{Key: "loss", Value: 0.3, Timestamp: 1700000002000, Step: 2},
	}
	for range 2 { // the second time changes nothing
		if err := store.LogBatch(ctx, dynamodbstore.LogBatchParams{RunID: run.Info.RunID, Metrics: points}); err != nil {
			panic(err)
		}
	}
	history, err := store.MetricHistory(ctx, dynamodbstore.MetricHistoryParams{RunID: run.Info.RunID, Key: "loss"})
	if err != nil {
		panic(err)
	}
	for _, m := range history.Items {
		fmt.Printf("%d %.1f\n", m.Step, m.Value)
	}
	// Output:
	// 0 1.0
	// 1 0.5
	// 2 0.3
}
