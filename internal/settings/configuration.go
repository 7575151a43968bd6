package settings

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Attributes of the CONFIG items. The specification of the configuration
// fixes them.
const (
	attrPatterns      = "patterns"
	attrFields        = "fields"
	attrTraceDays     = "trace_retention_days"
	AttrDeletedDays   = "soft_deleted_retention_days"
	AttrHistoryDays   = "metric_history_retention_days"
	alwaysDenormalize = "mlflow.*"
)

// Configuration is what the CONFIG partition says, and what this process adds
// to it.
type Configuration struct {
	began           int64               // when the reading of it began, in ns of the clock
	lists           int                 // of the items with global lists, how many there are
	Patterns        []string            // of all experiments, in their persisted order
	OwnPatterns     map[string][]string // by experiment
	Policy          Policy
	trigramFields   []string   // persisted, without those that always are
	envFields       []string   // that this process indexes besides
	Persisted       Values     // without defaults
	Tags            markedList // the marks of patterns
	OwnTags         map[string]markedList
	Fields          markedList         // the marks of trigramFields and the names
	IndexedDatasets bool               // whether all settled runs have the rows of dataset inputs
	Matchers        map[string]Matcher // by experiment; "" for those without own patterns
	indexed         map[string]Matcher // likewise, with what was dropped lately
	complete        map[string]Matcher // likewise, of what is backfilled
}

// Read reads the CONFIG partition; what is missing has its
// default. 1 request, 1 RCU for each 4 KB.
func (c *Store) Read(ctx context.Context) (*Configuration, error) {
	pk, from, to := keys.ConfigRange()
	now := c.Clock()
	cfg := &Configuration{
		began: now.UnixNano(), Patterns: []string{alwaysDenormalize}, OwnPatterns: map[string][]string{},
		Policy: defaultPolicy(), OwnTags: map[string]markedList{},
	}
	var err error
	if cfg.envFields, err = environmentFields(c.Env); err != nil {
		return nil, &mlflow.Error{Code: mlflow.CodeInvalidParameterValue, Message: err.Error()}
	}
	for it, err := range table.Items(ctx, c.Table, table.Query{PK: pk, From: from, To: to}) {
		if err != nil {
			return nil, err
		}
		if err := cfg.add(it, c.View, now); err != nil {
			return nil, err
		}
	}
	return cfg, cfg.compile()
}

func (c *Configuration) add(it table.Item, v *workspace.View, now time.Time) error {
	if err := document.CheckVersion(it); err != nil {
		return err
	}
	switch it.Key {
	case keys.DenormalizeTags():
		c.lists++
		c.Persisted.TagPatterns = ListOf(it, attrPatterns)
		c.Patterns = WithAlways(c.Persisted.TagPatterns)
		c.Tags = marksOf(it, c.Patterns, v.Workspace, v.Born, now)
	case keys.TTLPolicy():
		c.Policy, c.Persisted.Policy = PolicyOf(it), persistedPolicy(it)
	case keys.TrigramFields():
		c.lists++
		c.trigramFields = ListOf(it, attrFields)
		c.Persisted.TrigramFields = c.trigramFields
		c.IndexedDatasets = len(marksOf(it, []string{markDatasets}, v.Workspace, v.Born, now).Complete) > 0
		c.Fields = marksOf(it, UnionOf(index.AlwaysFields(), c.trigramFields), v.Workspace, v.Born, now)
	default:
		if id, ok := keys.ConfigExperiment(it.Key.SK); ok {
			c.OwnPatterns[id] = ListOf(it, attrPatterns)
			c.OwnTags[id] = marksOf(it, c.OwnPatterns[id], v.Workspace, v.Born, now)
		}
	}
	return nil
}

// compile makes the matchers: an experiment's is the union of the global
// patterns and its own.
func (c *Configuration) compile() error {
	c.Matchers, c.indexed, c.complete = map[string]Matcher{}, map[string]Matcher{}, map[string]Matcher{}
	for _, id := range slices.AppendSeq([]string{""}, maps.Keys(c.OwnPatterns)) {
		own := c.OwnTags[id]
		for to, patterns := range map[*map[string]Matcher][]string{
			&c.Matchers: slices.Concat(c.Patterns, c.OwnPatterns[id]),
			&c.indexed:  slices.Concat(c.Patterns, c.OwnPatterns[id], c.Tags.dropped, own.dropped),
			&c.complete: slices.Concat(c.Tags.Complete, own.Complete),
		} {
			m, err := compilePatterns(patterns)
			if err != nil {
				return err
			}
			(*to)[id] = m
		}
	}
	return nil
}

// OfExperiment returns what holds for one experiment.
func OfExperiment(matchers map[string]Matcher, exp string) Matcher {
	if m, ok := matchers[exp]; ok {
		return m
	}
	return matchers[""]
}

// MatcherOf says which tags of an experiment's runs get index rows.
func (c *Configuration) MatcherOf(exp string) Matcher { return OfExperiment(c.indexed, exp) }

// CompleteTag reports whether the index rows of a tag are there for every
// settled run of an experiment, so that a search may rely on them.
func (c *Configuration) CompleteTag(exp, key string) bool { return OfExperiment(c.complete, exp)(key) }

// IndexedField reports whether the trigrams of a field are there for
// everything in the workspace, so that a search may rely on them.
func (c *Configuration) IndexedField(field string) bool {
	return slices.Contains(c.Fields.Complete, field)
}

// TrigramFieldsWritten returns the fields that this process indexes: those
// that always are, the persisted ones, those that were dropped lately, which
// others may still rely on, and those of its environment.
func (c *Configuration) TrigramFieldsWritten() []string {
	fields := UnionOf(index.AlwaysFields(), c.trigramFields)
	return UnionOf(UnionOf(fields, c.Fields.dropped), c.envFields)
}

// specDatasets says of a list row that its run has the index rows of dataset
// inputs. Stored, must not change.
const specDatasets = "d"

// IndexSpec lists the settings beyond the defaults that decide which index
// rows the runs of an experiment have, sorted, and what older versions did not
// write. Stored with list rows; must not change its meaning.
func (c *Configuration) IndexSpec(exp string) []string {
	always := index.AlwaysFields()
	spec := []string{specDatasets}
	for _, f := range c.TrigramFieldsWritten() {
		if !slices.Contains(always, f) {
			spec = append(spec, "f:"+f)
		}
	}
	for _, p := range slices.Concat(c.Patterns, c.Tags.dropped, c.OwnPatterns[exp], c.OwnTags[exp].dropped) {
		if p != alwaysDenormalize {
			spec = append(spec, "t:"+p)
		}
	}
	slices.SortFunc(spec, strings.Compare)
	return slices.Compact(spec)
}

// ListOf returns a list of a CONFIG item.
func ListOf(it table.Item, name string) []string {
	v, _ := it.Get(name)
	return slices.Clone(v.Strings())
}
