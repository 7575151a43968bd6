package settings

import (
	"context"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

const (
	// refreshAfter is how old known settings may become before the next use
	// reads them again; a change made elsewhere is noticed within 30 seconds.
	refreshAfter = 20 * time.Second
	// FreshFor is how old settings may be for whoever decides by them which
	// index rows are written or relied on.
	FreshFor = 30 * time.Second
)

// knownWorkspaces is of how many workspaces the configuration is held.
const knownWorkspaces = 1024

// Store holds the configuration and reads it again when it is old.
type Store struct {
	*workspace.View
	*knownSettings
}

// knownSettings is what is known of the configuration in one workspace.
type knownSettings struct {
	known   atomic.Pointer[Configuration]
	reading chan struct{} // holds a token while somebody reads
}

// Shared is what the settings of all workspaces of a table have in
// common. What a backfill has completed differs between workspaces.
type Shared struct {
	byWorkspace *lru.Cache[string, *knownSettings]
}

// NewShared returns what the settings of all workspaces share.
func NewShared() (*Shared, error) {
	c, err := lru.New[string, *knownSettings](knownWorkspaces)
	return &Shared{c}, err
}

// New returns the settings of a workspace.
func New(v *workspace.View, shared *Shared) *Store {
	known := &knownSettings{reading: make(chan struct{}, 1)}
	if before, ok, _ := shared.byWorkspace.PeekOrAdd(v.Workspace, known); ok {
		known = before
	}
	return &Store{View: v, knownSettings: known}
}

// Current returns the configuration, at most refreshAfter old unless the table
// cannot be read. One request now and then; 1 RCU.
func (c *Store) Current(ctx context.Context) (*Configuration, error) {
	known := c.known.Load()
	if known == nil {
		return c.Fresh(ctx)
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
		c.Logger.WarnContext(ctx, "configuration cannot be read, the last one stays", "error", err)
		return known, nil
	}
	return read, nil
}

// Fresh returns the configuration as it was at most FreshFor ago, or an error:
// for writers and readers of index rows. A backfill trusts that after that
// time, and that of one write, nobody writes by older settings.
func (c *Store) Fresh(ctx context.Context) (*Configuration, error) {
	if known := c.known.Load(); known != nil && c.youngerThan(known, FreshFor) {
		return c.Current(ctx)
	}
	select {
	case c.reading <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-c.reading }()
	return c.read(ctx, FreshFor)
}

// read reads the configuration unless the known one is younger than age.
func (c *Store) read(ctx context.Context, age time.Duration) (*Configuration, error) {
	if known := c.known.Load(); known != nil && c.youngerThan(known, age) {
		return known, nil // somebody else has just read it
	}
	read, err := c.Read(ctx)
	if err != nil {
		return nil, err
	}
	return c.Set(read), nil
}

// youngerThan reports whether a configuration was read less than age ago. If
// the clock was set back it was not.
func (c *Store) youngerThan(cfg *Configuration, age time.Duration) bool {
	d := c.Clock().UnixNano() - cfg.began
	return d >= 0 && d < int64(age)
}

// Set makes a configuration the known one, unless a later one is known, and
// returns that which is.
func (c *Store) Set(read *Configuration) *Configuration {
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

// Matcher says which tags of an experiment are denormalized.
func (c *Store) Matcher(ctx context.Context, exp string) (Matcher, error) {
	cfg, err := c.Current(ctx)
	if err != nil {
		return nil, err
	}
	return OfExperiment(cfg.Matchers, exp), nil
}
