package dynamodbstore

import (
	"context"
	"errors"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// WithEnvironment sets where the MLFLOW_DYNAMODB_… variables are looked up at
// [Store.Init]. Default: nowhere, so a library user's environment has no say;
// the server passes os.LookupEnv.
func WithEnvironment(lookup func(string) (string, bool)) Option {
	return func(o *options) { o.Env = lookup }
}

// Init makes the table unless it exists, merges the environment into the
// persisted configuration and makes experiment 0, "Default". Safe to call
// from several processes at once, and again.
func (s *Store) Init(ctx context.Context) error {
	if err := s.view.Table.Init(ctx, s.createTable); errors.Is(err, table.ErrClosed) {
		return failure(err)
	} else if err != nil {
		return err
	}
	if err := s.settings.Reconcile(ctx); err != nil {
		return err
	}
	return failure(s.experiments.CreateDefault(ctx))
}
