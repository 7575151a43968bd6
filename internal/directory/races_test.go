package directory_test

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
)

// before does something before the k-th call.
func before(k int, do func()) faulty.Plan {
	return func(c faulty.Call) faulty.Fault {
		if c.N != k {
			return faulty.Fault{}
		}
		return faulty.Fault{Wait: func(context.Context) error {
			do()
			return nil
		}}
	}
}
