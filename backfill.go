package dynamodbstore

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

const (
	// noticeTime is how long after a change of the settings a server may still
	// write by older ones: it notices the change within freshFor, and what it
	// has begun by then takes as long as one write may.
	noticeTime = freshFor + writeTimeout
	// clockSkew is how far the clock of whoever changed the settings is trusted
	// to be right.
	clockSkew = time.Minute
)

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

// BackfillTags brings every experiment and run of the workspace up to the tag
// patterns: tags that match become attributes, and settled runs get their index
// rows. Open runs get theirs when they settle. Then the patterns count as
// complete: searches rely on them.
//
// Each item is written atomically, on the condition that nobody has changed it
// meanwhile; the content of no run or experiment changes. A pass that was
// interrupted goes on where it stopped. Servers may write meanwhile: unless
// the patterns have been as they are for two minutes, the pass waits until all
// servers have noticed them, and looks again at what it has done by then. If
// they are changed while it is under way it starts over.
//
// RESOURCE_DOES_NOT_EXIST if there is no such experiment, and
// INVALID_PARAMETER_VALUE if it has no patterns of its own. Reads the run
// lists and heads; 1 WCU for each KB of a head or list row that changes, and
// 1 for each index row.
func (s *Store) BackfillTags(ctx context.Context, p BackfillParams) (BackfillReport, error) {
	b := &backfill{s: s, params: p, key: keys.DenormalizeTags(), list: patternList(), tags: true}
	if p.ExperimentID != "" {
		cfg, err := s.settings.readConfiguration(ctx)
		if err != nil {
			return BackfillReport{}, failure(err)
		}
		if _, err := s.GetExperiment(ctx, p.ExperimentID); err != nil {
			return BackfillReport{}, err
		}
		b.params.ExperimentID = canonicalID(p.ExperimentID)
		if _, ok := cfg.ownPatterns[b.params.ExperimentID]; !ok {
			return BackfillReport{}, invalidf("Experiment %s has no tag patterns of its own.", b.params.ExperimentID)
		}
		b.key = keys.ExperimentDenormalizeTags(b.params.ExperimentID)
	}
	return b.do(ctx)
}

// BackfillTrigrams brings every experiment and settled run of the workspace up
// to the trigram fields, as [Store.BackfillTags] does for tag patterns. Reads
// the run lists; 1 WCU for each trigram, and for each KB of a list row that
// changes.
func (s *Store) BackfillTrigrams(ctx context.Context, p BackfillParams) (BackfillReport, error) {
	if p.ExperimentID != "" {
		return BackfillReport{}, invalidf("Experiments have no trigram fields of their own.")
	}
	return (&backfill{s: s, params: p, key: keys.TrigramFields(), list: fieldList()}).do(ctx)
}

// backfill is one backfill.
type backfill struct {
	s      *Store
	params BackfillParams
	key    table.Key // of the item with the list
	list   configList
	tags   bool // whether the list has tag patterns
	p      *pass
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
	p, ctx, err := newPass(ctx, b.params.PassOptions)
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
	report.Seen, report.Changed, report.Units = p.at.Seen, p.at.Changed, p.meter.Units()
	return report, failure(err)
}

// begin reads the list and makes this Store follow it.
func (b *backfill) begin(ctx context.Context, restart bool) (*round, error) {
	it, err := b.update(ctx, func(it *table.Item) {
		if _, ok := it.Get(b.list.attr); !ok { // on a table without configuration
			b.list.set(it, b.defaults(), b.s.clock())
		}
	})
	if err != nil {
		return nil, err
	}
	cfg, err := b.s.settings.readConfiguration(ctx)
	if err != nil {
		return nil, err
	}
	b.s.settings.set(cfg)
	now := b.s.clock()
	r := &round{changed: it.Num(attrChanged), list: b.list.of(it), due: now.Add(noticeTime)}
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
		return withAlways(nil)
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

// wait returns when no server writes by older settings any more.
func (b *backfill) wait(ctx context.Context, due time.Time) error {
	d := due.Sub(b.s.clock())
	if d <= 0 {
		return nil
	}
	b.p.at.Doing = "waiting until all servers have noticed"
	defer func() { b.p.at.Doing = "" }()
	if err := b.p.step(ctx, 0, 0); err != nil {
		return err
	}
	return b.s.wait(ctx, d)
}

// mark makes the list of the round count as complete, unless it has changed.
func (b *backfill) mark(ctx context.Context, r *round) error {
	it, err := b.update(ctx, func(it *table.Item) {
		if !b.isOf(*it, r) {
			return
		}
		it.Set(backfilledIn(b.s.workspace), table.List(r.list))
		it.Remove(attrCursor)
	})
	if err != nil {
		return err
	}
	if !b.isOf(it, r) {
		return errListChanged
	}
	cfg, err := b.s.settings.readConfiguration(ctx)
	if err != nil {
		return err
	}
	b.s.settings.set(cfg)
	return nil
}

// isOf reports whether an item's list is that of the round, and was all the
// time.
func (b *backfill) isOf(it table.Item, r *round) bool {
	return it.Num(attrChanged) == r.changed && slices.Equal(b.list.of(it), r.list)
}

// update changes the item with the list and returns it as it is then.
func (b *backfill) update(ctx context.Context, change func(it *table.Item)) (table.Item, error) {
	var after table.Item
	err := b.s.settings.mergeConfig(ctx, b.key, func(it *table.Item) {
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
			it.Set(attrCursor, table.Map([]string{
				cursorChanged, strconv.FormatInt(r.changed, 10), cursorExperiment, at.exp, cursorFinal, final,
				cursorRun, at.run, cursorWorkspace, b.s.workspace,
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
	v, _ := it.Get(attrCursor)
	c := cursor(v.Strings())
	if c.part(cursorChanged) != strconv.FormatInt(changed, 10) || c.part(cursorWorkspace) != b.s.workspace {
		return place{}, false
	}
	return c.place(), c.part(cursorFinal) == "1"
}
