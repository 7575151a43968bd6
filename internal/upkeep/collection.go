package upkeep

import (
	"context"
	"errors"
	"hash/maphash"
	"maps"
	"slices"
	"strconv"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// What a collection remembers, so that its memory is bounded whatever the size
// of the table. What it forgets it reads again.
const (
	gcRuns        = 1 << 16
	gcExperiments = 1 << 10
	gcIndexed     = 1 << 13 // sets of index rows, 8 bytes for each row
)

// gcPages is how many pages are scanned before the place is noted.
const gcPages = 4

// collection is one pass of [Store.CollectGarbage].
type collection struct {
	s      *Store
	p      GarbageParams
	pass   *pass
	Report GarbageReport

	namedExperiments, namedRuns map[string]bool
	everything                  bool  // that has been deleted before the cutoff goes
	cutoff                      int64 // ms
	PageItems                   int   // most items of a page; 0: 1 MB

	cursor      gcCursor
	experiments *lru.Cache[string, *gcExperiment]
	runs        *lru.Cache[string, *gcRun]
	logged      *lru.Cache[string, bool] // whether a logged model is gone
	models      *lru.Cache[string, *gcModel]
	indexed     *lru.Cache[string, *gcIndex]
	condemned   []table.Key  // to be removed next
	seed        maphash.Seed // of the hashes of index rows
}

// gcCursor is what is kept of a pass until it is done.
type gcCursor struct {
	request    string    // identifies the parameters
	after      table.Key // scanned up to here
	cutoff     int64
	workspaces []string // seen so far, sorted
	patterns   []string // experiments with tag patterns of their own when the pass began
}

// Attributes of the cursor. Stored, must not change.
const (
	attrRequest    = "request"
	attrAfterPK    = "after_pk"
	attrAfterSK    = "after_sk"
	attrCutoff     = "cutoff"
	attrWorkspaces = "workspaces"
	attrOwn        = "experiments"
)

func NewCollection(ctx context.Context, s *Store, p GarbageParams) (*collection, context.Context, error) {
	if p.OlderThan != nil && *p.OlderThan < 0 {
		return nil, nil, failure.Invalidf("An age must not be negative.")
	}
	c := &collection{
		s: s, p: p, namedExperiments: map[string]bool{}, namedRuns: map[string]bool{},
		Report: GarbageReport{DryRun: p.DryRun, Removed: map[string]int64{}}, seed: maphash.MakeSeed(),
	}
	for _, id := range p.ExperimentIDs {
		if err := validate.ExperimentID(id); err != nil {
			return nil, nil, err
		}
		c.namedExperiments[validate.CanonicalID(id)] = true
	}
	for _, id := range p.RunIDs {
		c.namedRuns[id] = true
	}
	c.everything = p.OlderThan != nil && len(p.RunIDs)+len(p.ExperimentIDs) == 0
	if p.OlderThan != nil {
		c.cutoff = s.NowMillis() - p.OlderThan.Milliseconds()
	}
	if p.UnitsPerSecond > 0 { // small steps, so that no second has much more than its share
		c.PageItems = int(min(max(4*p.UnitsPerSecond, table.MaxBatchWrite), 1000))
	}
	var errs [6]error
	c.experiments, errs[0] = lru.New[string, *gcExperiment](gcExperiments)
	c.runs, errs[1] = lru.New[string, *gcRun](gcRuns)
	c.indexed, errs[2] = lru.New[string, *gcIndex](gcIndexed)
	c.logged, errs[4] = lru.New[string, bool](gcRuns)
	c.models, errs[5] = lru.New[string, *gcModel](gcExperiments)
	c.pass, ctx, errs[3] = newPass(ctx, p.Options)
	return c, ctx, errors.Join(errs[:]...)
}

// request identifies the parameters that a pass must share with the one that
// it continues.
func (c *collection) request() string {
	age := ""
	if c.p.OlderThan != nil {
		age = formatAge(*c.p.OlderThan)
	}
	names := func(set map[string]bool) string { return strings.Join(slices.Sorted(maps.Keys(set)), ",") }
	return keys.Hash(age, names(c.namedRuns), names(c.namedExperiments))
}

// start continues an interrupted pass of the same parameters, or begins anew.
// It begins anew too when something that is named has yet to be deleted, since
// what belongs to it may stand before the place that was noted. The note of
// another pass goes before anything is deleted.
func (c *collection) start(ctx context.Context, anew bool) error {
	key := keys.GarbageCursor(c.s.Workspace)
	it, found, err := c.s.Table.Get(ctx, key, table.Strong)
	if err != nil {
		return err
	}
	if err := document.CheckVersion(it); err != nil {
		return err
	}
	if !anew && !c.p.Restart && !c.p.DryRun && it.Str(attrRequest) == c.request() {
		c.cursor = gcCursor{
			request: c.request(), after: table.Key{PK: it.Str(attrAfterPK), SK: it.Str(attrAfterSK)},
			cutoff: it.Num(attrCutoff), workspaces: settings.ListOf(it, attrWorkspaces), patterns: settings.ListOf(it, attrOwn),
		}
		c.cutoff, c.Report.Resumed = c.cursor.cutoff, true
		return nil
	}
	if found && !c.p.DryRun {
		if err := c.s.Table.Delete(ctx, table.Delete{Key: key}); err != nil {
			return err
		}
	}
	c.cursor = gcCursor{request: c.request(), cutoff: c.cutoff, workspaces: []string{c.s.Workspace}}
	c.cursor.patterns, err = c.patterns(ctx)
	return err
}

// note keeps the place that the pass has come to. 1 WCU.
func (c *collection) note(ctx context.Context) error {
	if c.p.DryRun {
		return nil
	}
	return c.s.Table.Put(ctx, table.Put{Item: table.NewItem(keys.GarbageCursor(c.s.Workspace),
		table.Attr{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		table.Attr{Name: attrRequest, Value: table.String(c.cursor.request)},
		table.Attr{Name: attrAfterPK, Value: table.String(c.cursor.after.PK)},
		table.Attr{Name: attrAfterSK, Value: table.String(c.cursor.after.SK)},
		table.Attr{Name: attrCutoff, Value: table.Number(c.cursor.cutoff)},
		table.Attr{Name: attrWorkspaces, Value: table.List(c.cursor.workspaces)},
		table.Attr{Name: attrOwn, Value: table.List(c.cursor.patterns)})})
}

// finish removes the note of the pass.
func (c *collection) finish(ctx context.Context) error {
	if c.p.DryRun {
		return nil
	}
	return c.s.Table.Delete(ctx, table.Delete{Key: keys.GarbageCursor(c.s.Workspace)})
}

// patterns returns the experiments that have tag patterns of their own.
func (c *collection) patterns(ctx context.Context) ([]string, error) {
	pk, from, to := keys.ConfigRange()
	var ids []string
	for it, err := range table.Items(ctx, c.s.Table, table.Query{PK: pk, From: from, To: to}) {
		if err != nil {
			return nil, err
		}
		if id, ok := keys.ConfigExperiment(it.Key.SK); ok && id != mlflow.DefaultExperimentID {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// removePatterns removes the tag patterns of experiments that are gone. Ids
// are unique in the table, whatever the workspace, except that of the default
// experiment, so an experiment is gone when its id was given out and none of
// the workspaces that the scan has seen has it. The patterns were there before
// the scan began, and the items of their workspace before them, so the scan
// has met it. Each delete is atomic; the id is never used again.
func (c *collection) removePatterns(ctx context.Context) error {
	if len(c.cursor.patterns) == 0 {
		return nil
	}
	seq, _, err := c.s.Table.Get(ctx, keys.Sequence(), table.Strong)
	if err != nil {
		return err
	}
	for _, id := range c.cursor.patterns {
		if n, err := strconv.ParseInt(id, 10, 64); err != nil || n > seq.Num(keys.Next) {
			continue
		}
		gone, err := c.goneEverywhere(ctx, id)
		if err != nil {
			return err
		}
		if gone {
			c.condemn(keys.ExperimentDenormalizeTags(id), keys.KindConfig)
		}
	}
	return c.removeCondemned(ctx)
}

// goneEverywhere reports whether no workspace has an experiment.
func (c *collection) goneEverywhere(ctx context.Context, id string) (bool, error) {
	for _, ws := range c.cursor.workspaces {
		if ws == c.s.Workspace {
			if known, ok := c.experiments.Get(id); ok && known.gone {
				continue // in a dry run it is there still
			}
		}
		it, found, err := c.s.Table.Get(ctx, keys.Workspace(ws).Experiment(id), table.Strong)
		if err != nil || found && it.Str(keys.Stage) != document.TombstoneStage {
			return false, err
		}
	}
	return true, nil
}

// sawWorkspace notes a workspace.
func (c *collection) sawWorkspace(ws string) {
	if i, known := slices.BinarySearch(c.cursor.workspaces, ws); !known {
		c.cursor.workspaces = slices.Insert(c.cursor.workspaces, i, ws)
	}
}
