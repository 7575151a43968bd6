package rest

import "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"

// A Store of the root package serves, and hands over what it finds one by one.
var (
	_ Store   = (*dynamodbstore.Store)(nil)
	_ visitor = (*dynamodbstore.Store)(nil)
)
