package dynamodbstore

import (
	"context"
	"fmt"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
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
	env, err := settings.ReadEnvironment(s.view.Env)
	if err != nil {
		return Configuration{}, fmt.Errorf("no server would start: %w", err)
	}
	if experimentID != "" {
		if _, err := s.GetExperiment(ctx, experimentID); err != nil {
			return Configuration{}, err
		}
	}
	cfg, err := s.settings.Read(ctx)
	if err != nil {
		return Configuration{}, failure(err)
	}
	own := validate.CanonicalID(experimentID)
	return Configuration{
		TagPatterns:   TagPatterns{Global: cfg.Patterns, Own: cfg.OwnPatterns[own]},
		TTLPolicy:     policyValues(cfg),
		TrigramFields: cfg.FieldsInForce(),
		Persisted:     valuesOf(cfg.Persisted),
		Environment:   valuesOf(env.Values()),
		Backfilled:    ConfigurationMarks{cfg.Tags.Complete, cfg.OwnTags[own].Complete, cfg.Fields.Complete},
	}, nil
}

func valuesOf(v settings.Values) ConfigurationValues {
	return ConfigurationValues{v.TagPatterns, TTLPolicyChange(v.Policy), v.TrigramFields}
}
