package rest

import (
	"net/http"
	"net/url"
	"strings"
)

// withPath serves requests whose path begins with more than one slash, or is an
// old name of an endpoint, as what they mean. It comes before all that looks at
// the path, so that no rule about paths can be avoided by another spelling.
func (h *handler) withPath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path := h.pathMeant(r.URL.Path); path != r.URL.Path {
			r = r.WithContext(r.Context()) // a copy
			r.URL = &url.URL{Path: path, RawQuery: r.URL.RawQuery}
		}
		next.ServeHTTP(w, r)
	})
}

// pathMeant returns the path without what clients put before it whose tracking
// URI ends in a slash, and the present name of a path of the API as MLflow 1
// called it.
func (h *handler) pathMeant(path string) string {
	if strings.HasPrefix(path, "//") {
		path = "/" + strings.TrimLeft(path, "/")
	}
	for _, api := range []string{"/api", "/ajax-api"} {
		if end, ok := strings.CutPrefix(path, h.staticPrefix+api+"/2.0/preview/mlflow/"); ok {
			return h.staticPrefix + api + "/2.0/mlflow/" + end
		}
	}
	return path
}
