package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

func newWorkspaceCmd(d deps) *cobra.Command {
	cmd := &cobra.Command{Use: "workspace", Short: "List, show, make, change or delete workspaces"}
	cmd.AddCommand(newWorkspaceListCmd(d), newWorkspaceShowCmd(d), newWorkspaceCreateCmd(d), newWorkspaceUpdateCmd(d),
		newWorkspaceDeleteCmd(d), newWorkspaceResumeCmd(d))
	return cmd
}

// workspaceOutput is a workspace as JSON.
type workspaceOutput struct {
	Name              string  `json:"name"`
	Description       *string `json:"description,omitempty"`
	ArtifactRoot      string  `json:"default_artifact_root,omitempty"`
	ArchivalLocation  string  `json:"trace_archival_location,omitempty"`
	ArchivalRetention string  `json:"trace_archival_retention,omitempty"`
}

func newWorkspaceOutput(w *dynamodbstore.Workspace) workspaceOutput {
	return workspaceOutput{w.Name, w.Description, w.DefaultArtifactRoot, w.TraceArchival.Location, w.TraceArchival.Retention}
}

func (o workspaceOutput) text(w io.Writer) error {
	rows := [][2]string{
		{"name", o.Name},
		{"description", ""},
		{"default artifact root", o.ArtifactRoot},
		{"traces are archived to", o.ArchivalLocation},
		{"traces are archived after", o.ArchivalRetention},
	}
	if o.Description != nil {
		rows[1][1] = *o.Description
	}
	for _, r := range rows {
		if r[1] == "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "%s\t%s\n", r[0], r[1]); err != nil {
			return err
		}
	}
	return nil
}

