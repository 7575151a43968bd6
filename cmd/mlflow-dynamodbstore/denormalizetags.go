package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

func newDenormalizeTagsCmd(d deps) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "denormalize-tags",
		Short: "Show or set which tags are copied to attributes of their run or experiment",
	}
	cmd.AddCommand(newDenormalizeTagsShowCmd(d), newDenormalizeTagsSetCmd(d))
	return cmd
}

// patternsOutput is what show prints as JSON.
type patternsOutput struct {
	Patterns             []string `json:"patterns"`
	ExperimentID         string   `json:"experiment_id,omitempty"`
	ExperimentPatterns   []string `json:"experiment_patterns,omitempty"`
	EnvironmentPatterns  []string `json:"environment_patterns,omitempty"`
	EnvironmentInForceAt string   `json:"environment_in_force_at,omitempty"`
}

func newDenormalizeTagsShowCmd(d deps) *cobra.Command {
	var c connection
	var exp string
	cmd := &cobra.Command{
		Use:     "show",
		Short:   "Show the tag patterns",
		Example: "  mlflow-dynamodbstore denormalize-tags show --table my-table --region us-east-1 --experiment-id 1",
	}
	cmd.Flags().StringVar(&exp, "experiment-id", "", "show this experiment's own patterns too")
	return storeCmd(d, &c, cmd, func(ctx context.Context, s *dynamodbstore.Store) error {
		p, err := s.TagPatterns(ctx, exp)
		if err != nil {
			return err
		}
		out := patternsOutput{Patterns: p.Global, ExperimentID: exp, ExperimentPatterns: p.Own}
		if v, ok := d.env(varDenormalize); ok {
			out.EnvironmentPatterns, out.EnvironmentInForceAt = splitList(v), "server start"
		}
		return c.print(d.stdout, out, out.text)
	})
}

// varDenormalize adds patterns when a server starts.
const varDenormalize = "MLFLOW_DYNAMODB_DENORMALIZE_TAGS"

func (o patternsOutput) text(w io.Writer) error {
	for _, p := range o.Patterns {
		source := "persisted"
		if p == "mlflow.*" {
			source = "always"
		}
		if _, err := fmt.Fprintf(w, "%s\t(%s)\n", p, source); err != nil {
			return err
		}
	}
	for _, p := range o.ExperimentPatterns {
		if _, err := fmt.Fprintf(w, "%s\t(experiment %s)\n", p, o.ExperimentID); err != nil {
			return err
		}
	}
	if len(o.EnvironmentPatterns) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "%s\t(%s, merged when a server starts)\n", strings.Join(o.EnvironmentPatterns, ","), varDenormalize)
	return err
}

func newDenormalizeTagsSetCmd(d deps) *cobra.Command {
	var c connection
	var exp string
	var patterns []string
	cmd := &cobra.Command{
		Use:   "set",
		Short: "Replace the tag patterns; mlflow.* always stays",
		Long: "Replace the tag patterns. Servers follow within 30 seconds, for what is written from then on.\n" +
			"mlflow.* stays among the global patterns whatever is given.",
		Example: "  mlflow-dynamodbstore denormalize-tags set --table my-table --region us-east-1 --pattern 'mlflow.*' --pattern team\n" +
			"  mlflow-dynamodbstore denormalize-tags set --table my-table --region us-east-1 --experiment-id 1 --pattern custom_tag",
	}
	cmd.Flags().StringVar(&exp, "experiment-id", "", "set this experiment's own patterns instead of the global ones")
	cmd.Flags().StringArrayVar(&patterns, "pattern", nil, "a glob; * matches dots too; repeatable")
	_ = cmd.MarkFlagRequired("pattern") // the flag exists
	return storeCmd(d, &c, cmd, func(ctx context.Context, s *dynamodbstore.Store) error {
		if err := s.SetTagPatterns(ctx, exp, patterns); err != nil {
			return err
		}
		p, err := s.TagPatterns(ctx, exp)
		if err != nil {
			return err
		}
		out := patternsOutput{Patterns: p.Global, ExperimentID: exp, ExperimentPatterns: p.Own}
		return c.print(d.stdout, out, out.text)
	})
}
