package directory

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
)

const (
	maxName        = 255 // characters
	maxDescription = 1024
	maxType        = 64 // bytes
	maxPattern     = 1024
	maxLevel       = 32 // bytes
)

// hiddenPrefix begins the names of the roles that show the grants of a user.
const hiddenPrefix = "__user_"

// validateUserName refuses names that nobody could tell apart or log in with. Names
// are compared byte for byte.
func validateUserName(name string, password bool) error {
	if err := validateText("Username", name); err != nil {
		return err
	}
	switch {
	case strings.HasPrefix(name, hiddenPrefix):
		return failure.Invalidf("Username %s uses the reserved '%s' prefix. Choose a different name.", pyrepr.String(name), hiddenPrefix)
	case password && strings.Contains(name, ":"):
		return failure.Invalidf("Username %s contains a colon: nobody could log in with it.", pyrepr.String(name))
	}
	return nil
}

// validateRoleName refuses what MLflow refuses, and names that nobody could tell
// apart.
func validateRoleName(name string) error {
	if strings.TrimSpace(name) == "" {
		return failure.Invalidf("Role name cannot be empty.")
	}
	if strings.HasPrefix(name, hiddenPrefix) {
		return failure.Invalidf("Role name %s uses the reserved '%s' prefix, which is held for the per-user permission representation. "+
			"Choose a different name.", pyrepr.String(name), hiddenPrefix)
	}
	return validateText("Role name", name)
}

func validateText(what, text string) error {
	switch {
	case text == "":
		return failure.Invalidf("%s cannot be empty.", what)
	case strings.ContainsRune(text, 0):
		return failure.Invalidf("'%s' cannot contain NUL (0x00) characters", what)
	case !utf8.ValidString(text):
		return failure.Invalidf("'%s' is not UTF-8", what)
	case strings.ContainsFunc(text, unicode.IsControl):
		return failure.Invalidf("'%s' cannot contain control characters", what)
	case !norm.NFC.IsNormalString(text):
		return failure.Invalidf("'%s' is not in Unicode's normalization form C", what)
	}
	return validate.CheckLength(what, maxName, text)
}

func validateDescription(text *string) error {
	switch {
	case text == nil:
		return nil
	case strings.ContainsRune(*text, 0):
		return failure.Invalidf("'Role description' cannot contain NUL (0x00) characters")
	case !utf8.ValidString(*text):
		return failure.Invalidf("'Role description' is not UTF-8")
	}
	return validate.CheckLength("Role description", maxDescription, *text)
}

// validateGrant refuses what could not be stored. Which types, patterns and levels
// there are others know.
func validateGrant(typ, pattern, level string) error {
	switch {
	case typ == "" || len(typ) > maxType || strings.ContainsFunc(typ, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9') }):
		return failure.Invalidf("Invalid resource type '%s'", typ)
	case pattern == "" || !utf8.ValidString(pattern) || strings.ContainsFunc(pattern, unicode.IsControl):
		return failure.Invalidf("Invalid resource pattern %s", pyrepr.String(pattern))
	}
	if err := validateLevel(level); err != nil {
		return err
	}
	return validate.CheckLength("resource_pattern", maxPattern, pattern)
}

func validateLevel(level string) error {
	if level == "" || len(level) > maxLevel || strings.ContainsFunc(level, func(r rune) bool { return r != '_' && (r < 'A' || r > 'Z') }) {
		return failure.Invalidf("Invalid permission '%s'", level)
	}
	return nil
}