func newWorkspaceListCmd(d deps) *cobra.Command {
	var c connection
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the workspaces, by name",
		Example: "  mlflow-dynamodbstore workspace list --table my-table --region us-east-1",
	}
	return storeCmd(d, &c, cmd, func(ctx context.Context, s *dynamodbstore.Store) error {
		all := []workspaceOutput{}
		for w, err := range s.Workspaces().All(ctx) {
			if err != nil {
				return err
			}
			all = append(all, newWorkspaceOutput(w))
		}
		return c.print(d.stdout, all, func(w io.Writer) error {
			for _, o := range all {
				line := o.Name
				if o.Description != nil && *o.Description != "" {
					line += "\t" + strings.Join(strings.Fields(*o.Description), " ")
				}
				if _, err := fmt.Fprintln(w, line); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// namedWorkspaceCmd makes a command that works on the workspace that --name names.
func namedWorkspaceCmd(d deps, c *connection, cmd *cobra.Command,
	do func(ctx context.Context, ws *dynamodbstore.Workspaces, name string) error,
) *cobra.Command {
	var name string
	cmd.Flags().StringVar(&name, "name", "", "name of the workspace: 2 to 63 lower-case letters, digits and dashes")
	_ = cmd.MarkFlagRequired("name") // the flag exists
	return storeCmd(d, c, cmd, func(ctx context.Context, s *dynamodbstore.Store) error { return do(ctx, s.Workspaces(), name) })
}

// shownWorkspaceCmd makes one that prints what becomes of that workspace.
func shownWorkspaceCmd(d deps, c *connection, cmd *cobra.Command,
	do func(ctx context.Context, ws *dynamodbstore.Workspaces, name string) (*dynamodbstore.Workspace, error),
) *cobra.Command {
	return namedWorkspaceCmd(d, c, cmd, func(ctx context.Context, ws *dynamodbstore.Workspaces, name string) error {
		w, err := do(ctx, ws, name)
		if err != nil {
			return err
		}
		out := newWorkspaceOutput(w)
		return c.print(d.stdout, out, out.text)
	})
}

func newWorkspaceShowCmd(d deps) *cobra.Command {
	var c connection
	cmd := &cobra.Command{
		Use:     "show",
		Short:   "Show a workspace",
		Example: "  mlflow-dynamodbstore workspace show --table my-table --region us-east-1 --name team-a",
	}
	return shownWorkspaceCmd(d, &c, cmd, func(ctx context.Context, ws *dynamodbstore.Workspaces, name string) (*dynamodbstore.Workspace, error) {
		return ws.Get(ctx, name)
	})
}

// workspaceFields are the flags for what is said of a workspace.
type workspaceFields struct{ description, root, location, retention string }

func (o *workspaceFields) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.description, "description", "", "what it is for")
	f.StringVar(&o.root, "default-artifact-root", "",
		"where new experiments keep artifacts: a URI or an absolute path (default workspaces/<name> of the server's root)")
	f.StringVar(&o.location, "trace-archival-location", "", "where traces are archived: a URI (default the server's)")
	f.StringVar(&o.retention, "trace-archival-retention", "", "after which time, such as 30d, 12h or 90m (default the server's)")
}

func newWorkspaceCreateCmd(d deps) *cobra.Command {
	var c connection
	var o workspaceFields
	cmd := &cobra.Command{
		Use:     "create",
		Short:   "Make a workspace",
		Example: "  mlflow-dynamodbstore workspace create --table my-table --region us-east-1 --name team-a --description 'vision models'",
	}
	o.addFlags(cmd.Flags())
	return shownWorkspaceCmd(d, &c, cmd, func(ctx context.Context, ws *dynamodbstore.Workspaces, name string) (*dynamodbstore.Workspace, error) {
		w := dynamodbstore.Workspace{
			Name: name, DefaultArtifactRoot: o.root,
			TraceArchival: dynamodbstore.TraceArchival{Location: o.location, Retention: o.retention},
		}
		if cmd.Flags().Changed("description") {
			w.Description = &o.description
		}
		return ws.Create(ctx, w)
	})
}

func newWorkspaceUpdateCmd(d deps) *cobra.Command {
	var c connection
	var o workspaceFields
	cmd := &cobra.Command{
		Use:   "update",
		Short: "Change what is said of a workspace; an empty value clears",
		Long: "Change what is said of a workspace; an empty value clears. Experiments that exist keep their artifact locations.\n" +
			"Servers notice it within 20 seconds.",
		Example: "  mlflow-dynamodbstore workspace update --table my-table --region us-east-1 --name team-a --default-artifact-root s3://my-bucket/team-a",
	}
	o.addFlags(cmd.Flags())
	cmd.MarkFlagsOneRequired("description", "default-artifact-root", "trace-archival-location", "trace-archival-retention")
	return shownWorkspaceCmd(d, &c, cmd, func(ctx context.Context, ws *dynamodbstore.Workspaces, name string) (*dynamodbstore.Workspace, error) {
		given := func(flag string, value *string) *string {
			if !cmd.Flags().Changed(flag) {
				return nil
			}
			return value
		}
		return ws.Update(ctx, dynamodbstore.UpdateWorkspaceParams{
			Name: name, Description: given("description", &o.description), DefaultArtifactRoot: given("default-artifact-root", &o.root),
			ArchivalLocation:  given("trace-archival-location", &o.location),
			ArchivalRetention: given("trace-archival-retention", &o.retention),
		})
	})
}

func newWorkspaceDeleteCmd(d deps) *cobra.Command {
	var c connection
	var mode, destination string
	var units float64
	var artifacts bool
	cmd := &cobra.Command{
		Use:   "delete",
		Short: "Delete a workspace that is empty, or with all that is in it",
		Long: "Delete a workspace. --mode restrict, the default, refuses while there is an experiment, deleted or not, or a\n" +
			"registered model in it. --mode cascade deletes all that is in it for good: the workspace is gone for everybody\n" +
			"at once, and the command ends when all of it is. It reads the whole table twice. When it is interrupted,\n" +
			"'workspace resume' or a server goes on; the name is taken until then. Artifacts stay unless --delete-artifacts\n" +
			"is given, and then it has to end by itself.",
		Example: "  mlflow-dynamodbstore workspace delete --table my-table --region us-east-1 --name team-a\n" +
			"  mlflow-dynamodbstore workspace delete --uri local:./mlflow-table --name team-a --mode cascade --delete-artifacts",
	}
	f := cmd.Flags()
	f.StringVar(&mode, "mode", "restrict", "restrict or cascade")
	f.Float64Var(&units, "units-per-second", 0, "most read and write units to spend in a second; 0 for no bound")
	f.BoolVar(&artifacts, "delete-artifacts", false, "remove what is under the artifact locations of the experiments, too")
	f.StringVar(&destination, "artifacts-destination", "",
		"where served artifacts are stored, as the server's: a directory or s3://<bucket>/<prefix> (default: they stay)")
	return namedWorkspaceCmd(d, &c, cmd, func(ctx context.Context, ws *dynamodbstore.Workspaces, name string) error {
		switch {
		case mode != "restrict" && mode != "cascade":
			return misuse{fmt.Errorf("--mode %q is neither restrict nor cascade", mode)}
		case mode == "restrict" && artifacts:
			return misuse{errors.New("--delete-artifacts goes with --mode cascade")}
		case mode == "restrict":
			return ws.Delete(ctx, name, dynamodbstore.DeleteRestrict)
		}
		p := dynamodbstore.DeleteWholeParams{Name: name}
		if artifacts {
			remover := artifactRemover{buckets: newBucketOpener(d.env), destination: destination, log: d.warnings()}
			p.DeleteArtifacts = remover.in(chosenWorkspace{name: name, listed: true}).remove
		}
		//nolint:contextcheck // the command has the same context
		return withProgress(cmd, "deleting the workspace", func(report func(dynamodbstore.Progress)) error {
			p.PassOptions = dynamodbstore.PassOptions{UnitsPerSecond: units, Progress: report}
			return ws.DeleteWhole(ctx, p)
		})
	})
}

func newWorkspaceResumeCmd(d deps) *cobra.Command {
	var c connection
	cmd := &cobra.Command{
		Use:     "resume",
		Short:   "End deletions of workspaces that were interrupted",
		Example: "  mlflow-dynamodbstore workspace resume --table my-table --region us-east-1",
	}
	return storeCmd(d, &c, cmd, func(ctx context.Context, s *dynamodbstore.Store) error {
		//nolint:contextcheck // the command has the same context
		return withProgress(cmd, "deleting workspaces", func(report func(dynamodbstore.Progress)) error {
			return s.Workspaces().Finish(ctx, dynamodbstore.PassOptions{Progress: report})
		})
	})
}
