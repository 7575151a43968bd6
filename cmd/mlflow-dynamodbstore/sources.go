package main

import (
	"fmt"
	"io"
	"slices"
)

// Where a value comes from.
const (
	sourceDefault     = "default"
	sourcePersisted   = "persisted"
	sourceEnvironment = "environment"
)

const sourcesHelp = "Sources: default, persisted in the table, or environment: a variable that a server started with it would merge."

// sourcedValue is a value of the configuration, and where it comes from.
type sourcedValue struct {
	Name         string `json:"name,omitempty"`
	Value        any    `json:"value"`
	Source       string `json:"source"`
	Variable     string `json:"variable,omitempty"`
	ExperimentID string `json:"experiment_id,omitempty"`
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

// sourcedText writes one value a line.
func sourcedText(values []sourcedValue) func(w io.Writer) error {
	return func(w io.Writer) error {
		for _, v := range values {
			if _, err := fmt.Fprintln(w, v.text()); err != nil {
				return err
			}
		}
		return nil
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
	return line
}
