package dynamodbstore

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Meter counts requests to the table and capacity units; the zero Meter is
// ready, and safe for concurrent use. [WithMeter] puts it to work.
type Meter struct{ m table.Meter }

// Units returns what has been counted since the last Reset.
func (m *Meter) Units() Units { return Units(m.m.Units()) }

// Reset sets all counts to zero.
func (m *Meter) Reset() { m.m.Reset() }

// Units is what a [Meter] has counted, as DynamoDB bills it.
type Units struct {
	Requests int64
	Read     float64 // read capacity units
	Write    float64 // write capacity units
}

// String prints u as "3 requests, 2 RCU, 5 WCU".
func (u Units) String() string { return table.Units(u).String() }

// WithMeter returns a context in which m counts what calls of a [Store] cost,
// in addition to the meters of outer contexts. What several callers write
// together is counted by the first one's.
func WithMeter(ctx context.Context, m *Meter) context.Context { return table.WithMeter(ctx, &m.m) }
