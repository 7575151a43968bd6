package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/local"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestHandler(t *testing.T) {
	t.Parallel()
	store, err := local.Open(t.Context(), local.Memory)
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	handler, err := newHandler(store, t.TempDir())
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	defer server.Close()
	ask := func(method, path, body string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		answer, err := server.Client().Do(r)
		require.NoError(t, err)
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer.StatusCode, string(text)
	}
	code, text := ask(http.MethodGet, "/", "")
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, "This service keeps 1 experiments, see /mlflow/.\n", text)
	code, text = ask(http.MethodPost, "/mlflow/api/2.0/mlflow/experiments/create", `{"name":"lab"}`)
	require.Equal(t, http.StatusOK, code)
	require.JSONEq(t, `{"experiment_id":"1"}`, text)
	_, text = ask(http.MethodGet, "/", "")
	require.Contains(t, text, "keeps 2 experiments")
	code, _ = ask(http.MethodPost, "/api/2.0/mlflow/experiments/create", `{"name":"lab"}`)
	require.Equal(t, http.StatusNotFound, code, "MLflow is under its prefix alone")
}
