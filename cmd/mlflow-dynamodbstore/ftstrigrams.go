package main

import (
	"context"
	"fmt"
	"io"

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
	Fields []string `json:"fields"`
}

func (o fieldsOutput) text(w io.Writer) error {
	for _, f := range o.Fields {
		if _, err := fmt.Fprintln(w, f); err != nil {
			return err
		}
	}
	return nil
}

func printFields(ctx context.Context, d deps, c *connection, s *dynamodbstore.Store) error {
	fields, err := s.TrigramFields(ctx)
	if err != nil {
		return err
	}
	out := fieldsOutput{fields}
	return c.print(d.stdout, out, out.text)
}

func newFTSTrigramsShowCmd(d deps) *cobra.Command {
	var c connection
	cmd := &cobra.Command{
		Use:     "show",
		Short:   "Show the fields",
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
