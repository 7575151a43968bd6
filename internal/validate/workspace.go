package validate

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

const minWorkspaceName, maxWorkspaceName = 2, 63

const workspacePattern = `^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`

var workspaceName = regexp.MustCompile(workspacePattern)

// reservedWorkspaces are paths of a server.
var reservedWorkspaces = []string{"workspaces", "api", "ajax-api", "static-files"}

// WorkspaceName checks the name of a workspace: 2 to 63 lower-case letters, digits
// and, not at either end, dashes.
// Source: MLflow 3.18, store/workspace/abstract_store.py.
func WorkspaceName(name string) error {
	if n := utf8.RuneCountInString(name); n < minWorkspaceName || n > maxWorkspaceName {
		return failure.Invalidf("Workspace name '%s' must be between %d and %d characters.", name, minWorkspaceName, maxWorkspaceName)
	}
	if !workspaceName.MatchString(name) {
		return failure.Invalidf("Workspace name '%s' must match the pattern %s (lowercase alphanumeric with optional internal hyphens).",
			name, workspacePattern)
	}
	if slices.Contains(reservedWorkspaces, name) {
		return failure.Invalidf("Workspace name '%s' is reserved and cannot be used.", name)
	}
	return nil
}

// WorkspaceRoot returns the artifact root of a workspace without blanks around it.
// It is a URI or an absolute path, or "" for none. It does not judge the scheme:
// which hosts are trusted is for a server to say.
func WorkspaceRoot(root string) (string, error) {
	root = strings.TrimSpace(root)
	if root == "" {
		return "", nil
	}
	if err := storageLocation(root, "default_artifact_root"); err != nil {
		return "", err
	}
	if !hasScheme(root) && !path.IsAbs(root) {
		return "", failure.Invalidf("Invalid value for 'default_artifact_root'. Expected a URI (for example 's3://bucket/prefix' or "+
			"'mlflow-artifacts:/prefix') or an absolute path, got '%s'.", root)
	}
	return root, nil
}

// hasScheme tells a URI from a path. One letter is a drive.
func hasScheme(uri string) bool {
	scheme, _, ok := strings.Cut(uri, ":")
	return ok && len(scheme) > 1 && isScheme(scheme)
}

func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		isLetter := c >= 'a' && c <= 'z'
		if !isLetter && (i == 0 || !strings.Contains("0123456789+-.", s[i:i+1])) {
			return false
		}
	}
	return s != ""
}

// Archival returns where and when traces are archived, without blanks around it.
func Archival(a mlflow.TraceArchival) (mlflow.TraceArchival, error) {
	location, err := archivalLocation(strings.TrimSpace(a.Location))
	if err != nil {
		return mlflow.TraceArchival{}, err
	}
	retention, err := archivalRetention(strings.TrimSpace(a.Retention))
	return mlflow.TraceArchival{Location: location, Retention: retention}, err
}

func archivalLocation(uri string) (string, error) {
	const field = "trace_archival_config.location"
	if uri == "" {
		return "", nil
	}
	if err := storageLocation(uri, field); err != nil {
		return "", err
	}
	scheme, _, _ := strings.Cut(uri, ":")
	switch {
	case scheme == uri || !isScheme(scheme):
		return "", failure.Invalidf("Invalid value for '%s'. Expected a URI string.", field)
	case strings.EqualFold(scheme, "mlflow-artifacts"):
		return "", failure.Invalidf("Invalid value for '%s'. Trace archival location cannot use the proxy-only `mlflow-artifacts:` scheme.", field)
	}
	return uri, nil
}

func archivalRetention(s string) (string, error) {
	const field = "trace_archival_config.retention"
	switch {
	case s == "":
	case utf8.RuneCountInString(s) > maxRetention:
		return "", failure.Invalidf("Invalid value for '%s'. Maximum length is %d characters.", field, maxRetention)
	case !isRetention(s):
		return "", failure.Invalidf("Invalid value for '%s'. Expected a duration in the form `<int><unit>`, where unit is one of "+
			"'m', 'h', or 'd' (for example '30d' or '12h').", field)
	}
	return s, nil
}
