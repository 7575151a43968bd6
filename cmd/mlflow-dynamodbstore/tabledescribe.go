package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/spf13/cobra"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// tableOutput is what describe prints as JSON.
type tableOutput struct {
	Table     string   `json:"table"`
	Kind      string   `json:"kind"` // dynamodb or embedded
	Status    string   `json:"status"`
	KeySchema []string `json:"key_schema"`
	Usable    bool     `json:"usable"` // the key schema is this program's
	Billing   string   `json:"billing_mode,omitempty"`
	Expiry    string   `json:"expiry"`
	Recovery  string   `json:"point_in_time_recovery,omitempty"`
	Items     *int64   `json:"approximate_item_count,omitempty"`
	Bytes     *int64   `json:"approximate_size_bytes,omitempty"`

	Sample *sampleOutput `json:"sample,omitempty"`
}

// sampleOutput says what kinds of items the table has, as far as it was read.
type sampleOutput struct {
	Items int64            `json:"items"`
	All   bool             `json:"all"` // they are all items
	Kinds map[string]int64 `json:"kinds"`
	// Workspaces are the kinds of each workspace that was asked for.
	Workspaces map[string]map[string]int64 `json:"workspaces,omitempty"`
}

// How much of a table is read to count its items by kind: pages of 1 MB. An
// embedded table costs nothing to read.
const (
	samplePages   = 4
	embeddedPages = 256
)

const unknown = "unknown"

func newTableDescribeCmd(d deps) *cobra.Command {
	var c connection
	var ws workspaceFlags
	cmd := &cobra.Command{
		Use:   "describe",
		Short: "Describe the table: keys, billing, expiry, recovery, size, kinds of items",
		Long: "Describe the table: keys, billing, expiry, recovery, size, kinds of items. The size is DynamoDB's own, up to six\n" +
			"hours old. Items are counted by kind in the first 4 MB of the table, which cost up to 512 RCU; DynamoDB keeps\n" +
			"items in no order, so that is a sample. Of an embedded table the first 256 MB are read. What the credentials\n" +
			"do not permit to see, and what an endpoint does not have, is unknown. With --workspace or --all-workspaces items\n" +
			"are also counted for each of them.",
		Example: "  mlflow-dynamodbstore table describe --table my-table --region us-east-1 --output json",
		Args:    cobra.NoArgs,
		RunE: runE(func(cmd *cobra.Command) error {
			if err := c.check(); err != nil {
				return err
			}
			out, err := c.describe(cmd.Context(), d, ws)
			if err != nil {
				return explain(err, c.place())
			}
			return c.print(d.stdout, out, out.text)
		}),
	}
	c.addFlags(cmd.Flags())
	c.addOutput(cmd)
	ws.addFlags(cmd)
	return cmd
}

func (o tableOutput) text(w io.Writer) error {
	schema := strings.Join(o.KeySchema, ", ")
	if !o.Usable {
		schema += " (not of this program)"
	}
	rows := [][2]string{
		{"table", o.Table},
		{"kind", o.Kind},
		{"status", o.Status},
		{"key schema", schema},
		{"billing mode", o.Billing},
		{"expiry", o.Expiry},
		{"point-in-time recovery", o.Recovery},
	}
	if o.Items != nil && o.Bytes != nil {
		rows = append(rows, [2]string{"size", fmt.Sprintf("about %d items, %d bytes", *o.Items, *o.Bytes)})
	}
	for _, r := range append(rows, o.Sample.rows()...) {
		if r[1] == "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "%s\t%s\n", r[0], r[1]); err != nil {
			return err
		}
	}
	return nil
}

// rows are the lines about the sample, the most frequent kinds first.
func (o *sampleOutput) rows() [][2]string {
	if o == nil {
		return nil
	}
	of := "the first %d items"
	if o.All {
		of = "all %d items"
	}
	rows := append([][2]string{{"items by kind", "of " + fmt.Sprintf(of, o.Items)}}, kindRows(o.Kinds)...)
	for _, name := range slices.Sorted(maps.Keys(o.Workspaces)) {
		rows = append(rows, [2]string{"items of workspace " + name, strconv.FormatInt(total(o.Workspaces[name]), 10)})
		rows = append(rows, kindRows(o.Workspaces[name])...)
	}
	return rows
}

// kindRows are the lines about kinds, the most frequent first.
func kindRows(kinds map[string]int64) [][2]string {
	names := slices.Sorted(maps.Keys(kinds))
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(kinds[b], kinds[a]) })
	rows := make([][2]string, len(names))
	for i, kind := range names {
		rows[i] = [2]string{"  " + kind, strconv.FormatInt(kinds[kind], 10)}
	}
	return rows
}

