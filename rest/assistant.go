package rest

import "net/http"

// assistantEndpoints are what the web UI asks about its assistant, which this
// server has no provider for.
type assistantEndpoints struct{}

func (x assistantEndpoints) addTo(h *handler) {
	const base = "/ajax-api/3.0/mlflow/assistant/"
	h.addPath(http.MethodGet, base+"config", fixed(`{"providers":{},"projects":{},"remote_access_allowed":false}`))
	h.addPath(http.MethodGet, base+"providers", fixed(`{"providers":[],"resolved":null,"gateway_vendor_options":{}}`))
}
