package rest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// workspaceHeader is the header by which clients say which workspace they mean.
const workspaceHeader = "X-Mlflow-Workspace"

// inOneWorkspace refuses requests that name a workspace: there is only one, and
// who asks for another must not be answered from it. What the server can do is
// told all the same, since clients ask for it to find that out. MLflow has a
// status of 500 for this, which clients repeat for minutes.
func (h *handler) inOneWorkspace(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		named := slices.ContainsFunc(r.Header[workspaceHeader], func(name string) bool { return strings.TrimSpace(name) != "" })
		if named && !strings.HasSuffix(r.URL.Path, serverInfoPath) {
			h.writeError(w, r, &mlflow.Error{
				Code:    "FEATURE_DISABLED",
				Message: "Workspace APIs are not available: workspaces are not enabled on this server",
			})
			return
		}
		next.ServeHTTP(w, r)
	})
}
