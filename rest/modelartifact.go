package rest

import (
	"context"
	"net/http"
	"strconv"
	"strings"
)

// getModelVersionArtifact sends an artifact of a model version to the browser.
func (h *handler) getModelVersionArtifact(w http.ResponseWriter, r *http.Request) {
	params := map[string]string{}
	for _, p := range parseQuery(r.URL.RawQuery) {
		if _, again := params[p.key]; !again {
			params[p.key] = p.value
		}
	}
	name, ok := params["path"]
	if !ok {
		writePage(w, http.StatusBadRequest, "The browser (or proxy) sent a request that this server could not understand.")
		return
	}
	name, err := cleanPath(name)
	if err != nil {
		h.writeError(w, r, err)
		return
	}
	uri, err := h.modelVersionURI(r.Context(), params["name"], params["version"])
	if err != nil {
		h.writeError(w, r, err)
		return
	}
	h.sendFrom(w, r, uri, name)
}

// modelVersionURI is where the artifacts of a model version lie.
func (h *handler) modelVersionURI(ctx context.Context, name, version string) (string, error) {
	if name == "" {
		return "", invalid("Missing value for required parameter 'name'.")
	}
	number, err := strconv.Atoi(strings.TrimSpace(version))
	if err != nil {
		return "", invalid("Parameter 'version' must be an integer, got '" + version + "'.")
	}
	return h.store.ModelVersionDownloadURI(ctx, name, number)
}
