package rest

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/local"
)

// TestLoggedModels sends what MLflow's own server was sent and wants the same
// answers, but for the class of an error.
func TestLoggedModels(t *testing.T) {
	t.Parallel()
	var cases []struct {
		Body, Answer string
		Status       int
	}
	require.NoError(t, json.Unmarshal(golden(t, "logged_models.json"), &cases))
	require.NotEmpty(t, cases)
	for _, tc := range cases {
		t.Run(tc.Body, func(t *testing.T) {
			t.Parallel()
			w := newServerOn(t, emptyStore(t)).post("logged-models/search", tc.Body)
			require.Equal(t, tc.Status, w.Code, w.Body)
			require.Equal(t, "application/json", w.Header().Get("Content-Type"))
			if tc.Status == http.StatusOK {
				require.JSONEq(t, tc.Answer, w.Body.String())
				return
			}
			want, got := errorOf(t, []byte(tc.Answer)), errorOf(t, w.Body.Bytes())
			require.Equal(t, want, got)
		})
	}
}

// emptyStore is a Store on an embedded table.
func emptyStore(t *testing.T) *dynamodbstore.Store {
	t.Helper()
	s, err := local.Open(t.Context(), local.Memory)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func newServerOn(t *testing.T, store Store) *testServer {
	t.Helper()
	h, err := NewHandler(store)
	require.NoError(t, err)
	return &testServer{Handler: h}
}

type codeAndMessage struct {
	Code    string `json:"error_code"`
	Message string
}

func errorOf(t *testing.T, b []byte) (e codeAndMessage) {
	t.Helper()
	require.NoError(t, json.Unmarshal(b, &e))
	return e
}

// TestLoggedModelsRefused are requests of which MLflow executes a half.
func TestLoggedModelsRefused(t *testing.T) {
	t.Parallel()
	for _, part := range []string{
		`"order_by":["x"]`, `"order_by":[{"field_name":5}]`, `"order_by":[{"field_name":"name","ascending":"yes"}]`,
		`"datasets":["x"]`, `"datasets":[{"dataset_name":1}]`, `"max_results":2.5`,
	} {
		w := newServer(t).post("logged-models/search", `{"experiment_ids":["0"],`+part+`}`)
		require.Equal(t, http.StatusBadRequest, w.Code, part)
		require.Equal(t, "INVALID_PARAMETER_VALUE", errorOf(t, w.Body.Bytes()).Code, part)
	}
}
