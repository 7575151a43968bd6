package rest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOtherSpellings: rules about paths hold for each spelling of a path.
func TestOtherSpellings(t *testing.T) {
	t.Parallel()
	s := newServer(t, WithStaticPrefix("/mlflow"))
	for _, path := range []string{
		"/mlflow/api/2.0/mlflow/runs/set-tag", "//mlflow/api/2.0/mlflow/runs/set-tag",
		"/mlflow/api/2.0/preview/mlflow/runs/set-tag", "///mlflow/ajax-api/2.0/preview/mlflow/runs/set-tag",
	} {
		body := `{"run_id":"r","key":"k","value":"v"}`
		require.Equal(t, http.StatusOK, s.do(http.MethodPost, path, body).Code, path)
		w := s.do(http.MethodPost, path, body, "Origin", "http://evil.example")
		require.Equal(t, http.StatusForbidden, w.Code, path)
		require.Equal(t, "Cross-origin request blocked", w.Body.String(), path)
	}
	w := s.do(http.MethodPut, "//mlflow/api/2.0/mlflow-artifacts/artifacts/0/r/artifacts/a", "x")
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "x", s.do(http.MethodGet, "//mlflow/get-artifact?run_id=r&path=a", "").Body.String())
}

// TestWorkspaceHeader: who asks for a workspace is not answered from the only
// one, whatever is asked.
func TestWorkspaceHeader(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, path := range []string{"/api/2.0/mlflow/runs/get?run_id=r", "/health", "/", "/nope", "/graphql", "//get-artifact?run_id=r&path=a"} {
		for _, name := range []string{"team", "default", " x "} {
			w := s.do(http.MethodGet, path, "", "X-MLFLOW-WORKSPACE", name)
			require.Equal(t, http.StatusBadRequest, w.Code, path)
			require.JSONEq(t, `{"error_code": "FEATURE_DISABLED", "message": "Workspace APIs are not available: workspaces are not `+
				`enabled on this server", "sqlstate": "KAM00", "error_class": "FEATURE_DISABLED"}`, w.Body.String())
		}
	}
	require.Equal(t, http.StatusOK, s.do(http.MethodGet, "/api/3.0/mlflow/server-info", "", "X-MLFLOW-WORKSPACE", "team").Code)
	require.Equal(t, http.StatusOK, s.do(http.MethodGet, "/api/2.0/mlflow/runs/get?run_id=r", "", "X-MLFLOW-WORKSPACE", "  ").Code)
}

// TestAbsent: what is not here yet is answered in words, as the error that
// clients take for an older server; what MLflow has not either, as MLflow does.
func TestAbsent(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for target, want := range map[string]string{
		"POST /api/3.0/mlflow/traces":                            "Tracing is not available on this server yet.",
		"GET /ajax-api/3.0/mlflow/traces/tr-1/assessments/a":     "Tracing is not available on this server yet.",
		"POST //api/2.0/mlflow/traces/link-to-run":               "Tracing is not available on this server yet.",
		"POST /v1/traces":                                        "Tracing is not available on this server yet.",
		"POST /ajax-api/3.0/mlflow/demo/generate":                "Demo data is not available on this server yet.",
		"POST /ajax-api/3.0/mlflow/issues/schedule/state":        "Issue detection is not available on this server yet.",
		"POST /api/2.0/mlflow/webhooks":                          "Webhooks are not available on this server yet.",
		"POST /ajax-api/2.0/mlflow/runs/create-promptlab-run":    "The AI gateway is not available on this server yet.",
		"GET /api/3.0/mlflow/workspaces":                         "This server is running without workspaces support. To enable workspaces, start it with `--enable-workspaces`.",
		"PUT /api/3.0/mlflow/scorers/online-config":              "Scorers are not available on this server yet.",
		"POST /ajax-api/3.0/mlflow/assistant/sessions/1/message": "The assistant is not available on this server.",
	} {
		method, path, _ := strings.Cut(target, " ")
		w := s.do(method, path, "{}")
		require.Equal(t, http.StatusNotFound, w.Code, target)
		require.Equal(t, codeAndMessage{"ENDPOINT_NOT_FOUND", want}, errorOf(t, w.Body.Bytes()), target)
	}
	for _, path := range []string{"/nope", "/api/2.0/mlflow/nope", "/api/2.0/mlflow/users/current", "/api/9.0/mlflow/traces", "/traces", "/api/3.0/mlflow/"} {
		w := s.do(http.MethodGet, path, "")
		require.Equal(t, http.StatusNotFound, w.Code, path)
		require.Contains(t, w.Header().Get("Content-Type"), "text/html", path)
	}
}
