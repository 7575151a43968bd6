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

	// What pages of the UI ask for at each load.
	telemetry := "/ajax-api/3.0/mlflow/ui-telemetry"
	h.addPath(http.MethodGet, telemetry, fixed(`{"disable_ui_events":[],"disable_ui_telemetry":true,"ui_rollout_percentage":0}`+"\n"))
	h.addPath(http.MethodPost, telemetry, fixed(`{"status":"success"}`+"\n"))
	gateway := "/ajax-api/2.0/mlflow/gateway-proxy"
	h.addPath(http.MethodGet, gateway, fixed(`{"endpoints":[]}`+"\n"))
	h.addPath(http.MethodPost, gateway, fixed(`{"endpoints":[]}`+"\n"))
	h.add("2.0", http.MethodGet, "/mlflow/webhooks", h.none(
		[]field{f("max_results", typeInt32), f("page_token", typeString)}, []rule{integer("max_results"), text("page_token")}))
}

// fixed makes an endpoint that always answers the same. The body of a request
// is not read.
func fixed(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, []byte(body)) }
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
