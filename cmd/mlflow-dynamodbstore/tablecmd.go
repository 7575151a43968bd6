package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/local"
)

func newTableCmd(d deps) *cobra.Command {
	cmd := &cobra.Command{Use: "table", Short: "Make or describe a table, or print a policy for it"}
	cmd.AddCommand(newTableCreateCmd(d), newTableDescribeCmd(d), newTablePolicyCmd(d))
	return cmd
}

// createOutput is what create prints as JSON.
type createOutput struct {
	Table   string `json:"table"`
	Created bool   `json:"created"`
}

func newTableCreateCmd(d deps) *cobra.Command {
	var c connection
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make the table as a server would, unless it is there",
		Long: "Make the table as a server would, and wait until it can be used: on-demand capacity, expiry, point-in-time\n" +
			"recovery, the configuration merged with the environment, and the experiment 'Default'. A table that is there\n" +
			"stays; what it lacks of the configuration is added.",
		Example: "  mlflow-dynamodbstore table create --table my-table --region us-east-1\n" +
			"  mlflow-dynamodbstore table create --uri local:./mlflow-table",
		Args: cobra.NoArgs,
		RunE: runE(func(cmd *cobra.Command) error {
			if err := c.check(); err != nil {
				return err
			}
			if c.uri == "local:"+local.Memory {
				return misuse{errors.New("a table in memory is gone with its process; there is nothing to make")}
			}
			created, err := c.create(cmd.Context(), d)
			if err != nil {
				return explain(err, c.place())
			}
			return c.print(d.stdout, createOutput{c.place(), created}, func(w io.Writer) error {
				text := "is there already, and ready"
				if created {
					text = "has been made, and is ready"
				}
				_, err := fmt.Fprintf(w, "%s %s\n", c.place(), text)
				return err
			})
		}),
	}
	c.addFlags(cmd.Flags())
	c.addOutput(cmd)
	return cmd
}

// create makes the table ready, and reports whether it was absent. It looks
// first, as making waits for an endpoint that is not there.
func (c *connection) create(ctx context.Context, d deps) (bool, error) {
	s, err := c.connect(ctx, d)
	absent := errors.Is(err, table.ErrNoTable)
	if err == nil {
		err = s.Init(ctx)
		return false, errors.Join(err, s.Close())
	}
	if !absent {
		return false, err
	}
	if c.embedded() {
		s, err = local.Open(ctx, c.uri, c.options(d)...)
	} else {
		s, err = c.makeTable(ctx, d)
	}
	if err != nil {
		return false, err
	}
	return true, s.Close()
}

// makeTable makes a table of DynamoDB and its configuration.
func (c *connection) makeTable(ctx context.Context, d deps) (*dynamodbstore.Store, error) {
	loc, err := c.location()
	if err != nil {
		return nil, err
	}
	client, err := dynamodbstore.NewClient(ctx, loc, c.options(d)...)
	if err != nil {
		return nil, err
	}
	s, err := dynamodbstore.New(client, loc.Table, append(c.options(d), dynamodbstore.WithCreateTable(loc.Deploy))...)
	if err != nil {
		return nil, err
	}
	if err := s.Init(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}
