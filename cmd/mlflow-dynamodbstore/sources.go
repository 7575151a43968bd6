package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Where a value comes from.
const (
	sourceDefault     = "default"
	sourcePersisted   = "persisted"
	sourceEnvironment = "environment"
)

const sourcesHelp = "Sources: default, persisted in the table, or environment: a variable that a server started with it would merge."

const backfilledHelp = "Searches use what is backfilled: what all that exists has been brought up to."

// sourcedValue is a value of the configuration, and where it comes from.
type sourcedValue struct {
	Name         string `json:"name,omitempty"`
	Value        any    `json:"value"`
	Source       string `json:"source"`
	Variable     string `json:"variable,omitempty"`
	ExperimentID string `json:"experiment_id,omitempty"`
	// Backfilled is nil where it does not apply.
	Backfilled *bool `json:"backfilled,omitempty"`
}

// markBackfilled says of the values in force whether they are complete.
func markBackfilled(values []sourcedValue, complete []string) {
	for i, v := range values {
		if name, ok := v.Value.(string); ok && v.Source != sourceEnvironment {
			is := slices.Contains(complete, name)
			values[i].Backfilled = &is
		}
	}
}

// backfillNeeded reports whether a value in force is not complete.
func backfillNeeded(values []sourcedValue) bool {
	return slices.ContainsFunc(values, func(v sourcedValue) bool { return v.Backfilled != nil && !*v.Backfilled })
}

// sourcedList tells the sources of a list that is in force, and adds what the
// environment would add to it.
func sourcedList(inForce, persisted, environment []string, variable string) []sourcedValue {
	values := make([]sourcedValue, 0, len(inForce))
	for _, v := range inForce {
		source := sourceDefault
		if slices.Contains(persisted, v) {
			source = sourcePersisted
		}
		values = append(values, sourcedValue{Value: v, Source: source})
	}
	for i, v := range environment {
		if !slices.Contains(inForce, v) && !slices.Contains(environment[:i], v) {
			values = append(values, sourcedValue{Value: v, Source: sourceEnvironment, Variable: variable})
		}
	}
	return values
}

// sourcedText writes one value a line, then which commands to run.
func sourcedText(values []sourcedValue, commands ...string) func(w io.Writer) error {
	return func(w io.Writer) error {
		lines := make([]string, 0, len(values)+len(commands))
		for _, v := range values {
			lines = append(lines, v.text())
		}
		for _, c := range commands {
			lines = append(lines, "For searches to use what is not backfilled, run mlflow-dynamodbstore "+c)
		}
		_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
		return err
	}
}

func (v sourcedValue) text() string {
	line := fmt.Sprint(v.Value)
	if v.Name != "" {
		line = v.Name + "\t" + line
	}
	if v.Value == int64(0) {
		line += " (for ever)"
	}
	line += "\t" + v.Source
	switch {
	case v.Variable != "":
		line += " (" + v.Variable + ", when a server starts)"
	case v.ExperimentID != "":
		line += " (experiment " + v.ExperimentID + ")"
	}
	switch {
	case v.Backfilled == nil:
		return line
	case *v.Backfilled:
		return line + "\tbackfilled"
	}
	return line + "\tnot backfilled"
}
