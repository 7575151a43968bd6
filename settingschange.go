package dynamodbstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// configurationValues are some of the values of a configuration; what is nil is
// not among them.
type configurationValues struct {
	tagPatterns   []string // of all experiments
	ttlPolicy     ttlPolicyChange
	trigramFields []string
}

// ttlPolicyChange changes a policy; what is nil stays.
type ttlPolicyChange struct {
	TraceRetentionDays         *int64
	SoftDeletedRetentionDays   *int64
	MetricHistoryRetentionDays *int64
}

// setPatterns replaces the patterns of all experiments (""), or one's own ones.
// They must be valid. Atomic. 2 requests, 1 RCU, 1 WCU.
func (c *settings) setPatterns(ctx context.Context, experiment string, patterns []string) error {
	patterns = unionOf(nil, patterns)
	key := keys.DenormalizeTags()
	if experiment == "" {
		patterns = withAlways(patterns)
	} else {
		key = keys.ExperimentDenormalizeTags(canonicalID(experiment))
	}
	return c.changeConfig(ctx, key, func(it *table.Item) { patternList().set(it, patterns, c.clock()) })
}

// setPolicy changes the retentions that p names. Atomic. 2 requests, 1 RCU, 1 WCU.
func (c *settings) setPolicy(ctx context.Context, p ttlPolicyChange) error {
	named := map[string]*int64{
		attrTraceDays: p.TraceRetentionDays, attrDeletedDays: p.SoftDeletedRetentionDays,
		attrHistoryDays: p.MetricHistoryRetentionDays,
	}
	for attr, days := range named {
		if days != nil && (*days < 0 || *days > maxRetentionDays) {
			return invalidf("%s must be from 0 to %d days, not %d", attr, maxRetentionDays, *days)
		}
	}
	return c.changeConfig(ctx, keys.TTLPolicy(), func(it *table.Item) {
		policy := policyOf(*it)
		for _, f := range policy.fields() {
			if days := named[f.attr]; days != nil {
				*f.days = *days
			}
			it.Set(f.attr, table.Number(*f.days))
		}
	})
}

// setFields replaces the fields that are indexed besides the names. They must be
// valid. Atomic. 2 requests, 1 RCU, 1 WCU.
func (c *settings) setFields(ctx context.Context, fields []string) error {
	always := alwaysTrigramFields()
	fields = slices.DeleteFunc(unionOf(nil, fields), func(f string) bool { return slices.Contains(always, f) })
	return c.changeConfig(ctx, keys.TrigramFields(), func(it *table.Item) { fieldList().set(it, fields, c.clock()) })
}

// fieldsInForce are the trigram fields that are indexed by what is persisted.
func (c *configuration) fieldsInForce() []string {
	return unionOf(alwaysTrigramFields(), c.trigramFields)
}

// changeConfig changes one CONFIG item and makes this Store follow at once.
func (c *settings) changeConfig(ctx context.Context, key table.Key, change func(it *table.Item)) error {
	if err := c.mergeConfig(ctx, key, change); err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	fresh, err := c.readConfiguration(ctx)
	if err != nil {
		return err
	}
	c.set(fresh)
	return nil
}

// values is what an environment has for the configuration.
func (e environment) values() configurationValues {
	return configurationValues{e.patterns, policyChange(e.days), e.fields}
}

// persistedPolicy is the policy's item without defaults.
func persistedPolicy(it table.Item) ttlPolicyChange {
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
func policyChange(days map[string]int64) ttlPolicyChange {
	of := func(attr string) *int64 {
		if d, ok := days[attr]; ok {
			return &d
		}
		return nil
	}
	return ttlPolicyChange{of(attrTraceDays), of(attrDeletedDays), of(attrHistoryDays)}
}
