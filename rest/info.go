package rest

import (
	"net/http"
	"strconv"
)

func (h *handler) addInfoRoutes() {
	h.addPath(http.MethodGet, "/health", func(w http.ResponseWriter, _ *http.Request) {
		writeText(w, http.StatusOK, "text/plain; charset=utf-8", "OK")
	})
	h.addPath(http.MethodGet, "/version", func(w http.ResponseWriter, _ *http.Request) {
		writeText(w, http.StatusOK, "text/html; charset=utf-8", Version)
	})
	h.add("3.0", http.MethodGet, "/mlflow/server-info", h.serverInfo)
}

// serverInfo tells clients what the server can do. Presigned URLs are not among
// it, nor is uploading in parts.
func (h *handler) serverInfo(w http.ResponseWriter, _ *http.Request) {
	b := []byte(`{"store_type":"SqlStore"`)
	for _, name := range []string{
		"workspaces_enabled", "trace_archival_enabled", "multipart_uploads_enabled", "multipart_downloads_enabled",
		"presigned_upload_run_id_supported", "presigned_upload_model_id_supported",
	} {
		b = append(b, ',')
		b = strconv.AppendQuote(b, name)
		b = append(b, ":false"...)
	}
	writeJSON(w, http.StatusOK, append(b, `,"features_enabled":{"gateway":false}}`...))
}
