package rest

import (
	"context"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Workspaces is what the handler needs of the workspaces of a table;
// *dynamodbstore.Workspaces has it. S is their Store.
type Workspaces[S Store] interface {
	// Open returns the Store of a workspace that is there. It is called for each
	// request.
	Open(ctx context.Context, name string) (S, error)
	workspaceDirectory
}

// workspaceDirectory lists workspaces, and makes, changes and deletes them.
type workspaceDirectory interface {
	Get(ctx context.Context, name string) (*mlflow.Workspace, error)
	All(ctx context.Context) iter.Seq2[*mlflow.Workspace, error]
	Create(ctx context.Context, w mlflow.Workspace) (*mlflow.Workspace, error)
	Update(ctx context.Context, p mlflow.UpdateWorkspaceParams) (*mlflow.Workspace, error)
	Delete(ctx context.Context, name string, mode mlflow.WorkspaceDeletion) error
}

// WithWorkspaces lets clients choose the workspace that a request is about, by the
// header X-MLFLOW-WORKSPACE, and list, make, change and delete workspaces. What
// names none is about the default one. The default is that there are no workspaces:
// requests that name one are refused.
func WithWorkspaces[S Store](w Workspaces[S]) Option {
	return func(c *config) {
		c.workspaces = w
		c.openWorkspace = func(ctx context.Context, name string) (Store, error) { return w.Open(ctx, name) }
	}
}

// stores are where an endpoint gets the Store of a request from.
type stores struct {
	base Store // that of all requests, unless there are workspaces
	many bool  // there are
}

// inWorkspace is what the context of a request knows of its workspace.
type inWorkspace struct {
	name  string
	store Store
}

type workspaceKey struct{}

// of returns the Store of a request.
func (s stores) of(ctx context.Context) Store {
	if !s.many {
		return s.base
	}
	if in, ok := ctx.Value(workspaceKey{}).(inWorkspace); ok {
		return in.store
	}
	return UnimplementedStore{} // of a request that is about no workspace
}

// workspaceOf returns the name of the workspace that a request is about; "" if there
// are none.
func workspaceOf(ctx context.Context) string {
	in, _ := ctx.Value(workspaceKey{}).(inWorkspace)
	return in.name
}

// workspaceHeader is the header by which clients say which workspace they mean.
const workspaceHeader = "X-Mlflow-Workspace"

// inWorkspaces finds the workspace of each request, unless there are none.
func (h *handler) inWorkspaces(next http.Handler) http.Handler {
	if h.workspaces == nil {
		return h.inOneWorkspace(next)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.isOfNoWorkspace(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		name, err := namedWorkspace(r.Header[workspaceHeader])
		if err != nil {
			h.writeError(w, r, err)
			return
		}
		s, err := h.openWorkspace(r.Context(), name)
		if err != nil {
			h.writeError(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), workspaceKey{}, inWorkspace{name, s})))
	})
}

// namedWorkspace returns the workspace that a header names. Proxies and servers do
// not agree on which of several values counts, so that one of them might see to
// another workspace than is served.
func namedWorkspace(values []string) (string, error) {
	if len(values) > 1 {
		return "", invalid("The header X-MLFLOW-WORKSPACE must not be there more than once.")
	}
	for _, v := range values {
		if name := strings.TrimSpace(v); name != "" {
			return name, nil
		}
	}
	return mlflow.DefaultWorkspace, nil
}

// isOfNoWorkspace tells what is the same in all workspaces, and is answered whatever
// workspace is named.
func (h *handler) isOfNoWorkspace(path string) bool {
	path = strings.TrimPrefix(path, h.staticPrefix)
	return path == "/health" || path == "/version" || path == "/favicon.ico" || strings.HasPrefix(path, "/static-files/") ||
		strings.HasSuffix(path, serverInfoPath)
}

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
