package validate

import (
	"strings"
)

// AppendURIPath appends a relative path to the path of a URI, before its
// query; a URI without a scheme is a path.
// Source: MLflow 3.17, utils/uri.py, append_to_uri_path.
func AppendURIPath(uri, path string) string {
	query := ""
	if i := strings.IndexByte(uri, '?'); i >= 0 && strings.Contains(uri[:i], ":") {
		uri, query = uri[:i], uri[i:]
	}
	switch {
	case uri == "":
		return path + query
	case strings.HasSuffix(uri, "/"):
		return uri + path + query
	default:
		return uri + "/" + path + query
	}
}
