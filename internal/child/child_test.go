package child_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/child"
)

// TestRepositoryRoot: it is the next directory upwards with go.mod, from any
// depth, and an error where there is none.
func TestRepositoryRoot(t *testing.T) { //nolint:paralleltest // it changes the working directory
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	deep := filepath.Join(root, "module", "a", "b")
	require.NoError(t, os.MkdirAll(deep, 0o750))
	t.Chdir(deep)
	_, err = child.RepositoryRoot()
	require.EqualError(t, err, "find the repository: no go.mod above the working directory")

	require.NoError(t, os.WriteFile(filepath.Join(root, "module", "go.mod"), nil, 0o600))
	dir, err := child.RepositoryRoot()
	require.NoError(t, err)
	require.Equal(t, filepath.Join(root, "module"), dir)
}
