package local_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/local"
)

// TestShared: Stores of one directory share its table until the last one is
// closed, by whatever path they name it.
func TestShared(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := filepath.Join(t.TempDir(), "table")
	first, err := local.Open(ctx, dir)
	require.NoError(t, err)
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(dir, link))
	same, err := local.Open(ctx, "local:"+link)
	require.NoError(t, err)
	other, err := local.Open(ctx, dir+"/", dynamodbstore.WithWorkspace("other"))
	require.NoError(t, err)

	id, err := first.CreateExperiment(ctx, dynamodbstore.CreateExperimentParams{Name: "lab"})
	require.NoError(t, err)
	require.NoError(t, first.Close())
	require.NoError(t, first.Close())
	_, err = first.GetExperiment(ctx, id)
	require.ErrorIs(t, err, dynamodbstore.ErrClosed)

	e, err := same.GetExperiment(ctx, id)
	require.NoError(t, err)
	require.Equal(t, "lab", e.Name)
	_, err = other.GetExperiment(ctx, id)
	require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
	require.NoError(t, same.Close())
	_, err = other.GetExperiment(ctx, "0")
	require.NoError(t, err)
	require.NoError(t, other.Close())

	again, err := local.Connect(ctx, dir)
	require.NoError(t, err)
	_, err = again.GetExperiment(ctx, id)
	require.NoError(t, err)
	require.NoError(t, again.Close())
}

// TestSharedAtOnce opens and closes one directory from many sides.
func TestSharedAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var ids [8]string
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			s, err := local.Open(t.Context(), dir, dynamodbstore.WithWorkspace(fmt.Sprint("w", i%2)))
			if err != nil {
				t.Error(err)
				return
			}
			if ids[i], err = s.EnsureExperiment(t.Context(), dynamodbstore.CreateExperimentParams{Name: "lab"}); err != nil {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for i, id := range ids {
		require.Equal(t, ids[i%2], id)
	}
	require.NotEqual(t, ids[0], ids[1])
}
