package index

import (
	"fmt"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Batch is how many items are removed before the pass waits for its units.
const Batch = 4 * table.MaxBatchWrite

// Trigram fields. The names are indexed always.
const (
	FieldExperimentName = "experiment_name"
	FieldRunName        = "run_name"
	FieldModelName      = "model_name"
	fieldDescription    = "description"
	fieldTagPrefix      = "tags."
	FieldParamPrefix    = "params."
)

// AlwaysFields are the trigram fields that are indexed whatever the
// configuration says.
func AlwaysFields() []string {
	return []string{FieldExperimentName, FieldRunName, FieldModelName}
}

const trigramFieldForms = "use " + FieldExperimentName + ", " + FieldRunName + ", " + FieldModelName + ", " +
	fieldDescription + ", " + fieldTagPrefix + "<key> or " + FieldParamPrefix + "<key>"

// ValidateField refuses what is no field.
func ValidateField(field string) error {
	if err := validate.Listed("trigram field", field); err != nil {
		return fmt.Errorf("%w; %s", err, trigramFieldForms)
	}
	switch field {
	case FieldExperimentName, FieldRunName, FieldModelName, fieldDescription:
		return nil
	}
	for _, prefix := range []string{fieldTagPrefix, FieldParamPrefix} {
		if key, ok := strings.CutPrefix(field, prefix); ok && strings.TrimSpace(key) == key && key != "" {
			return nil
		}
	}
	return fmt.Errorf("unknown trigram field %q: %s", field, trigramFieldForms)
}

// Trigrams returns the trigrams of a text, its separators included and
// without regard to case.
func Trigrams(text string) []string { return keys.Trigrams(strings.ToLower(text)) }

// KeyedField returns the text of a trigram field that is no name: a tag, or a
// param.
func KeyedField(field string, tag, param func(key string) (string, bool)) string {
	text := ""
	if key, ok := strings.CutPrefix(field, fieldTagPrefix); ok {
		text, _ = tag(key)
	} else if key, ok := strings.CutPrefix(field, FieldParamPrefix); ok {
		text, _ = param(key)
	} else if field == fieldDescription {
		text, _ = tag(mlflow.DescriptionTag)
	}
	return text
}

// TagField returns the trigram field that serves searches for a tag: that of
// its key, or, of the description, the one that is complete.
func TagField(key string, complete func(field string) bool) string {
	if key == mlflow.DescriptionTag && complete(fieldDescription) {
		return fieldDescription
	}
	return fieldTagPrefix + key
}
