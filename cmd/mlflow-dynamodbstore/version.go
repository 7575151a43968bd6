package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest"
)

func newVersionCmd(d deps) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: runE(func(*cobra.Command) error {
			_, err := fmt.Fprintf(d.stdout, "mlflow-dynamodbstore %s (MLflow %s, %s)\n", buildVersion(), rest.Version, runtime.Version())
			return err
		}),
	}
}

func buildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
