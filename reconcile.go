package dynamodbstore

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Variables of the environment.
const (
	envDeletedDays   = "MLFLOW_DYNAMODB_SOFT_DELETED_RETENTION_DAYS"
	envTraceDays     = "MLFLOW_DYNAMODB_TRACE_RETENTION_DAYS"
	envHistoryDays   = "MLFLOW_DYNAMODB_METRIC_HISTORY_RETENTION_DAYS"
	envDenormalize   = "MLFLOW_DYNAMODB_DENORMALIZE_TAGS"
	envTrigramFields = "MLFLOW_DYNAMODB_FTS_TRIGRAM_FIELDS"
)

// environment is what the variables say.
type environment struct {
	patterns []string
	days     map[string]int64 // by attribute of the policy
	fields   []string
}

// readEnvironment reads and checks the variables. An error names the variable
// and its value.
func readEnvironment(lookup func(string) (string, bool)) (environment, error) {
	env := environment{days: map[string]int64{}}
	if v, ok := lookup(envDenormalize); ok {
		env.patterns = splitList(v)
		if err := validatePatterns(env.patterns); err != nil {
			return env, fmt.Errorf("%s=%q: %w", envDenormalize, v, err)
		}
	}
	var p ttlPolicy
	for _, f := range p.fields() {
		v, ok := lookup(f.variable)
		if !ok || v == "" {
			continue
		}
		days, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
		if err != nil || days < 0 || days > maxRetentionDays {
			return env, fmt.Errorf("%s=%q: use a whole number of days from 0 to %d", f.variable, v, maxRetentionDays)
		}
		env.days[f.attr] = days
	}
	var err error
	env.fields, err = environmentFields(lookup)
	return env, err
}

// environmentFields reads and checks the variable of the trigram fields.
func environmentFields(lookup func(string) (string, bool)) ([]string, error) {
	v, _ := lookup(envTrigramFields)
	fields := splitList(v)
	for _, f := range fields {
		if err := validateTrigramField(f); err != nil {
			return nil, fmt.Errorf("%s=%q: %w", envTrigramFields, v, err)
		}
	}
	return fields, nil
}

func splitList(v string) []string {
	var out []string
	for part := range strings.SplitSeq(v, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// globalLists is how many items of the configuration hold lists that are not
// of one experiment.
const globalLists = 2

// reconcile merges the environment into the persisted configuration: patterns
// are united, a retention that is set replaces its field, trigram fields stay.
// Each item is one write on the condition that it has not changed since it was
// read, so servers that start at once with different environments lose
// nothing of either. What is as it should be is not written.
//
// An item that is made on an empty table is complete at once. Whoever has data
// to write makes these items first, so a table that was empty before an item
// is made, on the condition that it is absent, is empty still.
func (c *settings) reconcile(ctx context.Context) error {
	env, err := readEnvironment(c.env)
	if err != nil {
		return err
	}
	before, err := c.readConfiguration(ctx)
	if err != nil {
		return err
	}
	r := reconciliation{environment: env, now: c.clock()}
	if before.lists < globalLists {
		if r.empty, err = c.isEmpty(ctx); err != nil {
			return err
		}
	}
	for _, item := range []struct {
		key   table.Key
		merge func(it *table.Item)
	}{
		{keys.DenormalizeTags(), r.mergePatterns},
		{keys.TTLPolicy(), r.mergePolicy},
		{keys.TrigramFields(), r.mergeFields},
	} {
		if err := c.mergeConfig(ctx, item.key, item.merge); err != nil {
			return err
		}
	}
	fresh, err := c.readConfiguration(ctx)
	if err != nil {
		return err
	}
	c.set(fresh)
	c.logReconciled(ctx, before, fresh)
	return nil
}

// isEmpty reports whether the table has no data yet: no experiment was ever
// made in it. 3 requests, 3 RCU.
func (c *settings) isEmpty(ctx context.Context) (bool, error) {
	for _, k := range []table.Key{
		keys.Sequence(), c.ks.Experiment(DefaultExperimentID),
		keys.Workspace(defaultWorkspace).Experiment(DefaultExperimentID),
	} {
		if _, found, err := c.t.Get(ctx, k, table.Strong); err != nil || found {
			return false, err
		}
	}
	return true, nil
}

// reconciliation merges an environment into the CONFIG items.
type reconciliation struct {
	environment
	now   time.Time
	empty bool // the table
}

func (r reconciliation) mergePatterns(it *table.Item) {
	r.mergeList(it, patternList(), unionOf(withAlways(listOf(*it, attrPatterns)), r.patterns))
}

func (r reconciliation) mergeFields(it *table.Item) {
	r.mergeList(it, fieldList(), listOf(*it, attrFields))
}

func (r reconciliation) mergeList(it *table.Item, l configList, list []string) {
	isNew := it.Num(keys.Rev) == 0
	l.set(it, list, r.now)
	if isNew && r.empty {
		l.completeAll(it)
	}
}

func (r reconciliation) mergePolicy(it *table.Item) {
	p := policyOf(*it)
	for _, f := range p.fields() {
		if days, ok := r.days[f.attr]; ok {
			*f.days = days
		}
		it.Set(f.attr, table.Number(*f.days))
	}
}

// mergeConfig changes one CONFIG item by a function that keeps attributes it
// does not know. Atomic.
func (c *settings) mergeConfig(ctx context.Context, key table.Key, merge func(it *table.Item)) error {
	d := newDocument(c.t, c.clock,
		func(ctx context.Context) (*configItem, error) { return c.readConfigItem(ctx, key) },
		func(it table.Item) (*configItem, error) { return &configItem{metaOf(it), it}, nil })
	d.write = func(ctx context.Context, cur, next *configItem) error {
		it := next.Clone()
		for _, a := range next.attrs(nil) {
			it.Set(a.Name, a.Value)
		}
		return c.t.Put(ctx, table.Put{Item: it, Cond: lastMeta(cur).isRev()})
	}
	_, err := mutate(ctx, d, func(cur *configItem) (*configItem, bool, error) {
		next := &configItem{Item: table.Item{Key: key}}
		if cur != nil {
			if err := checkVersion(cur.Item); err != nil {
				return nil, false, err
			}
			next.Item = cur.Clone()
		}
		merge(&next.Item)
		if cur != nil && slices.EqualFunc(next.Attrs, cur.Attrs, equalAttrs) {
			return cur, false, nil
		}
		return next, false, nil
	})
	return err
}

func equalAttrs(a, b table.Attr) bool { return a.Name == b.Name && a.Value.Equal(b.Value) }

// configItem is an item of the CONFIG partition as a document.
type configItem struct {
	docMeta
	table.Item
}

// readConfigItem reads an item; one without a revision, made by another
// program, gets one first, atomically, so that it can be changed safely.
func (c *settings) readConfigItem(ctx context.Context, key table.Key) (*configItem, error) {
	it, found, err := c.t.Get(ctx, key, table.Strong)
	if err != nil || !found {
		return nil, err
	}
	if it.Num(keys.Rev) == 0 {
		it, err = c.t.Update(ctx, table.Update{
			Key: key, Cond: table.Exists(), Return: true,
			Add: []table.Attr{{Name: keys.Rev, Value: table.Number(1)}},
		})
		if err != nil {
			return nil, err
		}
	}
	return &configItem{metaOf(it), it}, nil
}
