package workspace

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// CheckLive is what a transaction has at its end that makes something by which
// other things of the workspace are found: that the workspace is there still. None
// in a workspace that cannot be deleted. 2 WCU.
func (v *View) CheckLive() []table.Op {
	if v.Live == "" {
		return nil
	}
	return []table.Op{table.Check{
		Key:  keys.WorkspaceDocument(v.Workspace),
		Cond: table.Equal(table.Attr{Name: keys.Live, Value: table.String(v.Live)}),
	}}
}

// NotLive returns the error of a transaction of so many operations, the last of
// which is that of CheckLive, if it was cancelled because the workspace is being
// deleted, or is another one of the name by now; nil if that was not why.
func (v *View) NotLive(err *table.CanceledError, ops int) error {
	lost := err.Failed[ops-1]
	switch {
	case v.Live == "" || lost == nil:
		return nil
	case lost.Found && lost.Item.Str(keys.Gen) == v.Live && lost.Item.Str(keys.State) == keys.StateChecking:
		return failure.Errorf(mlflow.CodeTemporarilyUnavailable, "Workspace '%s' is being deleted, please try again.", v.Workspace)
	default:
		return failure.Errorf(mlflow.CodeResourceDoesNotExist, "Workspace '%s' not found", v.Workspace)
	}
}
