package rest

import (
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/artifactdir"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// cleanPath checks that a path from a request stays within the root it is meant
// for, and returns it with all escapes undone.
func cleanPath(p string) (string, error) {
	bad := invalid("Invalid path")
	for i := 0; ; i++ {
		next := normalizeURL(unquotePath(p))
		if next == p {
			break
		}
		if i == 9 {
			return "", bad
		}
		p = next
	}
	if !utf8.ValidString(p) {
		return "", bad
	}
	p = escapeControl(p)
	windows := len(p) > 2 && p[1] == ':' && (p[2] == '/' || p[2] == '\\')
	switch {
	case strings.Contains(p, "#"), strings.HasPrefix(p, "/"), strings.HasPrefix(p, `\\`), windows,
		strings.HasPrefix(strings.ToLower(p), "file:"):
		return "", bad
	}
	for part := range strings.SplitSeq(p, "/") {
		if part == ".." {
			return "", bad
		}
	}
	return p, nil
}

// cleanPathBelow is cleanPath for what becomes the end of a longer path before
// its escapes are undone: space at its beginning is part of a name.
func cleanPathBelow(p string) (string, error) {
	if _, err := cleanPath(p); err != nil {
		return "", err
	}
	const above = "above/"
	p, err := cleanPath(above + p)
	return strings.TrimPrefix(p, above), err
}

// unquotePath undoes one level of percent escapes; what is none stays.
func unquotePath(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	return wire.Unquote(strings.ReplaceAll(s, "+", "%2B"))
}

// normalizeURL drops what Python drops when it takes a URL apart and puts it
// together again.
func normalizeURL(s string) string {
	s = strings.TrimLeftFunc(s, func(r rune) bool { return r <= ' ' })
	s = strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(s)
	for _, mark := range []string{"#", "?"} { // of a fragment or a query that is empty
		if strings.Index(s, mark) == len(s)-1 {
			s = strings.TrimSuffix(s, mark)
		}
	}
	return s
}

// escapeControl escapes what Python's server takes for control characters, which
// are those of ASCII.
func escapeControl(s string) string {
	isControl := func(r rune) bool { return r < ' ' || r == '\x7f' }
	if strings.IndexFunc(s, isControl) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if isControl(r) {
			fmt.Fprintf(&b, "%%%02x", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// cutScheme splits a URI after its scheme, which is "" for a plain path.
func cutScheme(uri string) (scheme, rest string) {
	scheme, rest, ok := strings.Cut(strings.TrimLeft(uri, " "), ":")
	if !ok || scheme == "" || strings.Trim(strings.ToLower(scheme), "abcdefghijklmnopqrstuvwxyz0123456789+-.") != "" {
		return "", uri
	}
	return strings.ToLower(scheme), rest
}

// checkLocation checks the location for the artifacts of a new experiment and
// makes a local one absolute. Schemes that name the host to connect to are
// refused unless the server itself was configured with that host.
func (c *config) checkLocation(uri string) (string, error) {
	scheme, rest := cutScheme(uri)
	switch scheme {
	case "":
		if uri == "" || filepath.IsAbs(uri) || strings.ContainsAny(uri, "#?") {
			return uri, nil
		}
		return absolute(uri)
	case "file":
		return fileLocation(uri, rest)
	}
	return uri, c.checkHost("artifact_location", uri)
}

// checkHost refuses a location, which a request gives as param, whose scheme
// names the host to connect to, unless the server itself was configured with
// that host.
func (c *config) checkHost(param, uri string) error {
	scheme, rest := cutScheme(uri)
	switch scheme {
	case "mlflow-artifacts":
		if !strings.HasPrefix(rest, "//") {
			return nil
		}
	case "ftp", "sftp", "hdfs", "viewfs", "http", "https", "r2", "b2", "abfss":
	default:
		return nil
	}
	if slices.ContainsFunc(c.hostSchemes, func(s string) bool { return strings.EqualFold(s, scheme) }) {
		return nil
	}
	for _, root := range c.artifactRoots {
		if sameHost(root, uri) {
			return nil
		}
	}
	return invalid("'" + param + "' cannot use the '" + scheme + "' scheme: the '" + scheme +
		"' scheme addresses a host other than the tracking server's configured artifact storage, so the server " +
		"would connect to the host named in the URI. Set the MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES " +
		"environment variable on the server to allow it.")
}

func sameHost(a, b string) bool {
	ua, errA := url.Parse(a)
	ub, errB := url.Parse(b)
	return errA == nil && errB == nil && ua.Host != "" && ua.Scheme == ub.Scheme && strings.EqualFold(ua.Host, ub.Host)
}

// absolute resolves a path against the directory that the server runs in.
func absolute(path string) (string, error) {
	dir, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("resolve artifact location: %w", err)
	}
	return dir, nil
}

func fileLocation(uri, rest string) (string, error) {
	if host, ok := strings.CutPrefix(rest, "//"); ok {
		host, _, _ = strings.Cut(host, "/")
		if artifactdir.IsThisMachine(host) {
			return uri, nil
		}
		return "", invalid(uri + " is not a valid remote uri. For remote access on windows, please consider " +
			"using a different scheme such as SMB (e.g. smb://<hostname>/<path>).")
	}
	if strings.HasPrefix(rest, "/") {
		return uri, nil
	}
	dir, err := absolute(rest)
	return "file://" + dir, err
}

// proxiedRoot returns where in the destination the artifacts of a run lie whose
// artifact URI is one that the server resolves itself.
func proxiedRoot(uri string) (string, bool) {
	scheme, rest := cutScheme(uri)
	switch scheme {
	case "mlflow-artifacts":
	case "http", "https":
		_, after, ok := strings.Cut(rest, "/api/2.0/mlflow-artifacts/artifacts/")
		return strings.Trim(after, "/"), ok
	default:
		return "", false
	}
	if hostAndPath, ok := strings.CutPrefix(rest, "//"); ok {
		_, rest, _ = strings.Cut(hostAndPath, "/")
	}
	return strings.Trim(rest, "/"), true
}

// blobKey returns the key of an artifact: a path without empty or dot parts.
func blobKey(parts ...string) string {
	key := path.Join(parts...)
	if key == "." {
		return ""
	}
	return key
}

func noSuchArtifact(name string) error {
	return &mlflow.Error{
		Code:    mlflow.CodeResourceDoesNotExist,
		Message: "No such artifact: '" + name + "'",
	}
}
