package upkeep

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pass"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

const (
	// noticeTime is how long after a change of the settings a server may still
	// write by older ones: it notices the change within FreshFor, and what it
	// has begun by then takes as long as one write may.
	noticeTime = settings.FreshFor + workspace.WriteTimeout
	// clockSkew is how far the clock of whoever changed the settings is trusted
	// to be right.
	clockSkew = time.Minute
)

// BackfillParams are the parameters of a backfill.
type BackfillParams struct {
	pass.Options
	ExperimentID string // "": all experiments and the patterns of all
	NoServers    bool   // nobody else uses the table
}

// BackfillReport says what a backfill has done.
type BackfillReport struct {
	Seen, Changed int64    // experiments and runs, each walk counted
	Complete      []string // what serves searches from now on
	Units         table.Units
}

// BackfillTags brings all up to the tag patterns.
func (s *Store) BackfillTags(ctx context.Context, p BackfillParams) (BackfillReport, error) {
	b := &backfill{s: s, params: p, key: keys.DenormalizeTags(), list: settings.PatternList(), tags: true}
	if p.ExperimentID != "" {
		cfg, err := s.settings.Read(ctx)
		if err != nil {
			return BackfillReport{}, err
		}
		if err := s.checkNamed(ctx, p.ExperimentID); err != nil {
			return BackfillReport{}, err
		}
		b.params.ExperimentID = validate.CanonicalID(p.ExperimentID)
		if _, ok := cfg.OwnPatterns[b.params.ExperimentID]; !ok {
			return BackfillReport{}, failure.Invalidf("Experiment %s has no tag patterns of its own.", b.params.ExperimentID)
		}
		b.key = keys.ExperimentDenormalizeTags(b.params.ExperimentID)
	}
	return b.do(ctx)
}

// BackfillTrigrams brings all up to the trigram fields.
func (s *Store) BackfillTrigrams(ctx context.Context, p BackfillParams) (BackfillReport, error) {
	if p.ExperimentID != "" {
		return BackfillReport{}, failure.Invalidf("Experiments have no trigram fields of their own.")
	}
	return (&backfill{s: s, params: p, key: keys.TrigramFields(), list: settings.FieldList()}).do(ctx)
}

// checkNamed lets each area refuse an experiment that is not there.
func (s *Store) checkNamed(ctx context.Context, experiment string) error {
	for _, area := range s.areas {
		if area.Named == nil {
			continue
		}
		if err := area.Named(ctx, experiment); err != nil {
			return err
		}
	}
	return nil
}

// backfill is one backfill.
type backfill struct {
	s      *Store
	params BackfillParams
	key    table.Key // of the item with the list
	list   settings.List
	tags   bool // whether the list has tag patterns
	p      *pass.Pass
}

// round is the work for one state of the list. It ends without marks if the
// list is changed meanwhile.
type round struct {
	changed int64     // when the list was last changed
	list    []string  // as it was then
	due     time.Time // from when on no server writes by older settings
	// final says that the walk has begun after due, so that what it has seen
	// stays complete.
	final bool
	from  place
}

// errListChanged says that the list is not the one of the round any more.
var errListChanged = errors.New("the list was changed meanwhile")

func (b *backfill) do(ctx context.Context) (BackfillReport, error) {
	p, ctx, err := pass.New(ctx, b.params.Options)
	if err != nil {
		return BackfillReport{}, err
	}
	b.p = p
	var report BackfillReport
	for restart := b.params.Restart; ; restart = true {
		var r *round
		if r, err = b.begin(ctx, restart); err != nil {
			break
		}
		if err = b.round(ctx, r); err == nil {
			report.Complete = r.list
		}
		if !errors.Is(err, errListChanged) {
			break
		}
	}
	report.Seen, report.Changed, report.Units = p.At.Seen, p.At.Changed, p.Units()
	return report, err
}

// begin reads the list and makes this Store follow it.
func (b *backfill) begin(ctx context.Context, restart bool) (*round, error) {
	it, err := b.update(ctx, func(it *table.Item) {
		if _, ok := it.Get(b.list.Attr); !ok { // on a table without configuration
			b.list.Set(it, b.defaults(), b.s.Clock())
		}
	})
	if err != nil {
		return nil, err
	}
	cfg, err := b.s.settings.Read(ctx)
	if err != nil {
		return nil, err
	}
	b.s.settings.Set(cfg)
	now := b.s.Clock()
	r := &round{changed: it.Num(settings.AttrChanged), list: b.list.Of(it), due: now.Add(noticeTime)}
	if noticed := time.UnixMilli(r.changed).Add(noticeTime + clockSkew); noticed.Before(r.due) && r.changed > 0 {
		r.due = noticed
	}
	cursor, final := b.cursorOf(it, r.changed)
	switch {
	case restart:
	case final:
		r.final, r.from = true, cursor
		return r, nil
	default:
		r.from = cursor
	}
	if b.params.NoServers || !now.Before(r.due) { // what was seen before may have to be seen again
		r.final, r.from = true, place{}
	}
	return r, nil
}

