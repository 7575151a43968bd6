package main

import (
	"context"
	"log/slog"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// meterRequest counts what a request costs, for the access log.
func meterRequest(ctx context.Context) (context.Context, func() []slog.Attr) {
	m := new(dynamodbstore.Meter)
	return dynamodbstore.WithMeter(ctx, m), func() []slog.Attr {
		u := m.Units()
		return []slog.Attr{
			slog.Int64("table_requests", u.Requests), slog.Float64("rcu", u.Read), slog.Float64("wcu", u.Write),
		}
	}
}
