package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/local"
)

// connection is the flags that every operator's command has: which table, and
// how to print.
type connection struct {
	table, region, endpoint, uri string
	output                       string
}

const (
	outputText = "text"
	outputJSON = "json"
)

func (c *connection) addFlags(f *pflag.FlagSet) {
	f.StringVar(&c.table, "table", "", "name of the table")
	f.StringVar(&c.region, "region", "", "AWS region of the table")
	f.StringVar(&c.endpoint, "endpoint-url", "", "URL of a custom endpoint, such as http://localhost:8000")
	f.StringVar(&c.uri, "uri", "", "URI of the table, instead of --table, --region and --endpoint-url")
}

// addOutput adds --output, which shells complete.
func (c *connection) addOutput(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.output, "output", outputText, "text or json")
	_ = cmd.RegisterFlagCompletionFunc("output", // the flag exists
		cobra.FixedCompletions([]string{outputText, outputJSON}, cobra.ShellCompDirectiveNoFileComp))
}

// addClear adds --clear to a command that replaces a list: instead of entries by
// the flag that names them. The returned function has to agree before the list
// is replaced.
func addClear(cmd *cobra.Command, entries, usage string) (check func() error) {
	asked := cmd.Flags().Bool("clear", false, usage)
	cmd.MarkFlagsOneRequired(entries, "clear")
	cmd.MarkFlagsMutuallyExclusive(entries, "clear")
	return func() error {
		if cmd.Flags().Changed("clear") && !*asked {
			return misuse{fmt.Errorf("--clear=false changes nothing; give --%s", entries)}
		}
		return nil
	}
}

func (c *connection) checkOutput() error {
	if c.output != outputText && c.output != outputJSON {
		return misuse{fmt.Errorf("--output %q is neither text nor json", c.output)}
	}
	return nil
}

// check refuses flags that contradict one another.
func (c *connection) check() error {
	if err := c.checkOutput(); err != nil {
		return err
	}
	if c.embedded() && c.table+c.region+c.endpoint == "" {
		return nil
	}
	if _, err := c.location(); err != nil {
		return misuse{err}
	}
	return nil
}

// embedded reports whether the table is in a directory.
func (c *connection) embedded() bool { return strings.HasPrefix(c.uri, "local:") }

// place is the URI of the table.
func (c *connection) place() string {
	if c.embedded() {
		return c.uri
	}
	loc, err := c.location()
	if err != nil {
		return c.uri
	}
	return loc.String()
}

// open connects to the table.
func (c *connection) open(ctx context.Context, d deps) (*dynamodbstore.Store, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	s, err := c.connect(ctx, d)
	return s, explain(err, c.place())
}

// options are those of all Stores of commands.
func (c *connection) options(d deps) []dynamodbstore.Option {
	return []dynamodbstore.Option{dynamodbstore.WithLogger(d.warnings()), dynamodbstore.WithEnvironment(d.env)}
}

// connect is open with errors as they are.
func (c *connection) connect(ctx context.Context, d deps) (*dynamodbstore.Store, error) {
	if c.embedded() {
		return local.Connect(ctx, c.uri, c.options(d)...)
	}
	loc, err := c.location()
	if err != nil {
		return nil, err
	}
	return dynamodbstore.Connect(ctx, loc, c.options(d)...)
}

// warnings is a logger for what goes wrong beside the command.
func (d deps) warnings() *slog.Logger {
	return slog.New(slog.NewTextHandler(d.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

func (c *connection) location() (dynamodbstore.Location, error) {
	if c.uri != "" {
		if c.table+c.region+c.endpoint != "" {
			return dynamodbstore.Location{}, errors.New("--uri stands alone: leave --table, --region and --endpoint-url out")
		}
		return dynamodbstore.ParseURI(c.uri)
	}
	if c.table == "" {
		return dynamodbstore.Location{}, errors.New("name the table with --table, or give its --uri")
	}
	place := c.endpoint
	if place == "" {
		place = c.region
	}
	if c.endpoint != "" && !strings.Contains(c.endpoint, "://") {
		return dynamodbstore.Location{}, fmt.Errorf("--endpoint-url %q is no URL, such as http://localhost:8000", c.endpoint)
	}
	loc, err := dynamodbstore.ParseURI("dynamodb://" + strings.TrimSuffix(place, "/") + "/" + c.table)
	if err == nil && c.endpoint != "" {
		loc.Region = c.region
	}
	return loc, err
}

// print writes v as JSON, or what text writes.
func (c *connection) print(w io.Writer, v any, text func(w io.Writer) error) error {
	if c.output == outputText {
		return text(w)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// storeCmd makes a command that works on a table.
func storeCmd(d deps, c *connection, cmd *cobra.Command, do func(ctx context.Context, s *dynamodbstore.Store) error) *cobra.Command {
	cmd.Args = cobra.NoArgs
	c.addFlags(cmd.Flags())
	c.addOutput(cmd)
	cmd.RunE = runE(func(cmd *cobra.Command) (err error) {
		s, err := c.open(cmd.Context(), d)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.Close()) }()
		return explain(do(cmd.Context(), s), c.place())
	})
	return cmd
}
