package rest

import (
	"net/http"
	"strconv"
)

func (h *handler) addInfoRoutes() {
	h.addPath(http.MethodGet, "/health", h.health)
	h.addPath(http.MethodGet, "/version", func(w http.ResponseWriter, _ *http.Request) {
		writeText(w, http.StatusOK, "text/html; charset=utf-8", Version)
	})
	h.add("3.0", http.MethodGet, "/mlflow/server-info", h.serverInfo)

	// What pages of the UI ask for at each load.
	telemetry := "/ajax-api/3.0/mlflow/ui-telemetry"
	h.addPath(http.MethodGet, telemetry, fixed(`{"disable_ui_events":[],"disable_ui_telemetry":true,"ui_rollout_percentage":0}`+"\n"))
	h.addPath(http.MethodPost, telemetry, fixed(`{"status":"success"}`+"\n"))
	h.add("3.0", http.MethodGet, "/mlflow/mcp-servers", fixed(`{"mcp_servers":[],"next_page_token":null}`))
	for _, kind := range []string{"endpoints", "endpoints/bindings", "model-definitions", "secrets"} {
		h.add("3.0", http.MethodGet, "/mlflow/gateway/"+kind+"/list", fixed("{}"))
	}
	gateway := "/ajax-api/2.0/mlflow/gateway-proxy"
	h.addPath(http.MethodGet, gateway, fixed(`{"endpoints":[]}`+"\n"))
	h.addPath(http.MethodPost, gateway, fixed(`{"endpoints":[]}`+"\n"))
	h.add("2.0", http.MethodGet, "/mlflow/webhooks", h.none("{}",
		[]field{f("max_results", typeInt32), f("page_token", typeString)}, []rule{integer("max_results"), text("page_token")}))
}

// health says OK unless the store is one that can tell that it has failed.
func (h *handler) health(w http.ResponseWriter, _ *http.Request) {
	status, text := http.StatusOK, "OK"
	if s, ok := h.store.(interface{ Health() error }); ok {
		if err := s.Health(); err != nil {
			status, text = http.StatusServiceUnavailable, clientText(err)
		}
	}
	writeText(w, status, "text/plain; charset=utf-8", text)
}

// fixed makes an endpoint that always answers the same. The body of a request
// is not read.
func fixed(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, []byte(body)) }
}

// serverInfo tells clients what the server can do. Uploads in parts and
// downloads past the server depend on where artifacts are stored; presigned URLs
// are a matter of each run.
func (h *handler) serverInfo(w http.ResponseWriter, _ *http.Request) {
	b := []byte(`{"store_type":"SqlStore"`)
	for _, feature := range []struct {
		name string
		on   bool
	}{
		{"workspaces_enabled", false},
		{"trace_archival_enabled", false},
		{"multipart_uploads_enabled", h.direct != nil},
		{"multipart_downloads_enabled", h.direct != nil},
		{"presigned_upload_run_id_supported", true},
		{"presigned_upload_model_id_supported", true},
	} {
		b = append(strconv.AppendQuote(append(b, ','), feature.name), ':')
		b = strconv.AppendBool(b, feature.on)
	}
	writeJSON(w, http.StatusOK, append(b, `,"features_enabled":{"gateway":false}}`...))
}