// defaults is the list of an item that is not there yet.
func (b *backfill) defaults() []string {
	if b.tags && b.params.ExperimentID == "" {
		return settings.WithAlways(nil)
	}
	return nil
}

// round walks once, or twice with a wait in between, and sets the marks.
func (b *backfill) round(ctx context.Context, r *round) error {
	if !r.final {
		if err := b.walk(ctx, r); err != nil {
			return err
		}
		if err := b.wait(ctx, r.due); err != nil {
			return err
		}
		r.final, r.from = true, place{}
	}
	if err := b.walk(ctx, r); err != nil {
		return err
	}
	return b.mark(ctx, r)
}

// walk brings everything behind a place up to the settings.
func (b *backfill) walk(ctx context.Context, r *round) error {
	works := make([]Work, len(b.s.areas))
	for i, area := range b.s.areas {
		if works[i] = area.Trigrams; b.tags {
			works[i] = area.Tags
		}
	}
	w := &walk{
		s: b.s, p: b.p, only: b.params.ExperimentID, works: works,
		reached: func(ctx context.Context, at place) error { return b.reached(ctx, r, at) },
	}
	return w.do(ctx, r.from)
}

// wait returns when no server writes by older settings any more.
func (b *backfill) wait(ctx context.Context, due time.Time) error {
	d := due.Sub(b.s.Clock())
	if d <= 0 {
		return nil
	}
	b.p.At.Doing = "waiting until all servers have noticed"
	defer func() { b.p.At.Doing = "" }()
	if err := b.p.Step(ctx, 0, 0); err != nil {
		return err
	}
	return b.s.Wait(ctx, d)
}

// mark makes the list of the round count as complete, unless it has changed.
func (b *backfill) mark(ctx context.Context, r *round) error {
	it, err := b.update(ctx, func(it *table.Item) {
		if !b.isOf(*it, r) {
			return
		}
		it.Set(settings.BackfilledIn(b.s.Workspace), table.List(r.list))
		it.Remove(settings.AttrCursor)
	})
	if err != nil {
		return err
	}
	if !b.isOf(it, r) {
		return errListChanged
	}
	cfg, err := b.s.settings.Read(ctx)
	if err != nil {
		return err
	}
	b.s.settings.Set(cfg)
	return nil
}

// isOf reports whether an item's list is that of the round, and was all the
// time.
func (b *backfill) isOf(it table.Item, r *round) bool {
	return it.Num(settings.AttrChanged) == r.changed && slices.Equal(b.list.Of(it), r.list)
}

// update changes the item with the list and returns it as it is then.
func (b *backfill) update(ctx context.Context, change func(it *table.Item)) (table.Item, error) {
	var after table.Item
	err := b.s.settings.Change(ctx, b.key, func(it *table.Item) {
		change(it)
		after = it.Clone()
	})
	return after, err
}

// reached remembers how far the round has come.
func (b *backfill) reached(ctx context.Context, r *round, at place) error {
	final := "0"
	if r.final {
		final = "1"
	}
	it, err := b.update(ctx, func(it *table.Item) {
		if b.isOf(*it, r) {
			it.Set(settings.AttrCursor, table.Map([]string{
				cursorChanged, strconv.FormatInt(r.changed, 10), cursorExperiment, at.exp, cursorFinal, final,
				cursorRun, at.run, cursorWorkspace, b.s.Workspace,
			}))
		}
	})
	if err == nil && !b.isOf(it, r) {
		return errListChanged
	}
	return err
}

// cursorOf returns the place that an interrupted pass for the same list in the
// same workspace has reached, and whether it was in its final walk.
func (b *backfill) cursorOf(it table.Item, changed int64) (at place, final bool) {
	v, _ := it.Get(settings.AttrCursor)
	c := cursor(v.Strings())
	if c.part(cursorChanged) != strconv.FormatInt(changed, 10) || c.part(cursorWorkspace) != b.s.Workspace {
		return place{}, false
	}
	return c.place(), c.part(cursorFinal) == "1"
}
