package dynamodbstore

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Attributes of the CONFIG items. The specification of the configuration
// fixes them.
const (
	attrPatterns      = "patterns"
	attrFields        = "fields"
	attrTraceDays     = "trace_retention_days"
	attrDeletedDays   = "soft_deleted_retention_days"
	attrHistoryDays   = "metric_history_retention_days"
	alwaysDenormalize = "mlflow.*"
)

// configuration is what the CONFIG partition says, and what this process adds
// to it.
type configuration struct {
	began           int64               // when the reading of it began, in ns of the clock
	lists           int                 // of the items with global lists, how many there are
	patterns        []string            // of all experiments, in their persisted order
	ownPatterns     map[string][]string // by experiment
	policy          ttlPolicy
	trigramFields   []string            // persisted, without those that always are
	envFields       []string            // that this process indexes besides
	persisted       configurationValues // without defaults
	tags            markedList          // the marks of patterns
	ownTags         map[string]markedList
	fields          markedList            // the marks of trigramFields and the names
	indexedDatasets bool                  // whether all settled runs have the rows of dataset inputs
	matchers        map[string]tagMatcher // by experiment; "" for those without own patterns
	indexed         map[string]tagMatcher // likewise, with what was dropped lately
	complete        map[string]tagMatcher // likewise, of what is backfilled
}

// readConfiguration reads the CONFIG partition; what is missing has its
// default. 1 request, 1 RCU for each 4 KB.
func (c *settings) readConfiguration(ctx context.Context) (*configuration, error) {
	pk, from, to := keys.ConfigRange()
	now := c.clock()
	cfg := &configuration{
		began: now.UnixNano(), patterns: []string{alwaysDenormalize}, ownPatterns: map[string][]string{},
		policy: defaultPolicy(), ownTags: map[string]markedList{},
	}
	var err error
	if cfg.envFields, err = environmentFields(c.env); err != nil {
		return nil, &Error{Code: CodeInvalidParameterValue, Message: err.Error()}
	}
	for it, err := range table.Items(ctx, c.t, table.Query{PK: pk, From: from, To: to}) {
		if err != nil {
			return nil, err
		}
		if err := cfg.add(it, c.workspace, now); err != nil {
			return nil, err
		}
	}
	return cfg, cfg.compile()
}

func (c *configuration) add(it table.Item, workspace string, now time.Time) error {
	if err := checkVersion(it); err != nil {
		return err
	}
	switch it.Key {
	case keys.DenormalizeTags():
		c.lists++
		c.persisted.tagPatterns = listOf(it, attrPatterns)
		c.patterns = withAlways(c.persisted.tagPatterns)
		c.tags = marksOf(it, c.patterns, workspace, now)
	case keys.TTLPolicy():
		c.policy, c.persisted.ttlPolicy = policyOf(it), persistedPolicy(it)
	case keys.TrigramFields():
		c.lists++
		c.trigramFields = listOf(it, attrFields)
		c.persisted.trigramFields = c.trigramFields
		c.indexedDatasets = len(marksOf(it, []string{markDatasets}, workspace, now).complete) > 0
		c.fields = marksOf(it, unionOf(alwaysTrigramFields(), c.trigramFields), workspace, now)
	default:
		if id, ok := keys.ConfigExperiment(it.Key.SK); ok {
			c.ownPatterns[id] = listOf(it, attrPatterns)
			c.ownTags[id] = marksOf(it, c.ownPatterns[id], workspace, now)
		}
	}
	return nil
}

// compile makes the matchers: an experiment's is the union of the global
// patterns and its own.
func (c *configuration) compile() error {
	c.matchers, c.indexed, c.complete = map[string]tagMatcher{}, map[string]tagMatcher{}, map[string]tagMatcher{}
	for _, id := range slices.AppendSeq([]string{""}, maps.Keys(c.ownPatterns)) {
		own := c.ownTags[id]
		for to, patterns := range map[*map[string]tagMatcher][]string{
			&c.matchers: slices.Concat(c.patterns, c.ownPatterns[id]),
			&c.indexed:  slices.Concat(c.patterns, c.ownPatterns[id], c.tags.dropped, own.dropped),
			&c.complete: slices.Concat(c.tags.complete, own.complete),
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

// ofExperiment returns what holds for one experiment.
func ofExperiment(matchers map[string]tagMatcher, exp string) tagMatcher {
	if m, ok := matchers[exp]; ok {
		return m
	}
	return matchers[""]
}

// matcherOf says which tags of an experiment's runs get index rows.
func (c *configuration) matcherOf(exp string) tagMatcher { return ofExperiment(c.indexed, exp) }

// completeTag reports whether the index rows of a tag are there for every
// settled run of an experiment, so that a search may rely on them.
func (c *configuration) completeTag(exp, key string) bool { return ofExperiment(c.complete, exp)(key) }

// indexedField reports whether the trigrams of a field are there for
// everything in the workspace, so that a search may rely on them.
func (c *configuration) indexedField(field string) bool {
	return slices.Contains(c.fields.complete, field)
}

// trigramFieldsWritten returns the fields that this process indexes: those
// that always are, the persisted ones, those that were dropped lately, which
// others may still rely on, and those of its environment.
func (c *configuration) trigramFieldsWritten() []string {
	fields := unionOf(alwaysTrigramFields(), c.trigramFields)
	return unionOf(unionOf(fields, c.fields.dropped), c.envFields)
}

// specDatasets says of a list row that its run has the index rows of dataset
// inputs. Stored, must not change.
const specDatasets = "d"

// indexSpec lists the settings beyond the defaults that decide which index
// rows the runs of an experiment have, sorted, and what older versions did not
// write. Stored with list rows; must not change its meaning.
func (c *configuration) indexSpec(exp string) []string {
	always := alwaysTrigramFields()
	spec := []string{specDatasets}
	for _, f := range c.trigramFieldsWritten() {
		if !slices.Contains(always, f) {
			spec = append(spec, "f:"+f)
		}
	}
	for _, p := range slices.Concat(c.patterns, c.tags.dropped, c.ownPatterns[exp], c.ownTags[exp].dropped) {
		if p != alwaysDenormalize {
			spec = append(spec, "t:"+p)
		}
	}
	slices.SortFunc(spec, strings.Compare)
	return slices.Compact(spec)
}

func listOf(it table.Item, name string) []string {
	v, _ := it.Get(name)
	return slices.Clone(v.Strings())
}
