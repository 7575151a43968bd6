package dynamodbstore

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/explain"
)

// Explanation says how a search found its results, see [WithExplanation].
type Explanation struct {
	// Plan names what was read, and why: one phrase for each experiment whose
	// runs were found in another way than the others'. Of what the search
	// compares with it says nothing.
	Plan string
	// IndexRows is how many rows of indexes were read, ListRows how many rows
	// of run lists, Fetched how many runs were looked up for an index row, and
	// OpenRuns how many because their index rows may lag behind.
	IndexRows, ListRows, Fetched, OpenRuns int
	// Units is what the search has cost.
	Units Units
}

// WithExplanation returns a context in which a search fills e with what it
// did. Give each search its own.
func WithExplanation(ctx context.Context, e *Explanation) context.Context {
	return explain.With(ctx, func(x explain.Explanation) {
		*e = Explanation{x.Plan, x.IndexRows, x.ListRows, x.Fetched, x.OpenRuns, Units(x.Units)}
	})
}
