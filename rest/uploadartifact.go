package rest

import (
	"bytes"
	"cmp"
	"errors"
	"net/http"
	"path"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// maxUploadedArtifact is the size of the largest file that the web UI may
// upload. Source: MLflow 3.18, server/handlers.py, upload_artifact_handler.
const maxUploadedArtifact = 10 << 20

// uploadArtifact stores a file that the web UI makes, as an artifact of a run.
// Nothing of it is visible before all of it is stored.
func (x artifactEndpoints) uploadArtifact(w http.ResponseWriter, r *http.Request, body *heldBody) {
	first := wire.FirstOf(wire.ParseQuery(r.URL.RawQuery))
	if err := x.storeUploaded(r, body.data, cmp.Or(first["run_id"], first["run_uuid"]), first["path"]); err != nil {
		x.writeError(w, r, err)
		return
	}
	w.Header()["Content-Type"] = jsonType
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}

func (x artifactEndpoints) storeUploaded(r *http.Request, data []byte, run, name string) error {
	if run == "" {
		return invalid("Request must specify run_id or run_uuid.")
	}
	if name == "" {
		return invalid("Request must specify path.")
	}
	name, err := cleanPath(name)
	if err != nil {
		return err
	}
	if path.Base(name) == "." || strings.HasSuffix(name, "/") {
		return invalid("Invalid path")
	}
	if len(data) == 0 {
		return invalid("Request must specify data.")
	}
	found, err := x.store.of(r.Context()).GetRun(r.Context(), run)
	if err != nil {
		return err
	}
	root, err := x.openRootTo(r.Context(), found.Info.ArtifactURI, true)
	if err != nil {
		return err
	}
	err = store(r.Context(), root.bucket, blobKey(root.prefix, name), bytes.NewReader(data))
	return errors.Join(err, root.close())
}

// readUploaded reads the file, which is held in memory.
func readUploaded(h *handler, r *http.Request) (heldBody, error) {
	return h.readBody(r, maxUploadedArtifact, func(int64) error {
		return invalid("Artifact size is too large. Max size is 10MB.")
	})
}
