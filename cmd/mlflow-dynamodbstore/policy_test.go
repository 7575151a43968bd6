package main

import (
	"path"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
)

// permits reports whether a policy permits an action on a partition.
func permits(p policyDocument, action, pk string) bool {
	return slices.ContainsFunc(p.Statement, func(s statement) bool {
		if !slices.Contains(s.Action, action) {
			return false
		}
		for _, values := range s.Condition {
			patterns, ok := values["dynamodb:LeadingKeys"].([]string)
			if !ok {
				continue
			}
			for _, pattern := range patterns {
				if matched, err := path.Match(pattern, pk); err == nil && matched {
					return true
				}
			}
		}
		return false
	})
}

// TestPolicySuffices: a Store of a workspace makes no call on an item that the
// workspace's policy does not permit, once the table is there.
func TestPolicySuffices(t *testing.T) {
	t.Parallel()
	tab, err := pebbletable.OpenMemory(pebbletable.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tab.Close()) })
	first, err := dynamodbstore.OpenTable(tab)
	require.NoError(t, err)
	require.NoError(t, first.Init(t.Context()))

	policy := workspacePolicy("r", "team-a")
	actions := map[string][]string{
		"Get": {"dynamodb:GetItem"}, "BatchGet": {"dynamodb:BatchGetItem"}, "Query": {"dynamodb:Query"},
		"Put": {"dynamodb:PutItem"}, "Delete": {"dynamodb:DeleteItem"}, "Update": {"dynamodb:UpdateItem"},
		"BatchWrite": {"dynamodb:BatchWriteItem"},
		"Transact":   {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem"},
	}
	calls := 0
	fenced := faulty.Wrap(tab, func(c faulty.Call) faulty.Fault {
		calls++
		for _, key := range c.Keys {
			for _, action := range actions[c.Op] {
				if !permits(policy, action, key.PK) {
					t.Errorf("%s on %s is not permitted", action, key.PK)
				}
			}
		}
		return faulty.Fault{}
	})
	s, err := dynamodbstore.OpenTable(fenced, dynamodbstore.WithWorkspace("team-a"))
	require.NoError(t, err)
	require.NoError(t, s.Init(t.Context()))
	exp, err := s.CreateExperiment(t.Context(), dynamodbstore.CreateExperimentParams{Name: "e"})
	require.NoError(t, err)
	require.NoError(t, s.SetExperimentTag(t.Context(), exp, dynamodbstore.Tag{Key: "k", Value: "v"}))
	require.NoError(t, s.DeleteExperiment(t.Context(), exp))
	require.NoError(t, s.RestoreExperiment(t.Context(), exp))
	require.Greater(t, calls, 8)

	require.False(t, permits(policy, "dynamodb:GetItem", "WS#team-b#EXPS"))
	require.False(t, permits(policy, "dynamodb:GetItem", "WS#team-ab#EXPS"))
	require.False(t, permits(policy, "dynamodb:PutItem", "CONFIG"))
	require.False(t, permits(policy, "dynamodb:PutItem", "SEQ"))
	require.False(t, permits(policy, "dynamodb:Scan", "WS#team-a#EXPS"))
}
