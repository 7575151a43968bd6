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

// chosenWorkspace is a workspace to work on.
type chosenWorkspace struct {
	*dynamodbstore.Store
	name   string
	listed bool // and not made by a program that knows it
}

// chosen opens the workspaces that the flags name: the default one if they name none.
func (o *workspaceFlags) chosen(ctx context.Context, s *dynamodbstore.Store) ([]chosenWorkspace, error) {
	if !o.all && len(o.names) == 0 {
		return []chosenWorkspace{{Store: s}}, nil
	}
	names := trimmed(o.names)
	if o.all {
		for w, err := range s.Workspaces().All(ctx) {
			if err != nil {
				return nil, err
			}
			names = append(names, w.Name)
		}
	}
	chosen := make([]chosenWorkspace, len(names))
	for i, name := range names {
		var err error
		if chosen[i], err = openAny(ctx, s, name); err != nil {
			return nil, err
		}
	}
	return chosen, nil
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
	do func(ctx context.Context, w chosenWorkspace) (report, error),
) error {
	chosen, err := o.chosen(ctx, s)
	if err != nil {
		return err
	}
	var done []ofWorkspace
	for _, w := range chosen {
		r, err := do(ctx, w)
		switch {
		case err != nil && len(done) == 0:
			return err
		case err != nil:
			return errors.Join(fmt.Errorf("workspace %s: %w", w.name, err), c.print(d.stdout, done, reportsText(done)))
		case w.name == "":
			return c.print(d.stdout, r, r.text)
		}
		done = append(done, ofWorkspace{w.name, r})
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
func openAny(ctx context.Context, s *dynamodbstore.Store, name string) (chosenWorkspace, error) {
	w, err := s.Workspaces().Open(ctx, name)
	if !errors.Is(err, dynamodbstore.ErrNotFound) {
		return chosenWorkspace{w, name, true}, err
	}
	other, nameErr := s.Workspace(name)
	if nameErr != nil {
		return chosenWorkspace{}, err
	}
	if used, usedErr := isUsed(ctx, other); usedErr != nil || !used {
		return chosenWorkspace{}, errors.Join(usedErr, err)
	}
	return chosenWorkspace{other, name, false}, nil
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