// sample counts items by kind; nil if the credentials do not permit it.
func sample(ctx context.Context, s *dynamodbstore.Store, pages int, ws workspaceFlags) (*sampleOutput, error) {
	counts, err := dynamodbstore.CountItems(ctx, s, pages)
	if err != nil {
		return nil, unlessUnknown(err)
	}
	out := &sampleOutput{Items: counts.Read, All: counts.All, Kinds: counts.Kinds}
	names := trimmed(ws.names)
	if ws.all {
		names = slices.Collect(maps.Keys(counts.Workspaces))
	}
	for _, name := range names {
		if out.Workspaces == nil {
			out.Workspaces = map[string]map[string]int64{}
		}
		out.Workspaces[name] = counts.Workspaces[name]
	}
	return out, nil
}

func (c *connection) describe(ctx context.Context, d deps, ws workspaceFlags) (tableOutput, error) {
	if !c.embedded() {
		return c.describeRemote(ctx, d, ws)
	}
	s, err := c.connect(ctx, d)
	if err != nil {
		return tableOutput{}, err
	}
	out := tableOutput{
		Table: c.uri, Kind: "embedded", Status: "ACTIVE", Usable: true, KeySchema: ourSchema(), Expiry: "ENABLED",
	}
	out.Sample, err = sample(ctx, s, embeddedPages, ws)
	return out, errors.Join(err, s.Close())
}

func (c *connection) describeRemote(ctx context.Context, d deps, ws workspaceFlags) (tableOutput, error) {
	loc, err := c.location()
	if err != nil {
		return tableOutput{}, err
	}
	client, err := dynamodbstore.NewClient(ctx, loc, c.options(d)...)
	if err != nil {
		return tableOutput{}, err
	}
	in, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &loc.Table})
	if err != nil {
		if _, ok := errors.AsType[*types.ResourceNotFoundException](err); ok {
			return tableOutput{}, table.ErrNoTable
		}
		return tableOutput{}, fmt.Errorf("describe table: %w", err)
	}
	out := describeTable(c.place(), in.Table)
	out.Expiry, err = describeExpiry(ctx, client, loc.Table)
	if err != nil {
		return out, err
	}
	if out.Recovery, err = describeRecovery(ctx, client, loc.Table); err != nil || !out.Usable {
		return out, err
	}
	s, err := dynamodbstore.New(client, loc.Table, c.options(d)...)
	if err != nil {
		return out, err
	}
	out.Sample, err = sample(ctx, s, samplePages, ws)
	return out, errors.Join(err, s.Close())
}

func ourSchema() []string { return []string{table.PKAttr + " S HASH", table.SKAttr + " S RANGE"} }

func describeTable(place string, t *types.TableDescription) tableOutput {
	out := tableOutput{
		Table: place, Kind: "dynamodb", Status: string(t.TableStatus), Billing: string(types.BillingModeProvisioned),
		Items: t.ItemCount, Bytes: t.TableSizeBytes,
	}
	if t.BillingModeSummary != nil {
		out.Billing = string(t.BillingModeSummary.BillingMode)
	}
	kinds := map[string]string{}
	for _, a := range t.AttributeDefinitions {
		kinds[aws.ToString(a.AttributeName)] = string(a.AttributeType)
	}
	for _, k := range t.KeySchema {
		name := aws.ToString(k.AttributeName)
		out.KeySchema = append(out.KeySchema, name+" "+kinds[name]+" "+string(k.KeyType))
	}
	out.Usable = slices.Equal(out.KeySchema, ourSchema())
	return out
}

func describeExpiry(ctx context.Context, client *dynamodb.Client, name string) (string, error) {
	out, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &name})
	switch {
	case err != nil:
		return unknown, unlessUnknown(err)
	case out.TimeToLiveDescription == nil:
		return "DISABLED", nil
	case aws.ToString(out.TimeToLiveDescription.AttributeName) == "":
		return string(out.TimeToLiveDescription.TimeToLiveStatus), nil
	}
	d := out.TimeToLiveDescription
	return string(d.TimeToLiveStatus) + " by " + aws.ToString(d.AttributeName), nil
}

func describeRecovery(ctx context.Context, client *dynamodb.Client, name string) (string, error) {
	out, err := client.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: &name})
	switch {
	case err != nil:
		return unknown, unlessUnknown(err)
	case out.ContinuousBackupsDescription == nil || out.ContinuousBackupsDescription.PointInTimeRecoveryDescription == nil:
		return "DISABLED", nil
	}
	return string(out.ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus), nil
}

// unlessUnknown drops the errors of calls that the credentials do not permit
// or the endpoint does not have.
func unlessUnknown(err error) error {
	if ae, ok := errors.AsType[smithy.APIError](err); ok {
		switch ae.ErrorCode() {
		case "AccessDeniedException", "UnknownOperationException":
			return nil
		}
	}
	return err
}
