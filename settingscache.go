package dynamodbstore

import (
	"context"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	// refreshAfter is how old known settings may become before the next use
	// reads them again; a change made elsewhere is noticed within 30 seconds.
	refreshAfter = 20 * time.Second
	// freshFor is how old settings may be for whoever decides by them which
	// index rows are written or relied on.
	freshFor = 30 * time.Second
)

// knownWorkspaces is of how many workspaces the configuration is held.
const knownWorkspaces = 1024

// settings holds the configuration and reads it again when it is old.
type settings struct {
	*view
	*knownSettings
}

// knownSettings is what is known of the configuration in one workspace.
type knownSettings struct {
	known   atomic.Pointer[configuration]
	reading chan struct{} // holds a token while somebody reads
}

// sharedSettings is what the settings of all workspaces of a table have in
// common. What a backfill has completed differs between workspaces.
type sharedSettings struct {
	byWorkspace *lru.Cache[string, *knownSettings]
}

func newSharedSettings() (*sharedSettings, error) {
	c, err := lru.New[string, *knownSettings](knownWorkspaces)
	return &sharedSettings{c}, err
}

func newSettings(v *view, shared *sharedSettings) *settings {
	known := &knownSettings{reading: make(chan struct{}, 1)}
	if before, ok, _ := shared.byWorkspace.PeekOrAdd(v.workspace, known); ok {
		known = before
	}
	return &settings{view: v, knownSettings: known}
}

// current returns the configuration, at most refreshAfter old unless the table
// cannot be read. One request now and then; 1 RCU.
func (c *settings) current(ctx context.Context) (*configuration, error) {
	known := c.known.Load()
	if known == nil {
		return c.fresh(ctx)
	}
	if c.youngerThan(known, refreshAfter) {
		return known, nil
	}
	select {
	case c.reading <- struct{}{}:
	default:
		return known, nil // somebody else reads
	}
	defer func() { <-c.reading }()
	read, err := c.read(ctx, refreshAfter)
	if err != nil {
		c.logger.WarnContext(ctx, "configuration cannot be read, the last one stays", "error", err)
		return known, nil
	}
	return read, nil
}

// fresh returns the configuration as it was at most freshFor ago, or an error:
// for writers and readers of index rows. A backfill trusts that after that
// time, and that of one write, nobody writes by older settings.
func (c *settings) fresh(ctx context.Context) (*configuration, error) {
	if known := c.known.Load(); known != nil && c.youngerThan(known, freshFor) {
		return c.current(ctx)
	}
	select {
	case c.reading <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-c.reading }()
	return c.read(ctx, freshFor)
}

// read reads the configuration unless the known one is younger than age.
func (c *settings) read(ctx context.Context, age time.Duration) (*configuration, error) {
	if known := c.known.Load(); known != nil && c.youngerThan(known, age) {
		return known, nil // somebody else has just read it
	}
	read, err := c.readConfiguration(ctx)
	if err != nil {
		return nil, err
	}
	return c.set(read), nil
}

// youngerThan reports whether a configuration was read less than age ago. If
// the clock was set back it was not.
func (c *settings) youngerThan(cfg *configuration, age time.Duration) bool {
	d := c.clock().UnixNano() - cfg.began
	return d >= 0 && d < int64(age)
}

// set makes a configuration the known one, unless a later one is known, and
// returns that which is.
func (c *settings) set(read *configuration) *configuration {
	for {
		known := c.known.Load()
		if known != nil && known.began > read.began {
			return known
		}
		if c.known.CompareAndSwap(known, read) {
			return read
		}
	}
}

// matcher says which tags of an experiment are denormalized.
func (c *settings) matcher(ctx context.Context, exp string) (tagMatcher, error) {
	cfg, err := c.current(ctx)
	if err != nil {
		return nil, err
	}
	return ofExperiment(cfg.matchers, exp), nil
}
