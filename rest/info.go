package rest

import (
	"fmt"
	"net/http"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// infoEndpoints are what the server tells about itself.
type infoEndpoints struct {
	store stores
	*config
}

func (x infoEndpoints) addTo(h *handler) {
	h.addPath(http.MethodGet, "/health", x.health)
	h.addPath(http.MethodGet, "/version", func(w http.ResponseWriter, _ *http.Request) {
		writeText(w, http.StatusOK, "text/html; charset=utf-8", Version)
	})
	h.add("3.0", http.MethodGet, serverInfoPath, x.serverInfo)

	// What pages of the UI ask for at each load.
	telemetry := "/ajax-api/3.0/mlflow/ui-telemetry"
	h.addPath(http.MethodGet, telemetry, fixed(`{"disable_ui_events":[],"disable_ui_telemetry":true,"ui_rollout_percentage":0}`+"\n"))
	h.addPath(http.MethodPost, telemetry, fixed(`{"status":"disabled"}`+"\n"))
	h.add("3.0", http.MethodGet, "/mlflow/mcp-servers", fixed(`{"mcp_servers":[],"next_page_token":null}`))
	h.add("3.0", http.MethodGet, "/mlflow/skills", fixed(`{"skills":[],"next_page_token":null}`))
	for _, kind := range []string{"endpoints", "endpoints/bindings", "model-definitions", "secrets", "budgets", "guardrails"} {
		h.add("3.0", http.MethodGet, "/mlflow/gateway/"+kind+"/list", fixed("{}"))
	}
	gateway := "/ajax-api/2.0/mlflow/gateway-proxy"
	h.addPath(http.MethodGet, gateway, fixed(`{"endpoints":[]}`+"\n"))
	h.addPath(http.MethodPost, gateway, fixed(`{"endpoints":[]}`+"\n"))
	h.add("2.0", http.MethodGet, "/mlflow/webhooks", none(h, "{}", func(q *unread) []wire.Field {
		return []wire.Field{
			wire.Int32("max_results", &q.number).IsInt(),
			wire.Text("page_token", &q.text).IsText(),
		}
	}))
}

// health says OK unless the store is one that can tell that it has failed.
func (x infoEndpoints) health(w http.ResponseWriter, _ *http.Request) {
	status, text := http.StatusOK, "OK"
	if s, ok := x.store.base.(interface{ Health() error }); ok {
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

const serverInfoPath = "/mlflow/server-info"

// Limits of MLflow's skill registry, which clients ask for.
// Source: MLflow 3.18, genai/skill_content/archive.py.
const maxSkillBytes, maxSkillFiles = 25 << 20, 10_000

// serverInfo tells clients what the server can do. Uploads in parts and
// downloads past the server depend on where artifacts are stored, and are
// offered if the operator wants them; presigned URLs are a matter of each run.
func (x infoEndpoints) serverInfo(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, fmt.Appendf(nil, `{"store_type":"SqlStore","workspaces_enabled":%t,"trace_archival_enabled":false,`+
		`"multipart_uploads_enabled":%t,"multipart_downloads_enabled":%t,"artifact_serving_enabled":%t,`+
		`"skill_content_max_size":%d,"skill_content_max_files":%d,"presigned_upload_run_id_supported":true,`+
		`"presigned_upload_model_id_supported":true,"model_artifact_presigned_downloads_supported":true,`+
		`"features_enabled":{"gateway":false,"scheduled_issue_detection":false},"tracking_auth":"","artifacts_presigned_only":%t}`,
		x.workspaces != nil, x.direct != nil && x.offerUploads, x.direct != nil && x.offerDownloads, x.destination != nil,
		maxSkillBytes, maxSkillFiles, x.presignedOnly))
}
