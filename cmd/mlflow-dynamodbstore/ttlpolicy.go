package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

func newTTLPolicyCmd(d deps) *cobra.Command {
	cmd := &cobra.Command{Use: "ttl-policy", Short: "Show, set or apply for how long what is kept"}
	cmd.AddCommand(newTTLPolicyShowCmd(d), newTTLPolicySetCmd(d), newTTLPolicyApplyCmd(d))
	return cmd
}

// policyOutput is what the commands print as JSON; 0 days: for ever.
type policyOutput struct {
	Traces        int64 `json:"trace_retention_days"`
	SoftDeleted   int64 `json:"soft_deleted_retention_days"`
	MetricHistory int64 `json:"metric_history_retention_days"`

	Values []sourcedValue `json:"values"`
}

// Variables that set retentions when a server starts.
const (
	varTraceDays   = "MLFLOW_DYNAMODB_TRACE_RETENTION_DAYS"
	varDeletedDays = "MLFLOW_DYNAMODB_SOFT_DELETED_RETENTION_DAYS"
	varHistoryDays = "MLFLOW_DYNAMODB_METRIC_HISTORY_RETENTION_DAYS"
)

func printPolicy(ctx context.Context, d deps, c *connection, s *dynamodbstore.Store) error {
	cfg, err := dynamodbstore.ReadConfiguration(ctx, s, "")
	if err != nil {
		return err
	}
	p, was, env := cfg.TTLPolicy, cfg.Persisted.TTLPolicy, cfg.Environment.TTLPolicy
	var values []sourcedValue
	for _, f := range []struct {
		name, variable string
		days           int64
		was, env       *int64
	}{
		{"trace_retention_days", varTraceDays, p.TraceRetentionDays, was.TraceRetentionDays, env.TraceRetentionDays},
		{
			"soft_deleted_retention_days", varDeletedDays, p.SoftDeletedRetentionDays,
			was.SoftDeletedRetentionDays, env.SoftDeletedRetentionDays,
		},
		{
			"metric_history_retention_days", varHistoryDays, p.MetricHistoryRetentionDays,
			was.MetricHistoryRetentionDays, env.MetricHistoryRetentionDays,
		},
	} {
		v := sourcedValue{Name: f.name, Value: f.days, Source: sourceDefault}
		if f.was != nil {
			v.Source = sourcePersisted
		}
		values = append(values, v)
		if f.env != nil {
			values = append(values, sourcedValue{Name: f.name, Value: *f.env, Source: sourceEnvironment, Variable: f.variable})
		}
	}
	out := policyOutput{p.TraceRetentionDays, p.SoftDeletedRetentionDays, p.MetricHistoryRetentionDays, values}
	return c.print(d.stdout, out, sourcedText(values))
}

func newTTLPolicyShowCmd(d deps) *cobra.Command {
	var c connection
	cmd := &cobra.Command{
		Use:     "show",
		Short:   "Show the retentions, in days, and where each comes from",
		Long:    "Show the retentions, in days, and where each comes from. 0 days keeps for ever.\n" + sourcesHelp,
		Example: "  mlflow-dynamodbstore ttl-policy show --table my-table --region us-east-1",
	}
	return storeCmd(d, &c, cmd, func(ctx context.Context, s *dynamodbstore.Store) error {
		return printPolicy(ctx, d, &c, s)
	})
}

func newTTLPolicySetCmd(d deps) *cobra.Command {
	var c connection
	var traces, deleted, history int64
	cmd := &cobra.Command{
		Use:   "set",
		Short: "Change the retentions that are named",
		Long: "Change the retentions that are named; the others stay. 0 days switches a retention off.\n" +
			"Servers follow within 30 seconds, for what is written from then on; apply is for what is there.",
		Example: "  mlflow-dynamodbstore ttl-policy set --table my-table --region us-east-1 " +
			"--trace-retention-days 60 --metric-history-retention-days 180",
	}
	f := cmd.Flags()
	f.Int64Var(&traces, "trace-retention-days", 0, "days that traces are kept")
	f.Int64Var(&deleted, "soft-deleted-retention-days", 0, "days that deleted experiments and runs are kept")
	f.Int64Var(&history, "metric-history-retention-days", 0, "days that points of metrics are kept")
	cmd.MarkFlagsOneRequired("trace-retention-days", "soft-deleted-retention-days", "metric-history-retention-days")
	return storeCmd(d, &c, cmd, func(ctx context.Context, s *dynamodbstore.Store) error {
		var change dynamodbstore.TTLPolicyChange
		for flag, field := range map[string]struct {
			days *int64
			to   **int64
		}{
			"trace-retention-days":          {&traces, &change.TraceRetentionDays},
			"soft-deleted-retention-days":   {&deleted, &change.SoftDeletedRetentionDays},
			"metric-history-retention-days": {&history, &change.MetricHistoryRetentionDays},
		} {
			if f.Changed(flag) {
				*field.to = field.days
			}
		}
		if err := s.SetTTLPolicy(ctx, change); err != nil {
			return err
		}
		return printPolicy(ctx, d, &c, s)
	})
}

func newTTLPolicyApplyCmd(d deps) *cobra.Command {
	var c connection
	var p passFlags
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Give what is there the expiry that the retentions say",
		Long: "Give deleted experiments, runs and logged models, and points of metrics, the expiry that the retentions say, counted\n" +
			"from when they were deleted or logged; 0 days takes it away. What is overdue expires a day from now. It may run beside servers,\n" +
			"and goes on where an interrupted one has stopped.",
		Example: "  mlflow-dynamodbstore ttl-policy apply --table my-table --region us-east-1 --units-per-second 500",
	}
	return passCmd(d, &c, cmd, &p, func(ctx context.Context, s *dynamodbstore.Store, o dynamodbstore.PassOptions) (report, error) {
		r, err := s.ApplyTTLPolicy(ctx, dynamodbstore.ApplyTTLParams{PassOptions: o})
		return passOutput{Seen: r.Seen, Changed: r.Changed, Requests: r.Units.Requests, RCU: r.Units.Read, WCU: r.Units.Write}, err
	})
}
