package settings

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
)

// Variables of the environment.
const (
	envDeletedDays   = "MLFLOW_DYNAMODB_SOFT_DELETED_RETENTION_DAYS"
	envTraceDays     = "MLFLOW_DYNAMODB_TRACE_RETENTION_DAYS"
	envHistoryDays   = "MLFLOW_DYNAMODB_METRIC_HISTORY_RETENTION_DAYS"
	envDenormalize   = "MLFLOW_DYNAMODB_DENORMALIZE_TAGS"
	envTrigramFields = "MLFLOW_DYNAMODB_FTS_TRIGRAM_FIELDS"
)

// Environment is what the variables say.
type Environment struct {
	patterns []string
	days     map[string]int64 // by attribute of the policy
	fields   []string
}

// ReadEnvironment reads and checks the variables. An error names the variable
// and its value.
func ReadEnvironment(lookup func(string) (string, bool)) (Environment, error) {
	env := Environment{days: map[string]int64{}}
	if v, ok := lookup(envDenormalize); ok {
		env.patterns = splitList(v)
		if err := ValidatePatterns(env.patterns); err != nil {
			return env, fmt.Errorf("%s=%q: %w", envDenormalize, v, err)
		}
	}
	var p Policy
	for _, f := range p.fields() {
		v, ok := lookup(f.variable)
		if !ok || v == "" {
			continue
		}
		days, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
		if err != nil || days < 0 || days > maxRetentionDays {
			return env, fmt.Errorf("%s=%q: use a whole number of days from 0 to %d", f.variable, v, maxRetentionDays)
		}
		env.days[f.attr] = days
	}
	var err error
	env.fields, err = environmentFields(lookup)
	return env, err
}

// environmentFields reads and checks the variable of the trigram fields.
func environmentFields(lookup func(string) (string, bool)) ([]string, error) {
	v, _ := lookup(envTrigramFields)
	fields := splitList(v)
	for _, f := range fields {
		if err := index.ValidateField(f); err != nil {
			return nil, fmt.Errorf("%s=%q: %w", envTrigramFields, v, err)
		}
	}
	return fields, nil
}

func splitList(v string) []string {
	var out []string
	for part := range strings.SplitSeq(v, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
