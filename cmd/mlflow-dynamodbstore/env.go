package main

import (
	"errors"
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

// envBool reads a variable that is true or false, in the words that MLflow
// takes.
func envBool(env func(string) (string, bool), name string) (bool, error) {
	value, ok := env(name)
	if !ok || value == "" {
		return false, nil
	}
	on, err := strconv.ParseBool(pythonBool(value))
	if err != nil {
		return false, fmt.Errorf("%s is %q, neither true nor false", name, value)
	}
	return on, nil
}

// transferOptions say how artifacts get from clients to storage and back, by the
// variables that MLflow has for it.
func transferOptions(env func(string) (string, bool)) ([]rest.Option, error) {
	uploads, err1 := envBool(env, "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD")
	downloads, err2 := envBool(env, "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD")
	presignedOnly, err3 := envBool(env, "MLFLOW_ARTIFACTS_PRESIGNED_ONLY")
	life, err4 := urlLife(env)
	return []rest.Option{
		rest.WithMultipart(uploads, downloads), rest.WithPresignedOnly(presignedOnly), rest.WithURLLife(life),
	}, errors.Join(err1, err2, err3, err4)
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
