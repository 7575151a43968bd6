package garbage

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pass"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// gcPages is how many pages are scanned before the place is noted.
const gcPages = 4

// Collection is one pass over a table.
type Collection struct {
	Params
	Report     Report
	Everything bool // that has been deleted before the cutoff goes
	// NamedExperiments and NamedRuns are to be deleted, by canonical ids.
	NamedExperiments, NamedRuns map[string]bool
	PageItems                   int // most items of a page; 0: 1 MB

	v        *workspace.View
	settings *settings.Store
	index    *index.Writer
	pass     *pass.Pass
	cutoff   int64 // ms
	cursor   gcCursor

	sweeps  map[keys.Kind]Sweep
	named   []Named
	lookers []Looker
	indexed []Indexed
	byKind  map[keys.Kind]Indexed
	owner   Owner

	condemned []table.Key // to be removed next
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

// New returns a collection, and the context in which its table calls are
// counted.
func New(
	ctx context.Context, v *workspace.View, s *settings.Store, w *index.Writer, sweeps Sweeps, p Params,
) (*Collection, context.Context, error) {
	if p.OlderThan != nil && *p.OlderThan < 0 {
		return nil, nil, failure.Invalidf("An age must not be negative.")
	}
	c := &Collection{
		Params: p, v: v, settings: s, index: w, NamedExperiments: map[string]bool{}, NamedRuns: map[string]bool{},
		Report: Report{DryRun: p.DryRun, Removed: map[string]int64{}},
	}
	for _, id := range p.ExperimentIDs {
		if err := validate.ExperimentID(id); err != nil {
			return nil, nil, err
		}
		c.NamedExperiments[validate.CanonicalID(id)] = true
	}
	for _, id := range p.RunIDs {
		c.NamedRuns[id] = true
	}
	c.Everything = p.OlderThan != nil && len(p.RunIDs)+len(p.ExperimentIDs) == 0
	if p.OlderThan != nil {
		c.cutoff = v.NowMillis() - p.OlderThan.Milliseconds()
	}
	if p.UnitsPerSecond > 0 { // small steps, so that no second has much more than its share
		c.PageItems = int(min(max(4*p.UnitsPerSecond, table.MaxBatchWrite), 1000))
	}
	var err error
	if c.pass, ctx, err = pass.New(ctx, p.Options); err != nil {
		return nil, nil, err
	}
	return c, ctx, c.take(sweeps)
}

// take makes the sweeps and notes what each is.
func (c *Collection) take(sweeps Sweeps) error {
	all, err := sweeps(c)
	if err != nil {
		return err
	}
	c.sweeps, c.byKind = map[keys.Kind]Sweep{}, map[keys.Kind]Indexed{}
	for _, s := range all {
		if n, ok := s.(Named); ok {
			c.named = append(c.named, n)
		}
		if l, ok := s.(Looker); ok {
			c.lookers = append(c.lookers, l)
		}
		if o, ok := s.(Owner); ok {
			c.owner = o
		}
		x, isIndexed := s.(Indexed)
		if isIndexed {
			c.indexed = append(c.indexed, x)
		}
		for _, k := range s.Kinds() {
			if c.sweeps[k] = s; isIndexed {
				c.byKind[k] = x
			}
		}
	}
	return nil
}

// request identifies the parameters that a pass must share with the one that
// it continues.
func (c *Collection) request() string {
	age := ""
	if c.OlderThan != nil {
		age = FormatAge(*c.OlderThan)
	}
	names := func(set map[string]bool) string { return strings.Join(slices.Sorted(maps.Keys(set)), ",") }
	return keys.Hash(age, names(c.NamedRuns), names(c.NamedExperiments))
}

// start continues an interrupted pass of the same parameters, or begins anew.
// It begins anew too when something that is named has yet to be deleted, since
// what belongs to it may stand before the place that was noted. The note of
// another pass goes before anything is deleted.
func (c *Collection) start(ctx context.Context, anew bool) error {
	key := keys.GarbageCursor(c.v.Workspace)
	it, found, err := c.v.Table.Get(ctx, key, table.Strong)
	if err != nil {
		return err
	}
	if err := document.CheckVersion(it); err != nil {
		return err
	}
	if !anew && !c.Restart && !c.DryRun && it.Str(attrRequest) == c.request() {
		c.cursor = gcCursor{
			request: c.request(), after: table.Key{PK: it.Str(attrAfterPK), SK: it.Str(attrAfterSK)},
			cutoff: it.Num(attrCutoff), workspaces: settings.ListOf(it, attrWorkspaces), patterns: settings.ListOf(it, attrOwn),
		}
		c.cutoff, c.Report.Resumed = c.cursor.cutoff, true
		return nil
	}
	if found && !c.DryRun {
		if err := c.v.Table.Delete(ctx, table.Delete{Key: key}); err != nil {
			return err
		}
	}
	c.cursor = gcCursor{request: c.request(), cutoff: c.cutoff, workspaces: []string{c.v.Workspace}}
	c.cursor.patterns, err = c.patterns(ctx)
	return err
}

// note keeps the place that the pass has come to. 1 WCU.
func (c *Collection) note(ctx context.Context) error {
	if c.DryRun {
		return nil
	}
	return c.v.Table.Put(ctx, table.Put{Item: table.NewItem(keys.GarbageCursor(c.v.Workspace),
		table.Attr{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		table.Attr{Name: attrRequest, Value: table.String(c.cursor.request)},
		table.Attr{Name: attrAfterPK, Value: table.String(c.cursor.after.PK)},
		table.Attr{Name: attrAfterSK, Value: table.String(c.cursor.after.SK)},
		table.Attr{Name: attrCutoff, Value: table.Number(c.cursor.cutoff)},
		table.Attr{Name: attrWorkspaces, Value: table.List(c.cursor.workspaces)},
		table.Attr{Name: attrOwn, Value: table.List(c.cursor.patterns)})})
}

// finish removes the note of the pass.
func (c *Collection) finish(ctx context.Context) error {
	if c.DryRun {
		return nil
	}
	return c.v.Table.Delete(ctx, table.Delete{Key: keys.GarbageCursor(c.v.Workspace)})
}
