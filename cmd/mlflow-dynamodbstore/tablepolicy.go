package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// policyOptions are the flags of the policy command.
type policyOptions struct {
	table, region, uri string
	account, workspace string
}

func newTablePolicyCmd(d deps) *cobra.Command {
	var o policyOptions
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Print an IAM policy that fences a workspace",
		Long: "Print an IAM policy for a server of one workspace: it permits what such a server does to the items of that\n" +
			"workspace, to read the configuration and to draw ids of experiments, and nothing else. The table must be\n" +
			"there, with its configuration: make it with 'table create'. A server with this policy must not have\n" +
			"variables that would change the configuration. No call is made.",
		Example: "  mlflow-dynamodbstore table policy --table my-table --region us-east-1 --account 123456789012 --workspace team-a",
		Args:    cobra.NoArgs,
		RunE: runE(func(*cobra.Command) error {
			resource, err := o.resource()
			if err != nil {
				return misuse{err}
			}
			enc := json.NewEncoder(d.stdout)
			enc.SetIndent("", "  ")
			return enc.Encode(workspacePolicy(resource, o.workspace))
		}),
	}
	f := cmd.Flags()
	f.StringVar(&o.table, "table", "", "name of the table")
	f.StringVar(&o.region, "region", "", "AWS region of the table")
	f.StringVar(&o.uri, "uri", "", "URI of the table, instead of --table and --region")
	f.StringVar(&o.account, "account", "*", "AWS account of the table, 12 digits; * for any")
	f.StringVar(&o.workspace, "workspace", "", "name of the workspace")
	_ = cmd.MarkFlagRequired("workspace") // the flag exists
	return cmd
}

// resource is the ARN of the table.
func (o *policyOptions) resource() (string, error) {
	c := connection{table: o.table, region: o.region, uri: o.uri}
	if c.embedded() {
		return "", errors.New("an embedded table has no IAM policy: who may read its directory may read the table")
	}
	loc, err := c.location()
	if err != nil {
		return "", err
	}
	if loc.Region == "" {
		return "", errors.New("name the region with --region; policies are for tables of AWS")
	}
	if !regexp.MustCompile(`^([0-9]{12}|\*)$`).MatchString(o.account) {
		return "", fmt.Errorf("--account %q is not 12 digits", o.account)
	}
	// A name has no character that means something in a policy.
	if err := dynamodbstore.CheckWorkspaceName(o.workspace); err != nil {
		return "", fmt.Errorf("--workspace: %w", err)
	}
	return fmt.Sprintf("arn:%s:dynamodb:%s:%s:table/%s", partition(loc.Region), loc.Region, o.account, loc.Table), nil
}

// partition is the AWS partition of a region.
func partition(region string) string {
	for _, p := range []struct{ prefix, partition string }{
		{"cn-", "aws-cn"},
		{"us-gov-", "aws-us-gov"},
		{"eusc-", "aws-eusc"},
		{"us-isob-", "aws-iso-b"},
		{"us-isof-", "aws-iso-f"},
		{"eu-isoe-", "aws-iso-e"},
		{"us-iso-", "aws-iso"},
	} {
		if strings.HasPrefix(region, p.prefix) {
			return p.partition
		}
	}
	return "aws"
}

// policyDocument and statement are the JSON of IAM.
type policyDocument struct {
	Version   string
	Statement []statement
}

type statement struct {
	Sid       string
	Effect    string
	Action    []string
	Resource  string
	Condition map[string]map[string]any `json:",omitempty"`
}

// workspacePolicy permits what a server of a workspace does. ForAllValues is
// true where there are no values, so each fence asks for values besides.
func workspacePolicy(resource, workspace string) policyDocument {
	fence := func(operator, keys string) map[string]map[string]any {
		return map[string]map[string]any{
			operator: {"dynamodb:LeadingKeys": []string{keys}},
			"Null":   {"dynamodb:LeadingKeys": "false"},
		}
	}
	const equals, like = "ForAllValues:StringEquals", "ForAllValues:StringLike"
	return policyDocument{"2012-10-17", []statement{
		{
			"Workspace", "Allow",
			[]string{
				"dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem",
				"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem",
			},
			resource, fence(like, "WS#"+workspace+"#*"),
		},
		{
			"Configuration", "Allow",
			[]string{"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"},
			resource, fence(equals, "CONFIG"),
		},
		{"ExperimentIds", "Allow", []string{"dynamodb:GetItem", "dynamodb:UpdateItem"}, resource, fence(equals, "SEQ")},
		{"Table", "Allow", []string{"dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive"}, resource, nil},
	}}
}
