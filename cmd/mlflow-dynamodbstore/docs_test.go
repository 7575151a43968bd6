package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

const cliDocument = "../../docs/cli.md"

// TestDocument: docs/cli.md is what the commands say of themselves. Run it
// with -update to write the document.
func TestDocument(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	b.WriteString("# Command line\n\n" +
		"<!-- Generated from the commands: go test ./cmd/mlflow-dynamodbstore -run TestDocument -update -->\n\n" +
		"What the flags mean for a table's configuration says [Configuration](configuration.md).\n")
	root := newRootCmd(deps{stdout: io.Discard, stderr: io.Discard, env: noEnv})
	root.InitDefaultCompletionCmd()
	document(&b, root)
	if *update {
		require.NoError(t, os.WriteFile(cliDocument, b.Bytes(), 0o600))
	}
	was, err := os.ReadFile(cliDocument)
	require.NoError(t, err)
	require.Equal(t, string(was), b.String(), "write it anew with -update")
}

// document writes a command and those below it.
func document(b *bytes.Buffer, cmd *cobra.Command) {
	if cmd.Hidden || cmd.Name() == "help" {
		return
	}
	text := cmd.Short
	if cmd.Long != "" {
		text = cmd.Long
	}
	if cmd.Parent() != nil && cmd.Parent().Name() == "completion" {
		text = cmd.Short // the rest is code for shells
	}
	fmt.Fprintf(b, "\n## %s\n\n%s.\n", cmd.CommandPath(), strings.TrimSuffix(strings.TrimSpace(text), "."))
	if cmd.Runnable() {
		fmt.Fprintf(b, "\n```\n%s\n```\n", cmd.UseLine())
	}
	if cmd.Example != "" {
		fmt.Fprintf(b, "\nExamples:\n\n```\n%s\n```\n", unindent(cmd.Example))
	}
	if flags := cmd.NonInheritedFlags().FlagUsages(); flags != "" {
		fmt.Fprintf(b, "\nFlags:\n\n```\n%s\n```\n", unindent(flags))
	}
	for _, c := range cmd.Commands() {
		document(b, c)
	}
}

// unindent drops white space around and before lines that all have some.
func unindent(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(strings.TrimPrefix(line, "  "), " ")
	}
	return strings.Join(lines, "\n")
}

// TestExamples: every command that does something shows how it is called, with
// flags that it has.
func TestExamples(t *testing.T) {
	t.Parallel()
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		if cmd.Runnable() {
			require.NotEmpty(t, cmd.Example, cmd.CommandPath())
			for line := range strings.Lines(cmd.Example) {
				args, ok := strings.CutPrefix(strings.TrimSpace(line), cmd.CommandPath())
				require.True(t, ok, line)
				require.NoError(t, cmd.ParseFlags(strings.Fields(args)), line)
			}
		}
		for _, c := range cmd.Commands() {
			visit(c)
		}
	}
	visit(newRootCmd(deps{stdout: io.Discard, stderr: io.Discard, env: noEnv}))
}
