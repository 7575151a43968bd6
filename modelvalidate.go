package dynamodbstore

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// Limits and texts of MLflow 3.17, mlflow/utils/validation.py and
// store/model_registry/__init__.py. They count characters.
const (
	// maxModelName is about four times what MLflow's databases take, but for
	// SQLite, which takes all. A name costs a row for each of its trigrams.
	maxModelName        = 1000
	maxModelTagKey      = 250
	maxModelTagValue    = 100000
	maxAlias            = 255
	defaultModelResults = 100
	maxModelResults     = 1000
	defaultVersions     = 10000
	maxVersions         = 200000

	promptTextTag = "mlflow.prompt.text"
	latestAlias   = "latest"
)

// validateModelName checks a name; param names it in the error for none.
func validateModelName(name, param string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return invalidf("Missing value for required parameter '%s'.", param)
	case strings.ContainsAny(name, "/:"):
		return invalidf("Invalid model name '%s'. Names cannot contain '/' or ':'.", name)
	case pathNotUnique(name):
		return invalidf("Invalid value %s for parameter 'name' supplied: %s%s",
			pyrepr.JSON(name), badPathText, pyrepr.String(normPath(name)))
	case !utf8.ValidString(name):
		return invalidf("Invalid model name %q. It is not UTF-8.", name)
	}
	return nil
}

// validateNewModelName also refuses names that are too long.
func validateNewModelName(name, param string) error {
	if err := validateModelName(name, param); err != nil {
		return err
	}
	return checkLength(param, maxModelName, name)
}

func validateModelTags(tags []Tag, ofVersion bool) error {
	for _, t := range tags {
		if err := validateModelTag(t, ofVersion); err != nil {
			return err
		}
	}
	return nil
}

func validateModelTag(t Tag, ofVersion bool) error {
	if err := validateName(t.Key, "", "key"); err != nil {
		return err
	}
	if err := checkLength("key", maxModelTagKey, t.Key); err != nil {
		return err
	}
	err := checkLength("value", maxModelTagValue, t.Value)
	if err != nil && ofVersion && t.Key == promptTextTag {
		return invalidf("Prompt text exceeds max length of %d characters.", maxModelTagValue)
	}
	return err
}

// validateAlias is [\w\-]+.
func validateAlias(alias string) error {
	if alias == "" {
		return invalidf("Registered model alias name cannot be empty.")
	}
	for _, r := range alias {
		if r != '-' && !isWord(r) || r == utf8.RuneError {
			return invalidf("Invalid alias name: '%s'. Names may only contain alphanumerics, underscores (_), and dashes (-).", alias)
		}
	}
	return checkLength("Registered model alias name", maxAlias, alias)
}

// validateNewAlias also refuses the names that stand for versions.
func validateNewAlias(alias string) error {
	if err := validateAlias(alias); err != nil {
		return err
	}
	if isLatest(alias) {
		return invalidf("'latest' alias name (case insensitive) is reserved.")
	}
	digits := alias[1:]
	isVersion := alias[0] == 'v' || alias[0] == 'V'
	if isVersion && digits != "" && strings.IndexFunc(digits, func(r rune) bool { return !unicode.IsDigit(r) }) < 0 {
		return invalidf("Version alias name '%s' is reserved.", alias)
	}
	return nil
}
