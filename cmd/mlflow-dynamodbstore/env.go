package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
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
