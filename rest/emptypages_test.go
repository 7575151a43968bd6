package rest

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// TestEmptyPages sends what MLflow's own server was sent, which had no traces,
// scorers, datasets, issues or webhooks either, and wants the same answers.
func TestEmptyPages(t *testing.T) {
	t.Parallel()
	var cases []struct {
		Path, Body, Type, Answer string
		Status                   int
	}
	require.NoError(t, json.Unmarshal(golden(t, "empty_pages.json"), &cases))
	require.NotEmpty(t, cases)
	s := newServer(t)
	for _, tc := range cases {
		method := http.MethodGet
		if tc.Body != "" {
			method = http.MethodPost
		}
		w := s.do(method, tc.Path, tc.Body)
		what := tc.Path + " " + tc.Body
		require.Equal(t, tc.Status, w.Code, what)
		require.Equal(t, tc.Type, w.Header().Get("Content-Type"), what)
		require.Equal(t, tc.Answer, w.Body.String(), what)
	}
}

// TestEmptyPagesRefuse: what MLflow answers with an internal error, or cannot be
// right, is refused.
func TestEmptyPagesRefuse(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	w := s.do(http.MethodPost, "/api/3.0/mlflow/traces/search",
		`{"locations":[{"type":"MLFLOW_EXPERIMENT","mlflow_experiment":{"experiment_id":"x"}}]}`)
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Contains(t, w.Body.String(), "Experiment ID must be a valid integer.")
	s.store.err = &dynamodbstore.Error{Code: dynamodbstore.CodeResourceDoesNotExist, Message: "No Experiment with id=9 exists"}
	w = s.do(http.MethodGet, "/ajax-api/3.0/mlflow/scorers/list?experiment_id=9", "")
	require.Equal(t, http.StatusNotFound, w.Code)
	require.Contains(t, w.Body.String(), "No Experiment with id=9 exists")
}
