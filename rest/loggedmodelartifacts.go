package rest

import (
	"context"
	"errors"
	"net/http"
	"path"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

type listModelArtifactsRequest struct {
	loggedModelRequest
	dir string
}

func declareListModelArtifacts() *wire.Request[listModelArtifactsRequest] {
	return wire.Declare(func(q *listModelArtifactsRequest) []wire.Field {
		return []wire.Field{
			wire.Text("model_id", new(string)), // that of the path counts
			wire.Text("artifact_directory_path", &q.dir).IsText(),
			wire.Text("page_token", new(string)), // there is one page
		}
	})
}

func (x loggedModelEndpoints) listModelArtifacts(ctx context.Context, b []byte, q *listModelArtifactsRequest) ([]byte, error) {
	dir, err := cleanPath(q.dir)
	if err != nil {
		return nil, err
	}
	m, err := x.store.of(ctx).GetLoggedModel(ctx, q.id)
	if err != nil {
		return nil, err
	}
	root, err := x.files.openRoot(ctx, m.ArtifactURI)
	if err != nil {
		return nil, err
	}
	entries, err := root.list(ctx, dir)
	if err = errors.Join(err, root.close()); err != nil {
		return nil, err
	}
	for i := range entries {
		entries[i].path = path.Join(dir, entries[i].path)
	}
	b = wire.AppendStringField(append(b, '{'), 1, "root_uri", m.ArtifactURI)
	return wire.CloseObject(appendEntries(b, entries), 0), nil
}

// getModelArtifact sends an artifact of a logged model to the browser.
func (x loggedModelEndpoints) getModelArtifact(w http.ResponseWriter, r *http.Request) {
	name := ""
	for _, p := range wire.ParseQuery(r.URL.RawQuery) {
		if p.Key == "artifact_file_path" {
			name = p.Value
			break
		}
	}
	if name == "" {
		x.writeError(w, r, &mlflow.Error{
			Code: mlflow.CodeBadRequest, Message: `Request must include the "artifact_file_path" query parameter.`,
		})
		return
	}
	name, err := cleanPathBelow(name)
	if err != nil {
		x.writeError(w, r, err)
		return
	}
	m, err := x.store.of(r.Context()).GetLoggedModel(r.Context(), r.PathValue("model_id"))
	if err != nil {
		x.writeError(w, r, err)
		return
	}
	x.files.sendOrPresign(w, r, m.ArtifactURI, name)
}
