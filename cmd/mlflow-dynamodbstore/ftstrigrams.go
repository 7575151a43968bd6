package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

func newFTSTrigramsCmd(d deps) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "fts-trigrams",
		Short: "Show or set which fields are indexed by trigrams, and bring what exists up to it",
	}
	cmd.AddCommand(newFTSTrigramsShowCmd(d), newFTSTrigramsSetCmd(d), newFTSTrigramsBackfillCmd(d))
	return cmd
}

// fieldsOutput is what the commands print as JSON.
type fieldsOutput struct {
	Fields []string       `json:"fields"`
	Values []sourcedValue `json:"values"`

	BackfillNeeded bool `json:"backfill_needed"`
}

// varTrigramFields adds fields to what a server indexes.
const varTrigramFields = "MLFLOW_DYNAMODB_FTS_TRIGRAM_FIELDS"

// printFields prints the fields; hint tells what to do for those that are not
// complete.
func printFields(ctx context.Context, d deps, c *connection, s *dynamodbstore.Store, hint bool) error {
	cfg, err := dynamodbstore.ReadConfiguration(ctx, s, "")
	if err != nil {
		return err
	}
	values := sourcedList(cfg.TrigramFields, cfg.Persisted.TrigramFields, cfg.Environment.TrigramFields, varTrigramFields)
	markBackfilled(values, cfg.Backfilled.TrigramFields)
	out := fieldsOutput{cfg.TrigramFields, values, backfillNeeded(values)}
	var commands []string
	if hint && out.BackfillNeeded {
		commands = []string{"fts-trigrams backfill"}
	}
	return c.print(d.stdout, out, sourcedText(values, commands...))
}

func newFTSTrigramsShowCmd(d deps) *cobra.Command {
	var c connection
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show the fields, where each comes from, and whether it is backfilled",
		Long: "Show the fields, where each comes from, and whether it is backfilled. Sources: default, persisted in the table, or\n" +
			"environment, which a server with this variable adds for itself and does not persist.\n" + backfilledHelp,
		Example: "  mlflow-dynamodbstore fts-trigrams show --table my-table --region us-east-1",
	}
	return storeCmd(d, &c, cmd, func(ctx context.Context, s *dynamodbstore.Store) error {
		return printFields(ctx, d, &c, s, false)
	})
}

func newFTSTrigramsSetCmd(d deps) *cobra.Command {
	var c connection
	var fields []string
	cmd := &cobra.Command{
		Use:   "set",
		Short: "Replace or clear the fields; the names always stay",
		Long: "Replace the fields that are indexed besides experiment_name, run_name and model_name, which always are:\n" +
			"description, tags.<key> and params.<key>. Searches use a new field once it is backfilled.",
		Example: "  mlflow-dynamodbstore fts-trigrams set --table my-table --region us-east-1 --field experiment_name --field description",
	}
	cmd.Flags().StringArrayVar(&fields, "field", nil, "a field; repeatable")
	check := addClear(cmd, "field", "take all fields out of the list, but for the names")
	return storeCmd(d, &c, cmd, func(ctx context.Context, s *dynamodbstore.Store) error {
		if err := check(); err != nil {
			return err
		}
		if err := s.SetTrigramFields(ctx, fields); err != nil {
			return err
		}
		return printFields(ctx, d, &c, s, true)
	})
}

func newFTSTrigramsBackfillCmd(d deps) *cobra.Command {
	var c connection
	var b backfillFlags
	cmd := &cobra.Command{
		Use:   "backfill",
		Short: "Index existing runs and experiments by the fields",
		Long:  "Index existing experiments, and runs that have ended, by the fields.\n" + backfillHelp,
		Example: "  mlflow-dynamodbstore fts-trigrams backfill --table my-table --region us-east-1\n" +
			"  mlflow-dynamodbstore fts-trigrams backfill --uri local:./mlflow-table --output json",
	}
	return backfillCmd(d, &c, cmd, &b, nil,
		func(ctx context.Context, s *dynamodbstore.Store, p dynamodbstore.BackfillParams) (dynamodbstore.BackfillReport, error) {
			return s.BackfillTrigrams(ctx, p)
		})
}
