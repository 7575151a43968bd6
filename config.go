package dynamodbstore

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
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

// refreshAfter is how old known settings may become before the next use reads
// them again; a change made elsewhere is noticed within 30 seconds.
const refreshAfter = 20 * time.Second

// configuration is what the CONFIG partition says.
type configuration struct {
	patterns      []string            // of all experiments, in their persisted order
	ownPatterns   map[string][]string // by experiment
	policy        ttlPolicy
	trigramFields []string
	persisted     ConfigurationValues   // without defaults
	matchers      map[string]tagMatcher // by experiment; "" for those without own patterns
}

// settings holds the configuration and reads it again when it is old.
type settings struct {
	s       *Store
	known   atomic.Pointer[configuration]
	read    atomic.Int64 // when, in ns of the clock
	reading sync.Mutex
}

func newSettings(s *Store) *settings { return &settings{s: s} }

// current returns the configuration, at most refreshAfter old unless the table
// cannot be read. One request now and then; 1 RCU.
func (c *settings) current(ctx context.Context) (*configuration, error) {
	known := c.known.Load()
	now := c.s.opts.clock().UnixNano()
	if known != nil && now-c.read.Load() < int64(refreshAfter) {
		return known, nil
	}
	if known != nil && !c.reading.TryLock() {
		return known, nil // somebody else reads
	}
	if known == nil {
		c.reading.Lock()
	}
	defer c.reading.Unlock()
	if fresh := c.known.Load(); fresh != known {
		return fresh, nil
	}
	fresh, err := c.s.readConfiguration(ctx)
	switch {
	case err == nil:
		c.set(fresh)
		return fresh, nil
	case known == nil:
		return nil, err
	default:
		c.s.opts.logger.WarnContext(ctx, "configuration cannot be read, the last one stays", "error", err)
		return known, nil
	}
}

func (c *settings) set(fresh *configuration) {
	c.read.Store(c.s.opts.clock().UnixNano())
	c.known.Store(fresh)
}

// matcher says which tags of an experiment are denormalized.
func (c *settings) matcher(ctx context.Context, exp string) (tagMatcher, error) {
	cfg, err := c.current(ctx)
	if err != nil {
		return nil, err
	}
	if m, ok := cfg.matchers[exp]; ok {
		return m, nil
	}
	return cfg.matchers[""], nil
}

// readConfiguration reads the CONFIG partition; what is missing has its
// default.
func (s *Store) readConfiguration(ctx context.Context) (*configuration, error) {
	pk, from, to := keys.ConfigRange()
	cfg := &configuration{
		patterns: []string{alwaysDenormalize}, ownPatterns: map[string][]string{}, policy: defaultPolicy(),
	}
	for it, err := range table.Items(ctx, s.t, table.Query{PK: pk, From: from, To: to}) {
		if err != nil {
			return nil, err
		}
		if err := cfg.add(it); err != nil {
			return nil, err
		}
	}
	return cfg, cfg.compile()
}

func (c *configuration) add(it table.Item) error {
	if err := checkVersion(it); err != nil {
		return err
	}
	switch it.Key {
	case keys.DenormalizeTags():
		c.persisted.TagPatterns = listOf(it, attrPatterns)
		c.patterns = withAlways(c.persisted.TagPatterns)
	case keys.TTLPolicy():
		c.policy, c.persisted.TTLPolicy = policyOf(it), persistedPolicy(it)
	case keys.TrigramFields():
		c.trigramFields = listOf(it, attrFields)
		c.persisted.TrigramFields = c.trigramFields
	default:
		if id, ok := keys.ConfigExperiment(it.Key.SK); ok {
			c.ownPatterns[id] = listOf(it, attrPatterns)
		}
	}
	return nil
}

// compile makes the matchers: an experiment's is the union of the global
// patterns and its own.
func (c *configuration) compile() error {
	all, err := compilePatterns(c.patterns)
	if err != nil {
		return err
	}
	c.matchers = map[string]tagMatcher{"": all}
	for id, own := range c.ownPatterns {
		if c.matchers[id], err = compilePatterns(slices.Concat(c.patterns, own)); err != nil {
			return err
		}
	}
	return nil
}

func listOf(it table.Item, name string) []string {
	v, _ := it.Get(name)
	return slices.Clone(v.Strings())
}
