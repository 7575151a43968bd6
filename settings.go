package dynamodbstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
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
	patterns = unionOf(nil, patterns)
	key := keys.DenormalizeTags()
	if experimentID == "" {
		patterns = withAlways(patterns)
	} else {
		if _, err := s.GetExperiment(ctx, experimentID); err != nil {
			return err
		}
		key = keys.ExperimentDenormalizeTags(canonicalID(experimentID))
	}
	return s.settings.changeConfig(ctx, key, func(it *table.Item) { patternList().set(it, patterns, s.clock()) })
}

// TTLPolicy returns the persisted retentions. 1 request, 1 RCU.
func (s *Store) TTLPolicy(ctx context.Context) (TTLPolicy, error) {
	cfg, err := s.settings.readConfiguration(ctx)
	if err != nil {
		return TTLPolicy{}, failure(err)
	}
	return TTLPolicy{cfg.policy.traces, cfg.policy.softDeleted, cfg.policy.metricHistory}, nil
}

// SetTTLPolicy changes the retentions that c names, for what is written from
// then on. Atomic. 2 requests, 1 RCU, 1 WCU.
func (s *Store) SetTTLPolicy(ctx context.Context, c TTLPolicyChange) error {
	named := map[string]*int64{
		attrTraceDays: c.TraceRetentionDays, attrDeletedDays: c.SoftDeletedRetentionDays,
		attrHistoryDays: c.MetricHistoryRetentionDays,
	}
	for attr, days := range named {
		if days != nil && (*days < 0 || *days > maxRetentionDays) {
			return invalidf("%s must be from 0 to %d days, not %d", attr, maxRetentionDays, *days)
		}
	}
	return s.settings.changeConfig(ctx, keys.TTLPolicy(), func(it *table.Item) {
		p := policyOf(*it)
		for _, f := range p.fields() {
			if days := named[f.attr]; days != nil {
				*f.days = *days
			}
			it.Set(f.attr, table.Number(*f.days))
		}
	})
}

// TrigramFields returns the fields indexed by trigrams: the names, which
// always are, and the persisted ones. 1 request, 1 RCU.
func (s *Store) TrigramFields(ctx context.Context) ([]string, error) {
	cfg, err := s.settings.readConfiguration(ctx)
	if err != nil {
		return nil, failure(err)
	}
	return unionOf(alwaysTrigramFields(), cfg.trigramFields), nil
}

// SetTrigramFields replaces the fields that are indexed besides the names.
// Atomic. 2 requests, 1 RCU, 1 WCU.
func (s *Store) SetTrigramFields(ctx context.Context, fields []string) error {
	for _, f := range fields {
		if err := validateTrigramField(f); err != nil {
			return &Error{Code: CodeInvalidParameterValue, Message: err.Error()}
		}
	}
	always := alwaysTrigramFields()
	fields = slices.DeleteFunc(unionOf(nil, fields), func(f string) bool { return slices.Contains(always, f) })
	return s.settings.changeConfig(ctx, keys.TrigramFields(), func(it *table.Item) { fieldList().set(it, fields, s.clock()) })
}

// changeConfig changes one CONFIG item and makes this Store follow at once.
func (c *settings) changeConfig(ctx context.Context, key table.Key, change func(it *table.Item)) error {
	if err := c.mergeConfig(ctx, key, change); err != nil {
		return failure(fmt.Errorf("configuration: %w", err))
	}
	fresh, err := c.readConfiguration(ctx)
	if err != nil {
		return failure(err)
	}
	c.set(fresh)
	return nil
}
