package dynamodbstore_test

import (
	"context"
	"fmt"

	dynamodbstore "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// An explanation tells why a search is dear: what it has read, and in which
// order.
func ExampleWithExplanation() {
	ctx := context.Background()
	store := threeRuns(ctx)
	defer store.Close()

	for _, order := range []string{"attributes.start_time DESC", "attributes.end_time"} {
		var e dynamodbstore.Explanation
		_, err := store.SearchRuns(dynamodbstore.WithExplanation(ctx, &e), dynamodbstore.SearchRunsParams{
			ExperimentIDs: []string{dynamodbstore.DefaultExperimentID},
			OrderBy:       []string{order},
			MaxResults:    1,
		})
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s: %s; %d rows of lists, %g RCU\n", order, e.Plan, e.ListRows, e.Units.Read)
	}
	// Output:
	// attributes.start_time DESC: run list; 2 rows of lists, 6 RCU
	// attributes.end_time: all runs, sorted; 3 rows of lists, 8 RCU
}
