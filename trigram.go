package dynamodbstore

import (
	"fmt"
	"strings"
)

// Fields whose values are indexed by trigrams always.
const (
	fieldExperimentName = "experiment_name"
	fieldRunName        = "run_name"
	fieldModelName      = "model_name"
	fieldDescription    = "description"
	fieldTagPrefix      = "tags."
	fieldParamPrefix    = "params."
)

func alwaysTrigramFields() []string {
	return []string{fieldExperimentName, fieldRunName, fieldModelName}
}

// validateTrigramField refuses what is no field.
func validateTrigramField(field string) error {
	switch field {
	case fieldExperimentName, fieldRunName, fieldModelName, fieldDescription:
		return nil
	}
	for _, prefix := range []string{fieldTagPrefix, fieldParamPrefix} {
		if key, ok := strings.CutPrefix(field, prefix); ok && key != "" {
			return nil
		}
	}
	return fmt.Errorf("unknown trigram field %q: use %s, %s, %s, %s, %s<key> or %s<key>", field,
		fieldExperimentName, fieldRunName, fieldModelName, fieldDescription, fieldTagPrefix, fieldParamPrefix)
}
