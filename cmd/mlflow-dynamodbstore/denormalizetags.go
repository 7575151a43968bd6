package main

import (
	"context"

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

// patternsOutput is what the commands print as JSON.
type patternsOutput struct {
	Patterns           []string       `json:"patterns"`
	ExperimentID       string         `json:"experiment_id,omitempty"`
	ExperimentPatterns []string       `json:"experiment_patterns,omitempty"`
	Values             []sourcedValue `json:"values"`
}

// varDenormalize adds patterns when a server starts.
const varDenormalize = "MLFLOW_DYNAMODB_DENORMALIZE_TAGS"

func printPatterns(ctx context.Context, d deps, c *connection, s *dynamodbstore.Store, exp string) error {
	cfg, err := dynamodbstore.ReadConfiguration(ctx, s, exp)
	if err != nil {
		return err
	}
	out := patternsOutput{Patterns: cfg.TagPatterns.Global, ExperimentID: exp, ExperimentPatterns: cfg.TagPatterns.Own}
	out.Values = sourcedList(cfg.TagPatterns.Global, cfg.Persisted.TagPatterns, cfg.Environment.TagPatterns, varDenormalize)
	for _, p := range cfg.TagPatterns.Own {
		out.Values = append(out.Values, sourcedValue{Value: p, Source: sourcePersisted, ExperimentID: exp})
	}
	return c.print(d.stdout, out, sourcedText(out.Values))
}

func newDenormalizeTagsShowCmd(d deps) *cobra.Command {
	var c connection
	var exp string
	cmd := &cobra.Command{
		Use:     "show",
		Short:   "Show the tag patterns, and where each comes from",
		Long:    "Show the tag patterns, and where each comes from.\n" + sourcesHelp,
		Example: "  mlflow-dynamodbstore denormalize-tags show --table my-table --region us-east-1 --experiment-id 1",
	}
	cmd.Flags().StringVar(&exp, "experiment-id", "", "show this experiment's own patterns too")
	return storeCmd(d, &c, cmd, func(ctx context.Context, s *dynamodbstore.Store) error {
		return printPatterns(ctx, d, &c, s, exp)
	})
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
		return printPatterns(ctx, d, &c, s, exp)
	})
}
