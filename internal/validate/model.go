package validate

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// MetricDatasets refuses half a dataset.
// Source: MLflow 3.17, entities/metric.py.
func MetricDatasets(metrics ...mlflow.Metric) error {
	for i := range metrics {
		if (metrics[i].DatasetName == "") != (metrics[i].DatasetDigest == "") {
			return failure.Invalidf("Both dataset_name and dataset_digest must be provided if one is provided")
		}
	}
	return nil
}

// ClampInf keeps infinities as MLflow does.
// Source: MLflow 3.17, sqlalchemy_store.py, sanitize_metric_value.
func ClampInf(v float64) float64 {
	switch {
	case math.IsInf(v, 1):
		return math.MaxFloat64
	case math.IsInf(v, -1):
		return -math.MaxFloat64
	default:
		return v
	}
}

// IsWordInAnyCase reports whether a text is a word of ASCII letters, but for
// their case. Letters beyond ASCII that fold to some of those are others to
// MLflow.
func IsWordInAnyCase(text, word string) bool {
	return len(text) == len(word) && strings.EqualFold(text, word)
}

// IsLatest reports whether an alias stands for the highest version.
func IsLatest(alias string) bool { return IsWordInAnyCase(alias, latestAlias) }

// Limits and texts of MLflow 3.17, mlflow/utils/validation.py and
// store/model_registry/__init__.py. They count characters.
const (
	// maxModelName is about four times what MLflow's databases take, but for
	// SQLite, which takes all. A name costs a row for each of its trigrams.
	maxModelName        = 1000
	maxModelTagKey      = 250
	maxModelTagValue    = 100000
	maxAlias            = 255
	DefaultModelResults = 100
	MaxModelResults     = 1000
	DefaultVersions     = 10000
	MaxVersions         = 200000

	promptTextTag = "mlflow.prompt.text"
	latestAlias   = "latest"
)

// ModelName checks a name; param names it in the error for none.
func ModelName(name, param string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return failure.Invalidf("Missing value for required parameter '%s'.", param)
	case strings.ContainsAny(name, "/:"):
		return failure.Invalidf("Invalid model name '%s'. Names cannot contain '/' or ':'.", name)
	case pathNotUnique(name):
		return failure.Invalidf("Invalid value %s for parameter 'name' supplied: %s%s",
			pyrepr.JSON(name), badPathText, pyrepr.String(normPath(name)))
	case !utf8.ValidString(name):
		return failure.Invalidf("Invalid model name %q. It is not UTF-8.", name)
	}
	return nil
}

// NewModelName also refuses names that are too long.
func NewModelName(name, param string) error {
	if err := ModelName(name, param); err != nil {
		return err
	}
	return CheckLength(param, maxModelName, name)
}

// ModelTags refuses tags of a registered model, or of a version, that MLflow
// refuses.
func ModelTags(tags []mlflow.Tag, ofVersion bool) error {
	for _, t := range tags {
		if err := ModelTag(t, ofVersion); err != nil {
			return err
		}
	}
	return nil
}

// ModelTag refuses one tag of a registered model, or of a version.
func ModelTag(t mlflow.Tag, ofVersion bool) error {
	if err := Name(t.Key, "", "key"); err != nil {
		return err
	}
	if err := CheckLength("key", maxModelTagKey, t.Key); err != nil {
		return err
	}
	err := CheckLength("value", maxModelTagValue, t.Value)
	if err != nil && ofVersion && t.Key == promptTextTag {
		return failure.Invalidf("Prompt text exceeds max length of %d characters.", maxModelTagValue)
	}
	return err
}

// Alias is [\w\-]+.
func Alias(alias string) error {
	if alias == "" {
		return failure.Invalidf("Registered model alias name cannot be empty.")
	}
	for _, r := range alias {
		if r != '-' && !isWord(r) || r == utf8.RuneError {
			return failure.Invalidf("Invalid alias name: '%s'. Names may only contain alphanumerics, underscores (_), and dashes (-).", alias)
		}
	}
	return CheckLength("Registered model alias name", maxAlias, alias)
}

// NewAlias also refuses the names that stand for versions.
func NewAlias(alias string) error {
	if err := Alias(alias); err != nil {
		return err
	}
	if IsLatest(alias) {
		return failure.Invalidf("'latest' alias name (case insensitive) is reserved.")
	}
	digits := alias[1:]
	isVersion := alias[0] == 'v' || alias[0] == 'V'
	if isVersion && digits != "" && strings.IndexFunc(digits, func(r rune) bool { return !unicode.IsDigit(r) }) < 0 {
		return failure.Invalidf("Version alias name '%s' is reserved.", alias)
	}
	return nil
}
