package dynamodbstore

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
)

// TTLPolicy says for how many days what is kept, 0 to 36,500; 0: for ever.
type TTLPolicy struct {
	TraceRetentionDays         int64 // trace info, tags, spans
	SoftDeletedRetentionDays   int64 // experiments and runs after their deletion
	MetricHistoryRetentionDays int64 // points of metrics; latest values stay
}

// TTLPolicyChange changes a [TTLPolicy]; what is nil stays.
type TTLPolicyChange struct {
	TraceRetentionDays         *int64
	SoftDeletedRetentionDays   *int64
	MetricHistoryRetentionDays *int64
}

// TTLPolicy returns the persisted retentions. 1 request, 1 RCU.
func (s *Store) TTLPolicy(ctx context.Context) (TTLPolicy, error) {
	cfg, err := s.settings.Read(ctx)
	if err != nil {
		return TTLPolicy{}, failure(err)
	}
	return policyValues(cfg), nil
}

// SetTTLPolicy changes the retentions that c names, for what is written from
// then on. Atomic. 2 requests, 1 RCU, 1 WCU.
func (s *Store) SetTTLPolicy(ctx context.Context, c TTLPolicyChange) error {
	return failure(s.settings.SetPolicy(ctx, settings.PolicyChange(c)))
}

// policyValues is the policy in force.
func policyValues(cfg *settings.Configuration) TTLPolicy {
	return TTLPolicy{cfg.Policy.Traces, cfg.Policy.SoftDeleted, cfg.Policy.MetricHistory}
}

// ApplyTTLParams are the parameters of [Store.ApplyTTLPolicy].
type ApplyTTLParams struct{ PassOptions }

// ApplyTTLReport says what a pass has done.
type ApplyTTLReport struct {
	Seen    int64 // experiments, runs, deleted logged models and items of metric history
	Changed int64 // of them, those whose expiry was changed
	Units   Units
}

// ApplyTTLPolicy gives what the workspace holds the expiry that the present
// policy says: deleted experiments, runs and logged models, counted from their
// deletion, and points of metrics, counted from when they were logged. A retention of 0
// takes expiries away. What would be due within a day, or long ago, gets a day
// from now, so that a policy set by mistake can be taken back; what is due
// sooner anyway stays. An expiry that is right within an hour stays. Points
// that a version without times of writing has logged count as logged when the
// first pass meets them.
//
// Nothing that lives gets an expiry: each item is written atomically on the
// condition that it is deleted still, so a restoration at the same moment
// wins. A pass that was interrupted goes on where it stopped; if the policy is
// changed while it is under way it starts over.
//
// Reads everything but the content of experiments that are gone: run lists,
// heads, metric history. Writes 1 WCU for each KB of a history item, 12 for a
// run, 10 for an experiment, 4 for a logged model.
func (s *Store) ApplyTTLPolicy(ctx context.Context, params ApplyTTLParams) (ApplyTTLReport, error) {
	at, err := s.upkeep.ApplyPolicy(ctx, params.engine())
	return ApplyTTLReport{at.Seen, at.Changed, Units(at.Units)}, failure(err)
}
