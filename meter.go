package dynamodbstore

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Meter counts requests to the table and capacity units; the zero Meter is
// ready, and safe for concurrent use.
type Meter = table.Meter

// Units is what a [Meter] has counted: requests, read capacity units and
// write capacity units, as DynamoDB bills them.
type Units = table.Units

// WithMeter returns a context in which m counts what calls of a [Store] cost,
// in addition to the meters of outer contexts. What several callers write
// together is counted by the first one's.
func WithMeter(ctx context.Context, m *Meter) context.Context { return table.WithMeter(ctx, m) }
