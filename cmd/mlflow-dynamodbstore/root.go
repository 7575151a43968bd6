package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
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
	line, _, _ := strings.Cut(err.Error(), "\n\n") // cobra's suggestions are paragraphs
	line = root.Name() + ": " + strings.ReplaceAll(line, "\n", "; ")
	if _, ok := errors.AsType[failure](err); ok {
		fmt.Fprintln(d.stderr, line)
		return exitFailed
	}
	fmt.Fprintln(d.stderr, line+" (see '"+cmd.CommandPath()+" --help')")
	return exitMisuse
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
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	cmd.SetOut(d.stdout)
	cmd.SetErr(d.stderr)
	cmd.AddCommand(newServerCmd(d), newTableCmd(d), newDenormalizeTagsCmd(d), newTTLPolicyCmd(d), newFTSTrigramsCmd(d),
		newGCCmd(d), newVersionCmd(d))
	return cmd
}
