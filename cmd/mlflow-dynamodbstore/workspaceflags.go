//nolint:wrapcheck // errors of packages that say enough by themselves become the one line that is printed
package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// workspaceFlags choose the workspaces that a command works on, one after the other.
type workspaceFlags struct {
	names []string
	all   bool
}

func (o *workspaceFlags) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringSliceVar(&o.names, "workspace", nil, "workspaces instead of the default one, separated by commas; repeatable")
	f.BoolVar(&o.all, "all-workspaces", false, "all workspaces")
	cmd.MarkFlagsMutuallyExclusive("workspace", "all-workspaces")
}

// chosen are the workspaces that the flags name; none is the default one.
func (o *workspaceFlags) chosen(ctx context.Context, s *dynamodbstore.Store) ([]string, error) {
	if !o.all {
		return trimmed(o.names), nil
	}
	var names []string
	for w, err := range s.Workspaces().All(ctx) {
		if err != nil {
			return nil, err
		}
		names = append(names, w.Name)
	}
	return names, nil
}

// report is what was done in one workspace.
type report interface{ text(w io.Writer) error }

// ofWorkspace is a report as JSON, where workspaces were chosen.
type ofWorkspace struct {
	Workspace string `json:"workspace"`
	Report    report `json:"report"`
}

// each does something in each of the chosen workspaces, and prints what came of it.
func (o *workspaceFlags) each(ctx context.Context, d deps, c *connection, s *dynamodbstore.Store,
	do func(ctx context.Context, s *dynamodbstore.Store) (report, error),
) error {
	names, err := o.chosen(ctx, s)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		r, err := do(ctx, s)
		if err != nil {
			return err
		}
		return c.print(d.stdout, r, r.text)
	}
	var done []ofWorkspace
	for _, name := range names {
		var r report
		w, err := openAny(ctx, s, name)
		if err == nil {
			r, err = do(ctx, w)
		}
		if err != nil {
			err = fmt.Errorf("workspace %s: %w", name, err)
			return errors.Join(err, c.print(d.stdout, done, reportsText(done)))
		}
		done = append(done, ofWorkspace{name, r})
	}
	return c.print(d.stdout, done, reportsText(done))
}

func reportsText(done []ofWorkspace) func(w io.Writer) error {
	return func(w io.Writer) error {
		for _, r := range done {
			if _, err := fmt.Fprintf(w, "workspace %s\n", r.Workspace); err != nil {
				return err
			}
			if err := r.Report.text(w); err != nil {
				return err
			}
		}
		return nil
	}
}

// openAny opens a workspace, also one that only a program knows which made it by
// itself.
func openAny(ctx context.Context, s *dynamodbstore.Store, name string) (*dynamodbstore.Store, error) {
	w, err := s.Workspaces().Open(ctx, name)
	if !errors.Is(err, dynamodbstore.ErrNotFound) {
		return w, err
	}
	other, nameErr := s.Workspace(name)
	if nameErr != nil {
		return nil, err
	}
	if used, usedErr := isUsed(ctx, other); usedErr != nil || !used {
		return nil, errors.Join(usedErr, err)
	}
	return other, nil
}

// isUsed reports whether there is an experiment or a registered model.
func isUsed(ctx context.Context, s *dynamodbstore.Store) (bool, error) {
	experiments, err := s.SearchExperiments(ctx, dynamodbstore.SearchExperimentsParams{MaxResults: 1, View: dynamodbstore.ViewAll})
	if err != nil || len(experiments.Items) > 0 {
		return err == nil, err
	}
	models, err := s.SearchRegisteredModels(ctx, dynamodbstore.SearchRegisteredModelsParams{MaxResults: 1})
	return len(models.Items) > 0, err
}
