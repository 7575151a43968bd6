package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/local"
)

// TestWorkspacesSwitchedOff: a server without workspaces does not start on a table
// with some that are in use.
func TestWorkspacesSwitchedOff(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, err := local.Open(ctx, local.Memory)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	off, on := &serverOptions{}, &serverOptions{enableWorkspaces: true}
	starts := func(o *serverOptions) error {
		opts, err := o.workspaceOptions(ctx, s)
		require.Equal(t, o.enableWorkspaces && err == nil, len(opts) == 1)
		return err
	}
	require.NoError(t, starts(off))
	require.NoError(t, starts(on))
	_, err = s.Workspaces().Create(ctx, dynamodbstore.Workspace{Name: "team-a"})
	require.NoError(t, err)
	require.NoError(t, starts(off), "it is empty")
	w, err := s.Workspaces().Open(ctx, "team-a")
	require.NoError(t, err)
	id, err := w.CreateExperiment(ctx, dynamodbstore.CreateExperimentParams{Name: "e"})
	require.NoError(t, err)
	require.NoError(t, w.DeleteExperiment(ctx, id))
	require.ErrorContains(t, starts(off), "there are experiments or models in the workspace team-a, but workspaces are off")
	require.NoError(t, starts(on))
}
