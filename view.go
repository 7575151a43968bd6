package dynamodbstore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"regexp"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

const (
	// writeTimeout bounds one group commit, whose callers may have gone.
	writeTimeout = 30 * time.Second
	// abandonedAfter is the age of rows without a head after which the run's
	// creation is taken to have crashed.
	abandonedAfter = time.Hour
	// secondsADay is the unit of retentions in that of a ttl.
	secondsADay = 24 * 60 * 60
)

// defaultWorkspace is the workspace of a view that is not told another one.
const defaultWorkspace = "default"

var workspacePattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// view is one workspace's view of a table, with what decides how it is read and
// written. It is not changed once it is in use.
type view struct {
	id string // random, to know rows of its own
	t  table.Table
	ks keys.Space

	logger       *slog.Logger
	clock        func() time.Time
	workspace    string
	artifactRoot string
	truncate     bool
	env          func(string) (string, bool)
	settleAfter  time.Duration
	passPage     int                                              // items of a page of a pass
	wait         func(ctx context.Context, d time.Duration) error // of a pass
	limits       searchLimits
	listOnly     bool // searches use no index
	timesAsGiven bool // see [WithTimesAsGiven]; for tests
}

// newView returns the view of the default workspace, without a table.
func newView() view {
	return view{
		id:           newViewID(),
		logger:       slog.New(slog.DiscardHandler),
		clock:        time.Now, //nolint:forbidigo // it is the clock
		workspace:    defaultWorkspace,
		artifactRoot: "mlflow-artifacts:/",
		truncate:     true,
		env:          func(string) (string, bool) { return "", false },
		settleAfter:  5 * time.Second,
		passPage:     passPage,
		wait:         sleep,
		limits:       defaultSearchLimits(),
	}
}

func newViewID() string {
	return string(binary.BigEndian.AppendUint64(nil, rand.Uint64()))
}

func (v *view) validate() error {
	var errs []error
	if v.logger == nil || v.clock == nil || v.env == nil {
		errs = append(errs, errors.New("logger, clock and environment must not be nil"))
	}
	if !workspacePattern.MatchString(v.workspace) {
		errs = append(errs, fmt.Errorf("invalid workspace %q: use 1 to 63 lower-case letters, digits and dashes", v.workspace))
	}
	if v.artifactRoot == "" {
		errs = append(errs, errors.New("artifact root must not be empty"))
	}
	if v.settleAfter < 0 {
		errs = append(errs, fmt.Errorf("settle time %v must not be negative", v.settleAfter))
	}
	return errors.Join(errs...)
}

// of returns the view on a table.
func (v view) of(t table.Table) *view {
	v.t, v.ks = &closingTable{Table: t}, keys.Workspace(v.workspace)
	return &v
}

// in returns the view of another workspace of the same table.
func (v *view) in(workspace string) (*view, error) {
	w := *v
	w.workspace, w.ks = workspace, keys.Workspace(workspace)
	return &w, w.validate()
}

// nowMillis is the time in the unit of MLflow.
func (v *view) nowMillis() int64 { return v.clock().UnixMilli() }

// expiryIn returns the ttl of something written now that is kept for the
// given days; 0 days: for ever.
func (v *view) expiryIn(days int64) int64 {
	if days == 0 {
		return 0
	}
	return v.clock().Unix() + days*secondsADay
}

// expiresIn is the attribute of what expires after that time.
func (v *view) expiresIn(d time.Duration) table.Attr {
	return table.Attr{Name: table.TTLAttr, Value: table.Number(v.clock().Add(d).Unix())}
}

// isYoung reports whether an entity that was begun at the given time, in ms,
// may still be under creation.
func (v *view) isYoung(begun int64) bool {
	return v.nowMillis()-begun < abandonedAfter.Milliseconds()
}

// checkBegun fails a creation, begun at the given time in ms, that took so long
// that a collection may have taken what it has written for abandoned, and that
// even the tombstone may be gone by now. Creations call it right before the
// write that decides. Another try gets another id.
func (v *view) checkBegun(begun int64, what string) error {
	if v.nowMillis()-begun > abandonedAfter.Milliseconds()/2 {
		return errNotCreated(what)
	}
	return nil
}

// errNotCreated says that a creation took so long that it may have been taken
// for abandoned.
func errNotCreated(what string) error {
	return errorf(CodeTemporarilyUnavailable, "%s could not be created, please try again.", what)
}

// scoped names an entity of one workspace: what views share is keyed by it,
// since every workspace has an experiment 0.
type scoped struct{ workspace, id string }

// own names an entity of the view's workspace.
func (v *view) own(id string) scoped { return scoped{v.workspace, id} }
