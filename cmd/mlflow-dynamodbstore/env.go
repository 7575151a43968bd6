package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest"
)

// bindEnv sets the flags that were not given from the environment, where that
// has a value for them. names maps flags to variables.
func bindEnv(flags *pflag.FlagSet, names map[string]string, env func(string) (string, bool)) error {
	var err error
	flags.VisitAll(func(f *pflag.Flag) {
		name := names[f.Name]
		value, ok := env(name)
		if err != nil || name == "" || f.Changed || !ok || value == "" {
			return
		}
		if f.Value.Type() == "bool" {
			value = pythonBool(value)
		}
		if e := flags.Set(f.Name, value); e != nil {
			err = fmt.Errorf("%s: %w", name, e)
		}
	})
	return err
}

// envNumber reads a variable that is a number from 1 to most.
func envNumber(env func(string) (string, bool), name string, otherwise, most int) (int, error) {
	value, ok := env(name)
	if !ok || value == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("%s is %q, not a number between 1 and %d", name, value, most)
	}
	return n, nil
}

// graphLimits are the limits of GraphQL queries, which the variables say that
// MLflow has for them.
func graphLimits(env func(string) (string, bool)) (rest.Option, error) {
	const most = 1000
	fields, err := envNumber(env, "MLFLOW_SERVER_GRAPHQL_MAX_ROOT_FIELDS", rest.DefaultGraphRootFields, most)
	if err != nil {
		return nil, err
	}
	aliases, err := envNumber(env, "MLFLOW_SERVER_GRAPHQL_MAX_ALIASES", rest.DefaultGraphAliases, most)
	return rest.WithGraphLimits(fields, aliases), err
}

// pythonBool turns the words that MLflow takes for a bool into those of Go.
func pythonBool(s string) string {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "1", "yes", "on", "t", "y":
		return "true"
	case "false", "0", "no", "off", "f", "n":
		return "false"
	}
	return s
}

// splitList splits a list at its commas.
func splitList(s string) []string {
	var items []string
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}
