package dynamodbstore

import (
	"log/slog"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// Option configures a [Store].
type Option func(*options)

type options struct {
	workspace.View
	createTable *bool
}

// WithLogger sets the logger. Default: nothing is logged. Values of tags and
// params are never logged.
func WithLogger(l *slog.Logger) Option { return func(o *options) { o.Logger = l } }

// WithClock sets the clock that stamps and expires items. Default: time.Now.
func WithClock(now func() time.Time) Option { return func(o *options) { o.Clock = now } }

// WithWorkspace sets the workspace whose experiments the Store shows: 1 to 63
// lower-case letters, digits and dashes. Default: "default".
func WithWorkspace(name string) Option { return func(o *options) { o.Workspace = name } }

// WithArtifactRoot sets the URI under which experiments without an artifact
// location of their own keep their artifacts. Default: "mlflow-artifacts:/".
func WithArtifactRoot(uri string) Option { return func(o *options) { o.ArtifactRoot = uri } }

// WithWorkspaceRoots gives each workspace a directory of its own below the artifact
// root, workspaces/<name>, the default one too. Default: false; Stores that
// [Workspaces.Open] has opened have one anyway.
func WithWorkspaceRoots(on bool) Option { return func(o *options) { o.RootOfAll = on } }

// WithTruncateLongValues chooses whether params longer than 6,000 and tags
// longer than 8,000 characters are cut, as MLflow does by default, or refused.
// Default: true.
// Source: MLFLOW_TRUNCATE_LONG_VALUES of MLflow.
func WithTruncateLongValues(cut bool) Option { return func(o *options) { o.Truncate = cut } }

// WithCreateTable chooses whether [Store.Init] makes the table if it is
// absent. Default: true, unless the URI says ?deploy=false.
func WithCreateTable(create bool) Option { return func(o *options) { o.createTable = &create } }

// WithSettleAfter sets how long a run must have been idle before a search may
// settle it, so that later searches find all of it in one row. It doubles with
// each reopening of the run, up to an hour. Default: 5 s,
// and a quarter of it for a search that meets more than a hundred such runs.
func WithSettleAfter(d time.Duration) Option { return func(o *options) { o.SettleAfter = d } }

func newOptions(opts []Option) (options, error) {
	o := options{View: workspace.Defaults()}
	for _, opt := range opts {
		opt(&o)
	}
	return o, o.Validate()
}

// TableOptions returns the clock and the logger of some options, for packages
// of this module that make a table before its Store.
func TableOptions(opts ...Option) (clock func() time.Time, logger *slog.Logger, err error) {
	o, err := newOptions(opts)
	return o.Clock, o.Logger, err
}
