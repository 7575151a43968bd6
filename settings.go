package dynamodbstore

import (
	"context"
)

// TagPatterns says which tags are denormalized: copied to attributes of their
// run or experiment.
type TagPatterns struct {
	Global []string // of all experiments; mlflow.* is always among them
	Own    []string // of one experiment, in union with the global ones
}

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

// TagPatterns returns the persisted patterns, with an experiment's own ones if
// its id is given; RESOURCE_DOES_NOT_EXIST if there is no such experiment.
// 1 request, 1 RCU; 2 with an experiment.
func (s *Store) TagPatterns(ctx context.Context, experimentID string) (TagPatterns, error) {
	if experimentID != "" {
		if _, err := s.GetExperiment(ctx, experimentID); err != nil {
			return TagPatterns{}, err
		}
	}
	cfg, err := s.settings.readConfiguration(ctx)
	if err != nil {
		return TagPatterns{}, failure(err)
	}
	return TagPatterns{Global: cfg.patterns, Own: cfg.ownPatterns[canonicalID(experimentID)]}, nil
}

// SetTagPatterns replaces the global patterns, or with an experiment's id that
// experiment's own ones; mlflow.* stays among the global ones. Servers follow
// within 30 seconds, for what is written from then on. Atomic; a server that
// starts at the same moment loses nothing. No patterns clear the list. A pattern
// that is empty, has blanks around it or a comma outside of braces, or is no
// glob is refused with [CodeInvalidParameterValue], and nothing changes. 2
// requests, 1 RCU, 1 WCU.
func (s *Store) SetTagPatterns(ctx context.Context, experimentID string, patterns []string) error {
	if err := validatePatterns(patterns); err != nil {
		return &Error{Code: CodeInvalidParameterValue, Message: err.Error()}
	}
	if experimentID != "" {
		if _, err := s.GetExperiment(ctx, experimentID); err != nil {
			return err
		}
	}
	return failure(s.settings.setPatterns(ctx, experimentID, patterns))
}

// TTLPolicy returns the persisted retentions. 1 request, 1 RCU.
func (s *Store) TTLPolicy(ctx context.Context) (TTLPolicy, error) {
	cfg, err := s.settings.readConfiguration(ctx)
	if err != nil {
		return TTLPolicy{}, failure(err)
	}
	return policyValues(cfg), nil
}

// SetTTLPolicy changes the retentions that c names, for what is written from
// then on. Atomic. 2 requests, 1 RCU, 1 WCU.
func (s *Store) SetTTLPolicy(ctx context.Context, c TTLPolicyChange) error {
	return failure(s.settings.setPolicy(ctx, ttlPolicyChange(c)))
}

// TrigramFields returns the fields indexed by trigrams: the names, which
// always are, and the persisted ones. 1 request, 1 RCU.
func (s *Store) TrigramFields(ctx context.Context) ([]string, error) {
	cfg, err := s.settings.readConfiguration(ctx)
	if err != nil {
		return nil, failure(err)
	}
	return cfg.fieldsInForce(), nil
}

// SetTrigramFields replaces the fields that are indexed besides the names.
// Atomic. 2 requests, 1 RCU, 1 WCU.
func (s *Store) SetTrigramFields(ctx context.Context, fields []string) error {
	for _, f := range fields {
		if err := validateTrigramField(f); err != nil {
			return &Error{Code: CodeInvalidParameterValue, Message: err.Error()}
		}
	}
	return failure(s.settings.setFields(ctx, fields))
}

// policyValues is the policy in force.
func policyValues(cfg *configuration) TTLPolicy {
	return TTLPolicy{cfg.policy.traces, cfg.policy.softDeleted, cfg.policy.metricHistory}
}
