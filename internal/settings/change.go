package settings

import (
	"context"
	"fmt"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
)

// Values are some of the values of a configuration; what is nil is
// not among them.
type Values struct {
	TagPatterns   []string // of all experiments
	Policy        PolicyChange
	TrigramFields []string
}

// PolicyChange changes a policy; what is nil stays.
type PolicyChange struct {
	TraceRetentionDays         *int64
	SoftDeletedRetentionDays   *int64
	MetricHistoryRetentionDays *int64
}

// SetPatterns replaces the patterns of all experiments (""), or one's own ones.
// They must be valid. Atomic. 2 requests, 1 RCU, 1 WCU.
func (c *Store) SetPatterns(ctx context.Context, experiment string, patterns []string) error {
	patterns = UnionOf(nil, patterns)
	key := keys.DenormalizeTags()
	if experiment == "" {
		patterns = WithAlways(patterns)
	} else {
		key = keys.ExperimentDenormalizeTags(validate.CanonicalID(experiment))
	}
	return c.changeConfig(ctx, key, func(it *table.Item) { PatternList().Set(it, patterns, c.Clock()) })
}

// SetPolicy changes the retentions that p names. Atomic. 2 requests, 1 RCU, 1 WCU.
func (c *Store) SetPolicy(ctx context.Context, p PolicyChange) error {
	named := map[string]*int64{
		attrTraceDays: p.TraceRetentionDays, AttrDeletedDays: p.SoftDeletedRetentionDays,
		AttrHistoryDays: p.MetricHistoryRetentionDays,
	}
	for attr, days := range named {
		if days != nil && (*days < 0 || *days > maxRetentionDays) {
			return failure.Invalidf("%s must be from 0 to %d days, not %d", attr, maxRetentionDays, *days)
		}
	}
	return c.changeConfig(ctx, keys.TTLPolicy(), func(it *table.Item) {
		policy := PolicyOf(*it)
		for _, f := range policy.fields() {
			if days := named[f.attr]; days != nil {
				*f.days = *days
			}
			it.Set(f.attr, table.Number(*f.days))
		}
	})
}

// SetFields replaces the fields that are indexed besides the names. They must be
// valid. Atomic. 2 requests, 1 RCU, 1 WCU.
func (c *Store) SetFields(ctx context.Context, fields []string) error {
	always := index.AlwaysFields()
	fields = slices.DeleteFunc(UnionOf(nil, fields), func(f string) bool { return slices.Contains(always, f) })
	return c.changeConfig(ctx, keys.TrigramFields(), func(it *table.Item) { FieldList().Set(it, fields, c.Clock()) })
}

// FieldsInForce are the trigram fields that are indexed by what is persisted.
func (c *Configuration) FieldsInForce() []string {
	return UnionOf(index.AlwaysFields(), c.trigramFields)
}

// changeConfig changes one CONFIG item and makes this Store follow at once.
func (c *Store) changeConfig(ctx context.Context, key table.Key, change func(it *table.Item)) error {
	if err := c.Change(ctx, key, change); err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	fresh, err := c.Read(ctx)
	if err != nil {
		return err
	}
	c.Set(fresh)
	return nil
}

// Values is what an environment has for the configuration.
func (e Environment) Values() Values {
	return Values{e.patterns, policyChange(e.days), e.fields}
}

// persistedPolicy is the policy's item without defaults.
func persistedPolicy(it table.Item) PolicyChange {
	days := map[string]int64{}
	var p Policy
	for _, f := range p.fields() {
		if v, ok := it.Get(f.attr); ok {
			days[f.attr] = v.Num()
		}
	}
	return policyChange(days)
}

// policyChange names the retentions that are in days, by their attributes.
func policyChange(days map[string]int64) PolicyChange {
	of := func(attr string) *int64 {
		if d, ok := days[attr]; ok {
			return &d
		}
		return nil
	}
	return PolicyChange{of(attrTraceDays), of(AttrDeletedDays), of(AttrHistoryDays)}
}
