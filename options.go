package dynamodbstore

import (
	"log/slog"
	"time"
)

// Option configures a [Store].
type Option func(*options)

type options struct {
	view
	createTable *bool
}

// WithLogger sets the logger. Default: nothing is logged. Values of tags and
// params are never logged.
func WithLogger(l *slog.Logger) Option { return func(o *options) { o.logger = l } }

// WithClock sets the clock that stamps and expires items. Default: time.Now.
func WithClock(now func() time.Time) Option { return func(o *options) { o.clock = now } }

// WithWorkspace sets the workspace whose experiments the Store shows: 1 to 63
// lower-case letters, digits and dashes. Default: "default".
func WithWorkspace(name string) Option { return func(o *options) { o.workspace = name } }

// WithArtifactRoot sets the URI under which experiments without an artifact
// location of their own keep their artifacts. Default: "mlflow-artifacts:/".
func WithArtifactRoot(uri string) Option { return func(o *options) { o.artifactRoot = uri } }

// WithTruncateLongValues chooses whether params longer than 6,000 and tags
// longer than 8,000 characters are cut, as MLflow does by default, or refused.
// Default: true.
// Source: MLFLOW_TRUNCATE_LONG_VALUES of MLflow.
func WithTruncateLongValues(cut bool) Option { return func(o *options) { o.truncate = cut } }

// WithCreateTable chooses whether [Store.Init] makes the table if it is
// absent. Default: true, unless the URI says ?deploy=false.
func WithCreateTable(create bool) Option { return func(o *options) { o.createTable = &create } }

// WithEnvironment sets where the MLFLOW_DYNAMODB_… variables are looked up at
// [Store.Init]. Default: nowhere, so a library user's environment has no say;
// the server passes os.LookupEnv.
func WithEnvironment(lookup func(string) (string, bool)) Option {
	return func(o *options) { o.env = lookup }
}

// WithSettleAfter sets how long a run must have been idle before a search may
// settle it, so that later searches find all of it in one row. It doubles with
// each reopening of the run, up to an hour. Default: 5 s,
// and a quarter of it for a search that meets more than a hundred such runs.
func WithSettleAfter(d time.Duration) Option { return func(o *options) { o.settleAfter = d } }

func newOptions(opts []Option) (options, error) {
	o := options{view: newView()}
	for _, opt := range opts {
		opt(&o)
	}
	return o, o.validate()
}

// TableOptions returns the clock and the logger of some options, for packages
// of this module that make a table before its Store.
func TableOptions(opts ...Option) (clock func() time.Time, logger *slog.Logger, err error) {
	o, err := newOptions(opts)
	return o.clock, o.logger, err
}
