package validate

import (
	"encoding/json"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
)

const (
	maxArtifactLocation = 2048
	maxRetention        = 32

	retentionTag  = "mlflow.trace.archivalRetention"
	archiveNowTag = "mlflow.trace.archiveNow"
)

// ArtifactLocation checks the location given for a new experiment. It
// does not judge the scheme: which hosts are trusted is for a server to say.
func ArtifactLocation(uri string) error { return storageLocation(uri, "artifact_location") }

// storageLocation checks a URI or path that a request gives in a field.
func storageLocation(uri, field string) error {
	location, fragment, _ := strings.Cut(uri, "#")
	location, query, _ := strings.Cut(location, "?")
	if fragment != "" || uriParams(location) != "" {
		return failure.Invalidf("'%s' URL can't include fragments or params.", field)
	}
	if hasTraversal(query) {
		return failure.Invalidf("Invalid query string")
	}
	if strings.HasPrefix(uri, "runs:") {
		return failure.Invalidf("Artifact location cannot be a runs:/ URI. Given: '%s'", uri)
	}
	if len(uri) > maxArtifactLocation && utf8.RuneCountInString(uri) > maxArtifactLocation {
		return failure.Invalidf("Invalid artifact path length. The length of the artifact path cannot be greater "+
			"than %d characters. To configure this limit, please set the MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH "+
			"environment variable.", maxArtifactLocation)
	}
	return nil
}

// uriParams returns what follows a semicolon in the last part of the path, for
// the schemes whose URIs have such parameters.
func uriParams(location string) string {
	scheme, path, ok := strings.Cut(location, ":")
	if !ok || strings.ContainsAny(scheme, "/;") {
		scheme, path = "", location
	}
	switch strings.ToLower(scheme) {
	case "", "ftp", "hdl", "prospero", "http", "https", "shttp", "rtsp", "rtsps", "sip", "sips", "mms", "sftp", "tel":
	default:
		return ""
	}
	_, params, _ := strings.Cut(path[strings.LastIndexByte(path, '/')+1:], ";")
	return params
}

// hasTraversal tells whether a query holds "..", however often it is escaped.
func hasTraversal(query string) bool {
	for range 10 {
		if strings.Contains(query, "..") {
			return true
		}
		next, err := url.PathUnescape(query)
		if err != nil || next == query {
			return false
		}
		query = next
	}
	return true
}

// validateRetentionTag checks the two experiment tags that configure how long
// traces are kept.
func validateRetentionTag(key, value string) error {
	if key != retentionTag && key != archiveNowTag {
		return nil
	}
	var config map[string]any
	if json.Unmarshal([]byte(value), &config) != nil || config == nil {
		return failure.Invalidf("Trace archival config must be encoded as a JSON object.")
	}
	if key == retentionTag {
		if config["type"] != "duration" {
			return failure.Invalidf("Trace archival config must use type 'duration'.")
		}
		return validateRetention(config["value"])
	}
	if config["older_than"] == nil {
		return nil
	}
	return validateRetention(config["older_than"])
}

func validateRetention(v any) error {
	s, _ := v.(string)
	s = strings.TrimSpace(s)
	if utf8.RuneCountInString(s) > maxRetention {
		return failure.Invalidf("Trace archival duration must be at most 32 characters.")
	}
	if isRetention(s) {
		return nil
	}
	return failure.Invalidf("Trace archival retention must be in the form `<int><unit>`, " +
		"where unit is one of 'm', 'h', or 'd'.")
}

// isRetention reports whether a text is a whole number, not 0, of minutes, hours
// or days.
func isRetention(s string) bool {
	digits := strings.TrimRight(s, "mhd")
	return len(digits) == len(s)-1 && digits != "" && digits[0] != '0' && strings.Trim(digits, "0123456789") == ""
}
