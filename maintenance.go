package dynamodbstore

import (
	"context"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/garbage"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pass"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/upkeep"
)

// PassOptions are the options of a pass over many items: a backfill,
// [Store.ApplyTTLPolicy], [Store.CollectGarbage]. A pass can be repeated at any
// time, may run beside servers and other passes, and goes on where one that
// was interrupted has stopped.
type PassOptions struct {
	// UnitsPerSecond bounds the read and write units that the pass spends in a
	// second, both together. 0: no bound.
	UnitsPerSecond float64
	// Progress is called now and then, from one goroutine. May be nil.
	Progress func(Progress)
	// Restart makes the pass begin at the start, whatever an interrupted one
	// has done.
	Restart bool
}

// Progress says how far a pass has come.
type Progress struct {
	Seen    int64 // items looked at
	Changed int64 // items written or removed, or that would be in a dry run
	// Total is about how many items the pass will look at; 0: not known.
	Total int64
	Units Units // spent so far
	// Doing says what the pass does instead of looking at items; mostly "".
	Doing string
}

func (o PassOptions) engine() pass.Options {
	e := pass.Options{UnitsPerSecond: o.UnitsPerSecond, Restart: o.Restart}
	if o.Progress != nil {
		e.Report = func(p pass.Progress) { o.Progress(Progress{p.Seen, p.Changed, p.Total, Units(p.Units), p.Doing}) }
	}
	return e
}

// GCParams are the parameters of [Store.CollectGarbage]. The zero value
// removes only what has outlived its parent.
type GCParams struct {
	PassOptions
	// DryRun only reports what would be removed, and writes nothing.
	DryRun bool
	// OlderThan also deletes for good all runs and experiments that have been
	// deleted for at least that long. With RunIDs or ExperimentIDs it refuses
	// those of them that have not.
	OlderThan *time.Duration
	// RunIDs and ExperimentIDs are deleted runs, and deleted experiments with
	// all their runs, to delete for good.
	RunIDs, ExperimentIDs []string
	// DeleteArtifacts removes all that is stored under the URI of a run's
	// artifacts; what is not there is no error. An error ends the pass. nil:
	// artifacts stay.
	DeleteArtifacts func(ctx context.Context, uri string) error
}

// GCReport says what a [Store.CollectGarbage] has done.
type GCReport struct {
	DryRun  bool
	Resumed bool  // an interrupted pass was continued
	Scanned int64 // items looked at
	// Experiments and Runs were deleted for good: on request, and runs with
	// their experiment.
	Experiments, Runs int64
	// Removed counts the items removed by kind, named as in the item map of
	// the schema.
	Removed   map[string]int64
	Artifacts int64 // runs whose artifacts were removed
	// Left are items of runs and experiments that may be under creation.
	Left  int64
	Units Units
}

// CollectGarbage removes what belongs to runs and experiments that are gone or
// expired: metric history, metrics, overflow, rows of lists and indexes,
// trigrams, datasets, tag patterns; index rows that are not the document's any
// more, and old list rows. On request it deletes runs and experiments for good
// that have been deleted before, with their artifacts; the name of such an
// experiment is free at once. The default experiment is never deleted for
// good. Only items of the Store's own workspace are touched, and CONFIG.
//
// Nothing is deleted if one of RunIDs or ExperimentIDs does not exist
// (RESOURCE_DOES_NOT_EXIST) or is not deleted (INVALID_PARAMETER_VALUE).
//
// Not atomic, and safe beside servers and other passes: what is removed is
// gone for good before, see the notes on tombstones. A pass that was
// interrupted goes on where it stopped when it is called again with the same
// parameters; whatever it has done can be done again.
//
// It reads the whole table, eventually consistent: 0.5 RCU for each 4 KB,
// about as much again for the heads of runs that have history or index rows,
// and 1 WCU for each KB of an item removed.
func (s *Store) CollectGarbage(ctx context.Context, p GCParams) (GCReport, error) {
	c, ctx, err := s.collection(ctx, p)
	if err != nil {
		return GCReport{}, failure(err)
	}
	err = c.Run(ctx)
	return gcReportOf(c.Report), failure(err)
}

// collection returns a collection of garbage, and the context to run it in.
func (a *areas) collection(ctx context.Context, p GCParams) (*garbage.Collection, context.Context, error) {
	return garbage.New(ctx, a.index.View, a.settings, a.index, a.sweeps, p.engine())
}

func (p GCParams) engine() garbage.Params {
	return garbage.Params{Options: p.PassOptions.engine(), DryRun: p.DryRun, OlderThan: p.OlderThan, RunIDs: p.RunIDs, ExperimentIDs: p.ExperimentIDs, DeleteArtifacts: p.DeleteArtifacts}
}

func gcReportOf(r garbage.Report) GCReport {
	return GCReport{r.DryRun, r.Resumed, r.Scanned, r.Experiments, r.Runs, r.Removed, r.Artifacts, r.Left, Units(r.Units)}
}

// BackfillParams are the parameters of a backfill.
type BackfillParams struct {
	PassOptions
	// ExperimentID chooses one experiment and its own patterns; "": all
	// experiments and the patterns of all. For [Store.BackfillTags] only.
	ExperimentID string
	// NoServers says that nobody else uses the table, so that there is nobody
	// to wait for.
	NoServers bool
}

// BackfillReport says what a backfill has done.
type BackfillReport struct {
	Seen    int64 // experiments and runs looked at, each walk counted
	Changed int64 // of them, those that were written
	// Complete is what serves searches from now on.
	Complete []string
	Units    Units
}

func (p BackfillParams) engine() upkeep.BackfillParams {
	return upkeep.BackfillParams{Options: p.PassOptions.engine(), ExperimentID: p.ExperimentID, NoServers: p.NoServers}
}

func backfillReportOf(r upkeep.BackfillReport) BackfillReport {
	return BackfillReport{r.Seen, r.Changed, r.Complete, Units(r.Units)}
}
