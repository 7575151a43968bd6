package rest

import (
	"context"
	"net/http"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// workspaceEndpoints are the endpoints of workspaces.
type workspaceEndpoints struct {
	failures
	*config
}

func (x workspaceEndpoints) addTo(h *handler) {
	if x.workspaces == nil {
		return
	}
	const all = "/mlflow/workspaces"
	const one = all + "/{workspace_name}"
	h.add("3.0", http.MethodGet, all, streamed(h, wire.Declare(func(*struct{}) []wire.Field { return nil }), x.list))
	h.add("3.0", http.MethodPost, all, h.withBody((*handler).readJSON, x.saying(declareCreateWorkspace(), http.StatusCreated, x.create)))
	h.add("3.0", http.MethodGet, one, x.get)
	h.add("3.0", http.MethodPatch, one, h.withBody((*handler).readJSON, x.saying(declareWorkspace(), http.StatusOK, x.update)))
	h.add("3.0", http.MethodDelete, one, x.delete)
}

// workspaceRequest is what a request says of a workspace.
type workspaceRequest struct {
	name              string
	description, root *string
	archival          archivalRequest
}

type archivalRequest struct{ location, retention *string }

// declareWorkspace declares what is said of a workspace. MLflow tells null from
// absent here.
func declareWorkspace() *wire.Request[workspaceRequest] {
	return wire.Declare(func(q *workspaceRequest) []wire.Field {
		return []wire.Field{
			wire.OptionalText("description", &q.description).NotNull().IsText(),
			wire.OptionalText("default_artifact_root", &q.root).NotNull().IsText(),
			wire.Object("trace_archival_config", &q.archival, func(q *archivalRequest) []wire.Field {
				return []wire.Field{
					wire.OptionalText("location", &q.location).NotNull().IsText(),
					wire.OptionalText("retention", &q.retention).NotNull().IsText(),
				}
			}),
		}
	})
}

func declareCreateWorkspace() *wire.Request[workspaceRequest] {
	return declareWorkspace().With(func(q *workspaceRequest) []wire.Field {
		return []wire.Field{wire.Text("name", &q.name).Required().IsText()}
	}).CheckedIn("name", "description", "default_artifact_root")
}

func (x workspaceEndpoints) list(ctx context.Context, a *answer, _ *struct{}) error {
	a.b = append(a.b, '{')
	b := a.b
	for w, err := range x.workspaces.All(ctx) {
		if err != nil {
			return err
		}
		if len(b) == 1 {
			b = append(wire.AppendKey(b, 1, "workspaces"), '[')
		}
		b = a.spill(appendWorkspace(wire.AppendItem(b, 2), w, 2))
	}
	a.b = wire.CloseObject(wire.CloseArray(b, 1), 0)
	return nil
}

// saying makes an endpoint to which a request says something of a workspace, which
// its path names, or else its body.
func (x workspaceEndpoints) saying(
	p *wire.Request[workspaceRequest], status int, do func(ctx context.Context, q *workspaceRequest) (*mlflow.Workspace, error),
) func(w http.ResponseWriter, r *http.Request, body *heldBody) {
	return func(w http.ResponseWriter, r *http.Request, body *heldBody) {
		q, err := x.read(p, r, body.data)
		if err != nil {
			x.writeError(w, r, err)
			return
		}
		body.drop()
		of, err := do(r.Context(), q)
		x.answer(w, r, status, of, err)
	}
}

// read reads a request, and refuses a bad name, before the body is looked at if it
// stands in the path, and then places of storage on hosts that the server does not
// trust.
func (x workspaceEndpoints) read(p *wire.Request[workspaceRequest], r *http.Request, body []byte) (*workspaceRequest, error) {
	name := r.PathValue("workspace_name")
	if name != "" {
		if err := validate.WorkspaceName(name); err != nil {
			return nil, err
		}
	}
	q, err := readRequest(p, r, body)
	if err != nil {
		return nil, err
	}
	if name != "" {
		q.name = name
	} else if err := validate.WorkspaceName(q.name); err != nil {
		return nil, err
	}
	if err := x.checkHost("default_artifact_root", deref(q.root)); err != nil {
		return nil, err
	}
	return q, x.checkHost("trace_archival_config.location", deref(q.archival.location))
}

func (x workspaceEndpoints) create(ctx context.Context, q *workspaceRequest) (*mlflow.Workspace, error) {
	return x.workspaces.Create(ctx, mlflow.Workspace{
		Name: q.name, Description: q.description, DefaultArtifactRoot: deref(q.root),
		TraceArchival: mlflow.TraceArchival{Location: deref(q.archival.location), Retention: deref(q.archival.retention)},
	})
}

func (x workspaceEndpoints) update(ctx context.Context, q *workspaceRequest) (*mlflow.Workspace, error) {
	return x.workspaces.Update(ctx, mlflow.UpdateWorkspaceParams{
		Name: q.name, Description: q.description, DefaultArtifactRoot: q.root,
		ArchivalLocation: q.archival.location, ArchivalRetention: q.archival.retention,
	})
}

func (x workspaceEndpoints) get(w http.ResponseWriter, r *http.Request) {
	found, err := x.workspaces.Get(r.Context(), r.PathValue("workspace_name"))
	x.answer(w, r, http.StatusOK, found, err)
}

func (x workspaceEndpoints) delete(w http.ResponseWriter, r *http.Request) {
	mode := mlflow.DeleteRestrict
	for _, p := range wire.ParseQuery(r.URL.RawQuery) {
		if p.Key == "mode" {
			mode = mlflow.WorkspaceDeletion(p.Value)
			break
		}
	}
	if err := x.workspaces.Delete(r.Context(), r.PathValue("workspace_name"), mode); err != nil {
		x.writeError(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusNoContent)
}

// answer answers with a workspace.
func (x workspaceEndpoints) answer(w http.ResponseWriter, r *http.Request, status int, of *mlflow.Workspace, err error) {
	if err != nil {
		x.writeError(w, r, err)
		return
	}
	buf := getBuffer()
	defer putBuffer(buf)
	*buf = wire.AppendOne(*buf, "workspace", of, appendWorkspace)
	writeJSON(w, status, *buf)
}

func appendWorkspace(b []byte, w *mlflow.Workspace, depth int) []byte {
	b = wire.AppendStringField(append(b, '{'), depth+1, "name", w.Name)
	if w.Description != nil {
		b = wire.AppendStringField(b, depth+1, "description", *w.Description)
	}
	if w.DefaultArtifactRoot != "" {
		b = wire.AppendStringField(b, depth+1, "default_artifact_root", w.DefaultArtifactRoot)
	}
	if a := w.TraceArchival; a != (mlflow.TraceArchival{}) {
		b = append(wire.AppendKey(b, depth+1, "trace_archival_config"), '{')
		if a.Location != "" {
			b = wire.AppendStringField(b, depth+2, "location", a.Location)
		}
		if a.Retention != "" {
			b = wire.AppendStringField(b, depth+2, "retention", a.Retention)
		}
		b = wire.CloseObject(b, depth+1)
	}
	return wire.CloseObject(b, depth)
}
