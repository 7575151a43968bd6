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

// backfillParams are the parameters of a backfill.
type backfillParams struct {
	passOptions
	experimentID string // "": all experiments and the patterns of all
	noServers    bool   // nobody else uses the table
}

// backfillReport says what a backfill has done.
type backfillReport struct {
	seen, changed int64    // experiments and runs, each walk counted
	complete      []string // what serves searches from now on
	units         table.Units
}

// backfillTags brings all up to the tag patterns.
func (s *Store) backfillTags(ctx context.Context, p backfillParams) (backfillReport, error) {
	b := &backfill{s: s, params: p, key: keys.DenormalizeTags(), list: patternList(), tags: true}
	if p.experimentID != "" {
		cfg, err := s.settings.readConfiguration(ctx)
		if err != nil {
			return backfillReport{}, err
		}
		if _, err := s.GetExperiment(ctx, p.experimentID); err != nil {
			return backfillReport{}, err
		}
		b.params.experimentID = canonicalID(p.experimentID)
		if _, ok := cfg.ownPatterns[b.params.experimentID]; !ok {
			return backfillReport{}, invalidf("Experiment %s has no tag patterns of its own.", b.params.experimentID)
		}
		b.key = keys.ExperimentDenormalizeTags(b.params.experimentID)
	}
	return b.do(ctx)
}

// backfillTrigrams brings all up to the trigram fields.
func (s *Store) backfillTrigrams(ctx context.Context, p backfillParams) (backfillReport, error) {
	if p.experimentID != "" {
		return backfillReport{}, invalidf("Experiments have no trigram fields of their own.")
	}
	return (&backfill{s: s, params: p, key: keys.TrigramFields(), list: fieldList()}).do(ctx)
}

// backfill is one backfill.
type backfill struct {
	s      *Store
	params backfillParams
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

func (b *backfill) do(ctx context.Context) (backfillReport, error) {
	p, ctx, err := newPass(ctx, b.params.passOptions)
	if err != nil {
		return backfillReport{}, err
	}
	b.p = p
	var report backfillReport
	for restart := b.params.restart; ; restart = true {
		var r *round
		if r, err = b.begin(ctx, restart); err != nil {
			break
		}
		if err = b.round(ctx, r); err == nil {
			report.complete = r.list
		}
		if !errors.Is(err, errListChanged) {
			break
		}
	}
	report.seen, report.changed, report.units = p.at.seen, p.at.changed, p.meter.Units()
	return report, err
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
	if b.params.noServers || !now.Before(r.due) { // what was seen before may have to be seen again
		r.final, r.from = true, place{}
	}
	return r, nil
}

// defaults is the list of an item that is not there yet.
func (b *backfill) defaults() []string {
	if b.tags && b.params.experimentID == "" {
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
	b.p.at.doing = "waiting until all servers have noticed"
	defer func() { b.p.at.doing = "" }()
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
