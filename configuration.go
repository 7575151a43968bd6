package dynamodbstore

import (
	"context"
	"fmt"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Configuration is what [ReadConfiguration] finds: the values in force, and
// where they come from.
type Configuration struct {
	TagPatterns   TagPatterns
	TTLPolicy     TTLPolicy
	TrigramFields []string
	// Persisted is what the table says. A value in force that is not here is
	// a default.
	Persisted ConfigurationValues
	// Environment is what a server with the Store's environment
	// ([WithEnvironment]) merges into it when it starts.
	Environment ConfigurationValues
	// Backfilled is what is complete in the Store's workspace, so that searches
	// rely on it.
	Backfilled ConfigurationMarks
}

// ConfigurationMarks are those of the patterns and fields in force that all
// existing items are brought up to.
type ConfigurationMarks struct {
	TagPatterns    []string // of all experiments
	OwnTagPatterns []string // of the experiment that was asked for
	TrigramFields  []string
}

// ConfigurationValues are some of the values of a configuration; what is nil
// is not among them.
type ConfigurationValues struct {
	TagPatterns   []string // of all experiments
	TTLPolicy     TTLPolicyChange
	TrigramFields []string
}

// ReadConfiguration returns the configuration of a Store's table, with an
// experiment's own patterns if its id is given. Errors are those of
// [Store.TagPatterns], and one that names the variable if the environment has
// a value that no server would start with. 1 request, 1 RCU; 2 with an
// experiment.
func ReadConfiguration(ctx context.Context, s *Store, experimentID string) (Configuration, error) {
	env, err := readEnvironment(s.env)
	if err != nil {
		return Configuration{}, fmt.Errorf("no server would start: %w", err)
	}
	if experimentID != "" {
		if _, err := s.GetExperiment(ctx, experimentID); err != nil {
			return Configuration{}, err
		}
	}
	cfg, err := s.settings.readConfiguration(ctx)
	if err != nil {
		return Configuration{}, failure(err)
	}
	own := canonicalID(experimentID)
	return Configuration{
		TagPatterns:   TagPatterns{Global: cfg.patterns, Own: cfg.ownPatterns[own]},
		TTLPolicy:     TTLPolicy{cfg.policy.traces, cfg.policy.softDeleted, cfg.policy.metricHistory},
		TrigramFields: unionOf(alwaysTrigramFields(), cfg.trigramFields),
		Persisted:     cfg.persisted,
		Environment:   ConfigurationValues{env.patterns, policyChange(env.days), env.fields},
		Backfilled:    ConfigurationMarks{cfg.tags.complete, cfg.ownTags[own].complete, cfg.fields.complete},
	}, nil
}

// persistedPolicy is the policy's item without defaults.
func persistedPolicy(it table.Item) TTLPolicyChange {
	days := map[string]int64{}
	var p ttlPolicy
	for _, f := range p.fields() {
		if v, ok := it.Get(f.attr); ok {
			days[f.attr] = v.Num()
		}
	}
	return policyChange(days)
}

// policyChange names the retentions that are in days, by their attributes.
func policyChange(days map[string]int64) TTLPolicyChange {
	of := func(attr string) *int64 {
		if d, ok := days[attr]; ok {
			return &d
		}
		return nil
	}
	return TTLPolicyChange{of(attrTraceDays), of(attrDeletedDays), of(attrHistoryDays)}
}
