package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest"
)

// versionOutput is what the command prints as JSON.
type versionOutput struct {
	Version  string `json:"version"`
	MLflow   string `json:"mlflow_version"`
	Go       string `json:"go_version"`
	Platform string `json:"platform"`
	Revision string `json:"revision,omitempty"` // of the repository
	Time     string `json:"time,omitempty"`     // of the revision
	Modified bool   `json:"modified,omitempty"` // since the revision
}

// String is the version in a line.
func (v versionOutput) String() string {
	return fmt.Sprintf("%s (MLflow %s, %s)", v.Version, v.MLflow, v.Go)
}

func newVersionCmd(d deps) *cobra.Command {
	var c connection
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  mlflow-dynamodbstore version\n  mlflow-dynamodbstore version --output json",
		Args:    cobra.NoArgs,
		RunE: runE(func(*cobra.Command) error {
			if err := c.checkOutput(); err != nil {
				return err
			}
			v := buildVersion()
			return c.print(d.stdout, v, func(w io.Writer) error {
				_, err := fmt.Fprintln(w, "mlflow-dynamodbstore", v)
				return err
			})
		}),
	}
	c.addOutput(cmd)
	return cmd
}

func buildVersion() versionOutput {
	v := versionOutput{
		Version: "(devel)", MLflow: rest.Version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.time":
			v.Time = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}
