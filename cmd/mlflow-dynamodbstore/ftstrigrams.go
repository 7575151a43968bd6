package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

func newFTSTrigramsCmd(d deps) *cobra.Command {
	cmd := &cobra.Command{Use: "fts-trigrams", Short: "Show or set which fields are indexed by trigrams"}
	cmd.AddCommand(newFTSTrigramsShowCmd(d), newFTSTrigramsSetCmd(d))
	return cmd
}

// fieldsOutput is what the commands print as JSON.
type fieldsOutput struct {
	Fields []string       `json:"fields"`
	Values []sourcedValue `json:"values"`
}

// varTrigramFields adds fields to what a server indexes.
const varTrigramFields = "MLFLOW_DYNAMODB_FTS_TRIGRAM_FIELDS"

func printFields(ctx context.Context, d deps, c *connection, s *dynamodbstore.Store) error {
	cfg, err := dynamodbstore.ReadConfiguration(ctx, s, "")
	if err != nil {
		return err
	}
	values := sourcedList(cfg.TrigramFields, cfg.Persisted.TrigramFields, cfg.Environment.TrigramFields, varTrigramFields)
	return c.print(d.stdout, fieldsOutput{cfg.TrigramFields, values}, sourcedText(values))
}

func newFTSTrigramsShowCmd(d deps) *cobra.Command {
	var c connection
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show the fields, and where each comes from",
		Long: "Show the fields, and where each comes from: default, persisted in the table, or environment, which a server\n" +
			"with this variable adds for itself and does not persist.",
		Example: "  mlflow-dynamodbstore fts-trigrams show --table my-table --region us-east-1",
	}
	return storeCmd(d, &c, cmd, func(ctx context.Context, s *dynamodbstore.Store) error {
		return printFields(ctx, d, &c, s)
	})
}

func newFTSTrigramsSetCmd(d deps) *cobra.Command {
	var c connection
	var fields []string
	cmd := &cobra.Command{
		Use:   "set",
		Short: "Replace the fields; the names always stay",
		Long: "Replace the fields that are indexed besides experiment_name, run_name and model_name, which always are:\n" +
			"description, tags.<key> and params.<key>.",
		Example: "  mlflow-dynamodbstore fts-trigrams set --table my-table --region us-east-1 --field experiment_name --field description",
	}
	cmd.Flags().StringArrayVar(&fields, "field", nil, "a field; repeatable")
	_ = cmd.MarkFlagRequired("field") // the flag exists
	return storeCmd(d, &c, cmd, func(ctx context.Context, s *dynamodbstore.Store) error {
		if err := s.SetTrigramFields(ctx, fields); err != nil {
			return err
		}
		return printFields(ctx, d, &c, s)
	})
}
