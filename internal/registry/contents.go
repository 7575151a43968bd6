package registry

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Contents counts the registered models of the workspace, prompts too, up to limit.
// 2 requests, 1 RCU for each 4 KB of their documents.
func (s *Store) Contents(ctx context.Context, limit int) (of string, count int, err error) {
	for _, names := range []func() (pk, from, to string){s.Keys.WholeModelNames, s.Keys.HashedModelNames} {
		pk, from, to := names()
		n, err := table.CountItems(ctx, s.Table, table.Query{PK: pk, From: from, To: to, Limit: limit - count}, limit-count)
		if count += n; err != nil || count >= limit {
			return "registered_models", count, err
		}
	}
	return "registered_models", count, nil
}
