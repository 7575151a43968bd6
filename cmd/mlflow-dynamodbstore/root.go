package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// deps is what commands need of their surroundings.
type deps struct {
	stdout, stderr io.Writer
	env            func(string) (string, bool)
	environ        func() []string // name=value of all variables; nil: none
}

// Run runs a command line until it is done or ctx ends, and returns the exit
// code of the process.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return run(ctx, args, deps{stdout: stdout, stderr: stderr, env: os.LookupEnv, environ: os.Environ})
}

func run(ctx context.Context, args []string, d deps) int {
	root := newRootCmd(d) //nolint:contextcheck // commands get theirs from cobra
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	// One failure is one line.
	text, _, _ := strings.Cut(err.Error(), "\n\n") // cobra's suggestions are paragraphs
	text = strings.ReplaceAll(text, "\n", "; ")
	code := exitFailed
	if _, ok := errors.AsType[failure](err); !ok {
		code = exitMisuse
		text += " (see '" + cmd.CommandPath() + " --help')"
	}
	if wantsJSON(cmd, args) {
		writeErrorJSON(d.stderr, errorOutput{text, code})
	} else {
		fmt.Fprintln(d.stderr, root.Name()+": "+text)
	}
	return code
}

// errorOutput is what an error is as JSON.
type errorOutput struct {
	Error    string `json:"error"`
	ExitCode int    `json:"exit_code"`
}

func writeErrorJSON(w io.Writer, o errorOutput) {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(o) // nobody else is left to tell
}

// wantsJSON reports whether the output was to be JSON: also where the command
// line is wrong before that flag.
func wantsJSON(cmd *cobra.Command, args []string) bool {
	f := cmd.Flags().Lookup("output")
	if f == nil {
		return false
	}
	i := slices.Index(args, "--output")
	return f.Value.String() == outputJSON || slices.Contains(args, "--output="+outputJSON) ||
		i >= 0 && i+1 < len(args) && args[i+1] == outputJSON
}

// runE makes what a command does into a cobra RunE.
func runE(fn func(cmd *cobra.Command) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		err := fn(cmd)
		if err == nil {
			return nil
		}
		if _, ok := errors.AsType[misuse](err); ok {
			return err
		}
		return failure{err}
	}
}

func newRootCmd(d deps) *cobra.Command {
	cmd := &cobra.Command{
		Use:           "mlflow-dynamodbstore",
		Short:         "MLflow tracking server on DynamoDB",
		Version:       buildVersion().String(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	cmd.SetVersionTemplate("mlflow-dynamodbstore {{.Version}}\n")
	cmd.SetOut(d.stdout)
	cmd.SetErr(d.stderr)
	cmd.AddCommand(newServerCmd(d), newTableCmd(d), newDenormalizeTagsCmd(d), newTTLPolicyCmd(d), newFTSTrigramsCmd(d),
		newWorkspaceCmd(d), newGCCmd(d), newVersionCmd(d))
	return cmd
}
