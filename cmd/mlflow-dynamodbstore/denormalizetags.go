package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

func newDenormalizeTagsCmd(d deps) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "denormalize-tags",
		Short: "Show or set which tags are copied to attributes of their run or experiment, and bring what exists up to it",
	}
	cmd.AddCommand(newDenormalizeTagsShowCmd(d), newDenormalizeTagsSetCmd(d), newDenormalizeTagsBackfillCmd(d))
	return cmd
}

// patternsOutput is what the commands print as JSON.
type patternsOutput struct {
	Patterns           []string       `json:"patterns"`
	ExperimentID       string         `json:"experiment_id,omitempty"`
	ExperimentPatterns []string       `json:"experiment_patterns,omitempty"`
	Values             []sourcedValue `json:"values"`
	BackfillNeeded     bool           `json:"backfill_needed"`
}

// varDenormalize adds patterns when a server starts.
const varDenormalize = "MLFLOW_DYNAMODB_DENORMALIZE_TAGS"

// printPatterns prints the patterns; hint tells what to do for those that are
// not complete.
func printPatterns(ctx context.Context, d deps, c *connection, s *dynamodbstore.Store, exp string, hint bool) error {
	cfg, err := dynamodbstore.ReadConfiguration(ctx, s, exp)
	if err != nil {
		return err
	}
	out := patternsOutput{Patterns: cfg.TagPatterns.Global, ExperimentID: exp, ExperimentPatterns: cfg.TagPatterns.Own}
	out.Values = sourcedList(cfg.TagPatterns.Global, cfg.Persisted.TagPatterns, cfg.Environment.TagPatterns, varDenormalize)
	markBackfilled(out.Values, cfg.Backfilled.TagPatterns)
	var own []sourcedValue
	for _, p := range cfg.TagPatterns.Own {
		own = append(own, sourcedValue{Value: p, Source: sourcePersisted, ExperimentID: exp})
	}
	markBackfilled(own, cfg.Backfilled.OwnTagPatterns)
	var commands []string
	if backfillNeeded(out.Values) {
		commands = append(commands, "denormalize-tags backfill")
	}
	if backfillNeeded(own) {
		commands = append(commands, "denormalize-tags backfill --experiment-id "+exp)
	}
	out.Values = append(out.Values, own...)
	out.BackfillNeeded = len(commands) > 0
	if !hint {
		commands = nil
	}
	return c.print(d.stdout, out, sourcedText(out.Values, commands...))
}

func newDenormalizeTagsShowCmd(d deps) *cobra.Command {
	var c connection
	var exp string
	cmd := &cobra.Command{
		Use:     "show",
		Short:   "Show the tag patterns, where each comes from, and whether it is backfilled",
		Long:    "Show the tag patterns, where each comes from, and whether it is backfilled.\n" + sourcesHelp + "\n" + backfilledHelp,
		Example: "  mlflow-dynamodbstore denormalize-tags show --table my-table --region us-east-1 --experiment-id 1",
	}
	cmd.Flags().StringVar(&exp, "experiment-id", "", "show this experiment's own patterns too")
	return storeCmd(d, &c, cmd, func(ctx context.Context, s *dynamodbstore.Store) error {
		return printPatterns(ctx, d, &c, s, exp, false)
	})
}

func newDenormalizeTagsSetCmd(d deps) *cobra.Command {
	var c connection
	var exp string
	var patterns []string
	cmd := &cobra.Command{
		Use:   "set",
		Short: "Replace or clear the tag patterns; mlflow.* always stays",
		Long: "Replace the tag patterns. Servers follow within 30 seconds, for what is written from then on.\n" +
			"mlflow.* stays among the global patterns whatever is given. Searches use a new pattern once it is backfilled.",
		Example: "  mlflow-dynamodbstore denormalize-tags set --table my-table --region us-east-1 --pattern 'mlflow.*' --pattern team\n" +
			"  mlflow-dynamodbstore denormalize-tags set --table my-table --region us-east-1 --experiment-id 1 --pattern custom_tag",
	}
	cmd.Flags().StringVar(&exp, "experiment-id", "", "set this experiment's own patterns instead of the global ones")
	cmd.Flags().StringArrayVar(&patterns, "pattern", nil, "a glob; * matches dots too; repeatable")
	check := addClear(cmd, "pattern", "take all patterns out of the list, but for mlflow.* of the global one")
	return storeCmd(d, &c, cmd, func(ctx context.Context, s *dynamodbstore.Store) error {
		if err := check(); err != nil {
			return err
		}
		if err := s.SetTagPatterns(ctx, exp, patterns); err != nil {
			return err
		}
		return printPatterns(ctx, d, &c, s, exp, true)
	})
}

func newDenormalizeTagsBackfillCmd(d deps) *cobra.Command {
	var c connection
	var b backfillFlags
	var exp string
	cmd := &cobra.Command{
		Use:   "backfill",
		Short: "Bring existing runs and experiments up to the tag patterns",
		Long: "Bring existing runs and experiments up to the tag patterns: tags that match become attributes of their item, and\n" +
			"runs that have ended get their index rows. " + backfillHelp,
		Example: "  mlflow-dynamodbstore denormalize-tags backfill --table my-table --region us-east-1 --units-per-second 500\n" +
			"  mlflow-dynamodbstore denormalize-tags backfill --table my-table --region us-east-1 --experiment-id 1",
	}
	cmd.Flags().StringVar(&exp, "experiment-id", "", "this experiment, for its own patterns, instead of all for the global ones")
	return backfillCmd(d, &c, cmd, &b, &exp,
		func(ctx context.Context, s *dynamodbstore.Store, p dynamodbstore.BackfillParams) (dynamodbstore.BackfillReport, error) {
			return s.BackfillTags(ctx, p)
		})
}
