package rest

import (
	"context"
	"net/http"
	"path"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// getModelVersionArtifact sends an artifact of a model version to the browser.
func (x modelEndpoints) getModelVersionArtifact(w http.ResponseWriter, r *http.Request) {
	params := wire.ParseQuery(r.URL.RawQuery)
	name, ok := x.files.artifactPath(w, r, params)
	if !ok {
		return
	}
	first := wire.FirstOf(params)
	uri, dir, err := x.modelVersionURI(r.Context(), first["name"], first["version"])
	if err != nil {
		x.writeError(w, r, err)
		return
	}
	x.files.sendOrPresign(w, r, uri, path.Join(dir, name))
}

// modelVersionURI is where the artifacts of a model version lie: in a directory
// of the artifacts of a run or logged model, where its source names one.
func (x modelEndpoints) modelVersionURI(ctx context.Context, name, version string) (location, dir string, err error) {
	if name == "" {
		return "", "", invalid("Missing value for required parameter 'name'.")
	}
	number, err := parseVersion(version)
	if err != nil {
		return "", "", err
	}
	location, err = x.store.of(ctx).ModelVersionDownloadURI(ctx, name, number)
	if err != nil {
		return "", "", err
	}
	switch u := splitURI(location); u.scheme {
	case "runs":
		id, dir, _ := strings.Cut(strings.TrimPrefix(u.path, "/"), "/")
		if dir, err = cleanPath(dir); err != nil {
			return "", "", err
		}
		run, err := x.store.of(ctx).GetRun(ctx, id)
		if err != nil {
			return "", "", err
		}
		return run.Info.ArtifactURI, dir, nil
	case "models":
		ref, _ := parseModelURI(u)
		model, err := x.store.of(ctx).GetLoggedModel(ctx, ref.modelID)
		if err != nil {
			return "", "", err
		}
		return model.ArtifactURI, "", nil
	default:
		return location, "", nil
	}
}
