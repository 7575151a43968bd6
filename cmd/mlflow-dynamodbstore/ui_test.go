package main

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUIDir(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "index.html"), []byte("page"), 0o600))
	p := start(t, env("MLFLOW_UI_DIR", dir))
	code, body := p.do(http.MethodGet, "/", "")
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, "page", body)
	code, _ = p.do(http.MethodGet, "/static-files/none.js", "")
	require.Equal(t, http.StatusNotFound, code)
	p.end()
	require.NotContains(t, p.stderr.String(), "ERROR")
}

// TestWrongUIDir: a directory that is none or has no UI is refused at the start.
func TestWrongUIDir(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	file := filepath.Join(empty, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	indexDir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(indexDir, "index.html"), 0o750))
	for dir, text := range map[string]string{
		empty: "has no index.html", file: "not a directory", filepath.Join(empty, "none"): "no such file",
		indexDir: "has no index.html",
	} {
		var stdout, stderr buffer
		args := []string{"server", "--port", "0", "--backend-store-uri", "local::memory:", "--artifacts-destination", t.TempDir()}
		code := run(t.Context(), append(args, "--ui-dir", dir), deps{stdout: &stdout, stderr: &stderr, env: noEnv})
		require.Equal(t, exitFailed, code)
		require.Contains(t, stderr.String(), "--ui-dir")
		require.Contains(t, stderr.String(), text)
	}
}
