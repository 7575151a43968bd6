package rest

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"path"
	"strings"
)

// maxUploadedArtifact is the size of the largest file that the web UI may
// upload. Source: MLflow 3.17, server/handlers.py, upload_artifact_handler.
const maxUploadedArtifact = 10 << 20

// uploadArtifact stores a file that the web UI makes, as an artifact of a run.
// Nothing of it is visible before all of it is stored.
func (h *handler) uploadArtifact(w http.ResponseWriter, r *http.Request) {
	var run, name string
	for _, p := range parseQuery(r.URL.RawQuery) {
		switch {
		case p.key == "run_uuid" && run == "":
			run = p.value
		case p.key == "path" && name == "":
			name = p.value
		}
	}
	if err := h.storeUploaded(r, run, name); err != nil {
		h.writeError(w, r, err)
		return
	}
	w.Header()["Content-Type"] = jsonType
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}

func (h *handler) storeUploaded(r *http.Request, run, name string) error {
	if run == "" {
		return invalid("Request must specify run_uuid.")
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
	data, err := readUploaded(r)
	if err != nil {
		return err
	}
	found, err := h.store.GetRun(r.Context(), run)
	if err != nil {
		return err
	}
	root, err := h.openRootTo(r.Context(), found.Info.ArtifactURI, true)
	if err != nil {
		return err
	}
	err = store(r.Context(), root.bucket, blobKey(root.prefix, name), bytes.NewReader(data))
	return errors.Join(err, root.close())
}

func readUploaded(r *http.Request) ([]byte, error) {
	tooLarge := invalid("Artifact size is too large. Max size is 10MB.")
	if r.ContentLength > maxUploadedArtifact {
		return nil, tooLarge
	}
	data, err := io.ReadAll(io.LimitReader(r.Body, maxUploadedArtifact+1))
	switch {
	case err != nil:
		return nil, invalid("The artifact was not sent in full.")
	case len(data) == 0:
		return nil, invalid("Request must specify data.")
	case len(data) > maxUploadedArtifact:
		return nil, tooLarge
	}
	return data, nil
}
