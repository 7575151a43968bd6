package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDirectoryOf: a file URI is of this machine or refused, and never a path
// relative to where the server runs by mistake.
func TestDirectoryOf(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"/a b": "/a b", "a": "a", "file:/a": "/a", "file:///a%20b": "/a b", "file://localhost/a": "/a", "file://LOCALHOST/a": "/a",
		"file://127.0.0.1/a": "/a", "file://./a": "./a", "file:a": "a",
	} {
		dir, ok, err := directoryOf(uri)
		require.NoError(t, err, uri)
		require.True(t, ok, uri)
		require.Equal(t, want, dir, uri)
	}
	for _, uri := range []string{
		"file://localhost.evil.com/a", "file://127.0.0.1.evil.com/a", "file://evil/a", "file://localhost:80/a", "file://localhost@evil.com/a",
		"file://127.0.0.2/a", "file:///a%zz",
	} {
		_, ok, err := directoryOf(uri)
		require.ErrorAs(t, err, new(locationError), uri)
		require.False(t, ok, uri)
	}
}

// TestUnreachableArtifacts: a location that nothing here can open is the
// client's error, whatever is asked of it.
func TestUnreachableArtifacts(t *testing.T) {
	t.Parallel()
	p := start(t, env())
	post := func(path, body string) string {
		code, text := p.do(http.MethodPost, "/api/2.0/mlflow/"+path, body)
		require.Equal(t, http.StatusOK, code, text)
		return text
	}
	field := func(text, name string) string {
		_, rest, ok := strings.Cut(text, `"`+name+`": "`)
		require.True(t, ok, text)
		value, _, _ := strings.Cut(rest, `"`)
		return value
	}
	for _, location := range []string{"gs://bucket/x", "nope://x/y", "dbfs:/x", "models:/m/1"} {
		exp := field(post("experiments/create", `{"name":"`+location+`","artifact_location":"`+location+`"}`), "experiment_id")
		run := field(post("runs/create", `{"experiment_id":"`+exp+`"}`), "run_id")
		for _, request := range []string{
			"GET /api/2.0/mlflow/artifacts/list?run_id=" + run,
			"GET /get-artifact?path=a&run_id=" + run,
			"POST /ajax-api/2.0/mlflow/upload-artifact?path=a&run_id=" + run,
		} {
			method, path, _ := strings.Cut(request, " ")
			code, text := p.do(method, path, "x")
			require.Equal(t, http.StatusBadRequest, code, "%s %s: %s", location, request, text)
			require.Contains(t, text, "The server cannot reach these artifacts: ")
		}
		for _, what := range []string{"upload", "download"} {
			code, text := p.do(http.MethodPost, "/api/2.0/mlflow/artifacts/presigned-"+what+"-url", `{"path":"a","run_id":"`+run+`"}`)
			require.NotEqual(t, http.StatusInternalServerError, code, text)
			require.GreaterOrEqual(t, code, http.StatusBadRequest, text)
		}
	}
	require.NotContains(t, p.stderr.String(), "ERROR")
	p.end()
}

// TestTransferVariables: the variables of MLflow's servers are read, and refused
// if they are neither true nor false.
func TestTransferVariables(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", "MLFLOW_ARTIFACTS_PRESIGNED_ONLY",
	} {
		_, err := transferOptions(env(name, "maybe"))
		require.EqualError(t, err, name+` is "maybe", neither true nor false`)
	}
	p := start(t, env("MLFLOW_ARTIFACTS_PRESIGNED_ONLY", "1"))
	code, text := p.do(http.MethodPut, "/api/2.0/mlflow-artifacts/artifacts/x", "x")
	require.Equal(t, http.StatusForbidden, code)
	require.Contains(t, text, "This server requires artifacts to be uploaded directly to storage.")
	p.end()
}
