package workspace

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Tombstones.
//
// Rows whose document is missing may be those of a creation under way, which
// writes the document last. So before anything of a run or an experiment is
// removed, a tombstone takes the place of its document: put if absent, or in
// place of a document on the condition that it has not changed. A creator that
// is alive after all finds its place taken and fails; a change or restoration
// of the document at the same moment wins, or finds no document. Ids are never
// used again, so what has a tombstone stays gone, and everything that belongs
// to it can be removed without a condition.

// TombstoneAge is how long a tombstone stays: far longer than any creation
// takes.
const TombstoneAge = 24 * time.Hour

// IsAbsent reports whether a condition failed because there is no item, or an
// expired one.
func (v *View) IsAbsent(lost *table.ConditionError) bool {
	return !lost.Found || lost.Item.ExpiredAt(v.Clock().Unix())
}

// passPage is how many items a pass reads at a time, and looks at before it
// remembers how far it has come.
const passPage = 100

// Limits bound what a search reads at a time, and decide between its
// plans. They change what a search costs, never what it finds.
type Limits struct {
	// scanned is how many runs one request looks at before it returns what it
	// has with a token to go on.
	Scanned int
	// held is how many bytes the runs, or logged models, of a page may take before
	// it ends there, with a token to go on: what a search holds depends on no page
	// size.
	Held int
	// probe is how many index rows are read to learn whether there are few of
	// them: about 3 RCU.
	Probe int
	// enough is how few candidates cost less than another probe.
	Enough int
	// probes is how many ranges of one clause are probed.
	Probes int
	// collected is how many candidates a range in the order of its values may
	// have to be sorted into the order of runs: about 25 RCU.
	Collected int
	// merged is how many ranges are read side by side.
	Merged int
	// least and most bound how many runs are fetched at once.
	Least, Most int
	// sorted is how many candidates are fetched to be sorted in memory when an
	// index in the order of the search could be read instead.
	Sorted int
	// dense is one part in how many rows of the list has to match for the list
	// to be cheaper than an index: a row of the list is read with its
	// neighbours, a candidate by itself.
	Dense int
}

// DefaultSearchLimits are the limits in production.
func DefaultSearchLimits() Limits {
	return Limits{
		Scanned: 100000, Held: 24 << 20, Probe: 128, Enough: 3, Probes: 12, Collected: 1024, Merged: 3, Least: 16, Most: 100, Sorted: 500, Dense: 5,
	}
}

const (
	// WriteTimeout bounds one group commit, whose callers may have gone.
	WriteTimeout = 30 * time.Second
	// AbandonedAfter is the age of rows without a head after which the run's
	// creation is taken to have crashed.
	AbandonedAfter = time.Hour
)

// View is one workspace's view of a table, with what decides how it is read and
// written. It is not changed once it is in use.
type View struct {
	Writer string // random, to know rows of its own
	Table  table.Table
	Keys   keys.Space

	Logger       *slog.Logger
	Clock        func() time.Time
	Workspace    string
	ArtifactRoot string
	Truncate     bool
	Env          func(string) (string, bool)
	SettleAfter  time.Duration
	PassPage     int                                              // items of a page of a pass
	Wait         func(ctx context.Context, d time.Duration) error // of a pass
	Limits       Limits
	ListOnly     bool // searches use no index
	TimesAsGiven bool // see [WithTimesAsGiven]; for tests

	// Live is the generation of the workspace; "" of one that may always be made in.
	Live string
	// Born is when the workspace was made, empty, in ms; 0: it was not, or is not known.
	Born int64
}

// Defaults returns the view of the default workspace, without a table.
func Defaults() View {
	return View{
		Writer:       newViewID(),
		Logger:       slog.New(slog.DiscardHandler),
		Clock:        time.Now, //nolint:forbidigo // it is the clock
		Workspace:    mlflow.DefaultWorkspace,
		ArtifactRoot: "mlflow-artifacts:/",
		Truncate:     true,
		Env:          func(string) (string, bool) { return "", false },
		SettleAfter:  5 * time.Second,
		PassPage:     passPage,
		Wait:         table.Wait,
		Limits:       DefaultSearchLimits(),
	}
}

func newViewID() string {
	return string(binary.BigEndian.AppendUint64(nil, rand.Uint64()))
}

// Validate refuses options that make no sense.
func (v *View) Validate() error {
	var errs []error
	if v.Logger == nil || v.Clock == nil || v.Env == nil {
		errs = append(errs, errors.New("logger, clock and environment must not be nil"))
	}
	if err := validate.WorkspaceName(v.Workspace); err != nil {
		errs = append(errs, err)
	}
	if v.ArtifactRoot == "" {
		errs = append(errs, errors.New("artifact root must not be empty"))
	}
	if v.SettleAfter < 0 {
		errs = append(errs, fmt.Errorf("settle time %v must not be negative", v.SettleAfter))
	}
	return errors.Join(errs...)
}

// Of returns the view on a table.
func (v View) Of(t table.Table) *View {
	v.Table, v.Keys = &closingTable{Table: t}, keys.Workspace(v.Workspace)
	return &v
}

// In returns the view of another workspace of the same table.
func (v *View) In(workspace string) (*View, error) {
	w := *v
	w.Workspace, w.Keys, w.Live, w.Born = workspace, keys.Workspace(workspace), "", 0
	return &w, w.Validate()
}

// NowMillis is the time in the unit of MLflow.
func (v *View) NowMillis() int64 { return v.Clock().UnixMilli() }

// IsYoung reports whether an entity that was begun at the given time, in ms,
// may still be under creation.
func (v *View) IsYoung(begun int64) bool {
	return v.NowMillis()-begun < AbandonedAfter.Milliseconds()
}

// CheckBegun fails a creation, begun at the given time in ms, that took so long
// that a collection may have taken what it has written for abandoned, and that
// even the tombstone may be gone by now. Creations call it right before the
// write that decides. Another try gets another id.
func (v *View) CheckBegun(begun int64, what string) error {
	if v.NowMillis()-begun > AbandonedAfter.Milliseconds()/2 {
		return ErrNotCreated(what)
	}
	return nil
}

// ErrNotCreated says that a creation took so long that it may have been taken
// for abandoned.
func ErrNotCreated(what string) error {
	return failure.Errorf(mlflow.CodeTemporarilyUnavailable, "%s could not be created, please try again.", what)
}

// ID names an entity of one workspace: what views share is keyed by it,
// since every workspace has an experiment 0.
type ID struct{ workspace, Name string }

// Own names an entity of the view's workspace.
func (v *View) Own(id string) ID { return ID{v.Workspace, id} }
