package rest

import (
	"net/http"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// absent is a part of MLflow's API that is not here yet. A prefix is the version
// of the API, and what the paths of the endpoints begin with.
type absent struct {
	sentence string
	prefixes []string
}

func absentParts() []absent {
	return []absent{
		{"Tracing is not available on this server yet.", []string{"2.0/traces", "3.0/traces", "2.0/get-online-trace-details", "2.0/unified-traces"}},
		{"Evaluation datasets are not available on this server yet.", []string{"3.0/datasets"}},
		{"Scorers are not available on this server yet.", []string{"3.0/scorers", "3.0/scorer/invoke"}},
		{"Evaluation by the server is not available on this server yet.", []string{"3.0/genai/evaluate"}},
		{"Labeling is not available on this server yet.", []string{"3.0/label-schemas", "3.0/review-queues"}},
		{"Issue detection is not available on this server yet.", []string{"3.0/issues"}},
		{"Prompt optimization is not available on this server yet.", []string{"3.0/prompt-optimization"}},
		{"Jobs are not available on this server yet.", []string{"3.0/jobs"}},
		{"Demo data is not available on this server yet.", []string{"3.0/demo"}},
		{"The AI gateway is not available on this server yet.", []string{"3.0/gateway", "2.0/gateway-proxy", "2.0/runs/create-promptlab-run"}},
		{"Webhooks are not available on this server yet.", []string{"2.0/webhooks"}},
		{
			"This server is running without workspaces support. To enable workspaces, start it with `--enable-workspaces`.",
			[]string{workspacesPrefix},
		},
		{"The registry of MCP servers is not available on this server yet.", []string{"3.0/mcp-servers"}},
		{"The skill registry is not available on this server yet.", []string{"3.0/skills"}},
		{"The assistant is not available on this server.", []string{"3.0/assistant"}},
	}
}

const workspacesPrefix = "3.0/workspaces"

// addAbsent lets requests for the parts that are not here be answered in words.
func (h *handler) addAbsent() {
	h.absent = make(map[string]string)
	for _, part := range absentParts() {
		for _, prefix := range part.prefixes {
			h.absent[prefix] = part.sentence
		}
	}
	if h.workspaces != nil {
		delete(h.absent, workspacesPrefix)
	}
}

// absentSentence says what a path asks for that is not here; "" if MLflow knows
// no such path either.
func (h *handler) absentSentence(path string) string {
	if path == "/v1/traces" { // of OpenTelemetry
		return h.absent["3.0/traces"]
	}
	path = strings.TrimPrefix(path, h.staticPrefix)
	path, isAPI := strings.CutPrefix(path, "/api/")
	if !isAPI {
		path, isAPI = strings.CutPrefix(path, "/ajax-api/")
	}
	version, path, found := strings.Cut(path, "/mlflow/")
	if !isAPI || !found {
		return ""
	}
	first, rest, _ := strings.Cut(path, "/")
	if sentence := h.absent[version+"/"+first]; sentence != "" {
		return sentence
	}
	second, _, _ := strings.Cut(rest, "/")
	return h.absent[version+"/"+first+"/"+second]
}

// answerAbsent answers a request if it is for what is not here. To clients the
// code means the same as the page that MLflow has for unknown paths: an older
// server.
func (h *handler) answerAbsent(w http.ResponseWriter, r *http.Request) bool {
	sentence := h.absentSentence(r.URL.Path)
	if sentence != "" {
		h.writeError(w, r, &mlflow.Error{Code: "ENDPOINT_NOT_FOUND", Message: sentence})
	}
	return sentence != ""
}
