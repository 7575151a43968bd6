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
	h.add("3.0", http.MethodPost, all, h.withBody((*handler).readJSON, x.create))
	h.add("3.0", http.MethodGet, one, x.get)
	h.add("3.0", http.MethodPatch, one, h.withBody((*handler).readJSON, x.update))
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

func (x workspaceEndpoints) create(w http.ResponseWriter, r *http.Request, body *heldBody) {
	q, err := readRequest(declareCreateWorkspace(), r, body.data)
	if err != nil {
		x.writeError(w, r, err)
		return
	}
	body.drop()
	if err := x.checkRoots(q); err != nil {
		x.writeError(w, r, err)
		return
	}
	made, err := x.workspaces.Create(r.Context(), mlflow.Workspace{
		Name: q.name, Description: q.description, DefaultArtifactRoot: given(q.root),
		TraceArchival: mlflow.TraceArchival{Location: given(q.archival.location), Retention: given(q.archival.retention)},
	})
	x.answer(w, r, http.StatusCreated, made, err)
}

func given(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// checkRoots refuses a bad name, and then places of storage on hosts that the server
// does not trust.
func (x workspaceEndpoints) checkRoots(q *workspaceRequest) error {
	if err := validate.WorkspaceName(q.name); err != nil && q.name != mlflow.DefaultWorkspace {
		return err
	}
	if err := x.checkHost("default_artifact_root", given(q.root)); err != nil {
		return err
	}
	return x.checkHost("trace_archival_config.location", given(q.archival.location))
}

func (x workspaceEndpoints) get(w http.ResponseWriter, r *http.Request) {
	found, err := x.workspaces.Get(r.Context(), r.PathValue("workspace_name"))
	x.answer(w, r, http.StatusOK, found, err)
}

func (x workspaceEndpoints) update(w http.ResponseWriter, r *http.Request, body *heldBody) {
	name := r.PathValue("workspace_name")
	if err := validate.WorkspaceName(name); err != nil && name != mlflow.DefaultWorkspace {
		x.writeError(w, r, err)
		return
	}
	q, err := readRequest(declareWorkspace(), r, body.data)
	if err != nil {
		x.writeError(w, r, err)
		return
	}
	body.drop()
	q.name = name
	if err := x.checkRoots(q); err != nil {
		x.writeError(w, r, err)
		return
	}
	changed, err := x.workspaces.Update(r.Context(), mlflow.UpdateWorkspaceParams{
		Name: name, Description: q.description, DefaultArtifactRoot: q.root,
		ArchivalLocation: q.archival.location, ArchivalRetention: q.archival.retention,
	})
	x.answer(w, r, http.StatusOK, changed, err)
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
