package dynamodbstore

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
)

// listSearch yields the runs of one experiment in the order of the run list.
// It begins with the list. When too few of its rows match, and an index can
// tell which do, it goes on with the candidates behind the last row.
type listSearch struct {
	rs      *runSearch
	list    *runStream
	sources []indexSource // nil: the list alone
	behind  string        // where the candidates begin, once stream is set
	stream  placeStream
	at      string       // where the next candidate may be
	rows    []*packedRun // read and not yet taken
	ended   bool
	last    string // place of the last row taken
	seen    int
	matched int
	fetched int
}

func (rs *runSearch) newListSearch(e *expState, after string) *listSearch {
	l := &listSearch{rs: rs, list: rs.s.newRunStream(e, after, 0), last: after}
	if p := rs.planOf(e); len(p.sources) > 0 {
		l.sources = p.sources
		l.list.q.Limit = min(max(rs.max+1, rs.limits().least), rs.limits().most)
	} else if len(rs.query.Clauses) == 0 && rs.view != ViewDeletedOnly {
		l.list.q.Limit = rs.max + 1
	}
	return l
}

// peek returns the next run without taking it; nil at the end.
func (l *listSearch) peek(ctx context.Context) (*packedRun, error) {
	for len(l.rows) == 0 && !l.ended {
		if err := l.fill(ctx); err != nil {
			return nil, err
		}
	}
	if len(l.rows) == 0 {
		return nil, nil //nolint:nilnil // nil is the end
	}
	return l.rows[0], nil
}

func (l *listSearch) take() {
	l.last = keys.RunRowSK(l.rows[0].start, l.rows[0].id)
	l.rows = l.rows[1:]
	l.seen++
}

func (l *listSearch) fill(ctx context.Context) error {
	if l.stream == nil && l.sources != nil && l.seen > 0 && l.matched*l.rs.limits().dense < l.seen {
		l.behind = l.last + keys.First
		c, err := l.rs.runProber(l.list.e.id).collect(ctx, l.sources, l.behind)
		if err != nil {
			return err
		}
		l.stream, l.sources, l.at = c.stream, nil, l.behind
	}
	if l.stream != nil {
		l.rs.stats.Say("candidates from indexes in the order of the run list")
		return l.fillFromIndex(ctx)
	}
	if err := l.list.fill(ctx); err != nil {
		return err
	}
	l.adopt()
	return nil
}

// adopt takes over the page that the list has read.
func (l *listSearch) adopt() {
	l.rs.stats.Say("run list")
	l.rs.stats.ListRows += len(l.list.rows)
	l.rows, l.ended = l.list.rows, l.list.ended
	if l.list.q.Limit > 0 && len(l.rs.query.Clauses) > 0 {
		l.list.q.Limit *= 2
	}
}

// fillFromIndex fetches the next candidates, ever more at a time.
func (l *listSearch) fillFromIndex(ctx context.Context) error {
	n := min(max(l.rs.max+1, l.fetched), l.rs.limits().most)
	var places []string
	for len(places) < n {
		place, err := l.stream.next(ctx, l.at)
		if err != nil {
			return err
		}
		if place == "" {
			l.ended = true
			break
		}
		l.at = place + keys.First
		places = append(places, place)
	}
	if len(places) == 0 {
		return nil
	}
	l.fetched += len(places)
	for _, p := range places {
		l.rs.markFetched(p)
	}
	var err error
	l.rows, err = l.rs.fetch(ctx, l.list, places)
	return err
}

// markFetched remembers that the run at a place has been looked at.
func (rs *runSearch) markFetched(place string) {
	if _, id, err := keys.ParseRunRowSK(place); err == nil {
		rs.fetched[id] = true
	}
}

// inListOrder is the search in the default order. It returns the position to
// continue from, nil at the end.
func (rs *runSearch) inListOrder(ctx context.Context) ([]foundRun, filter.Tuple, error) {
	after := ""
	if rs.after != nil {
		after = keys.RunRowSK(rs.after[0].Int, rs.after[1].Str)
	}
	runs := &mergedRuns{}
	for _, e := range rs.states {
		runs.streams = append(runs.streams, rs.newListSearch(e, after))
	}
	found, bound, err := rs.takeMatching(ctx, runs)
	if err != nil {
		return nil, nil, err
	}
	for _, l := range runs.streams {
		if l.stream == nil {
			continue
		}
		open, err := rs.openRuns(ctx, l.list.e, l.behind)
		if err != nil {
			return nil, nil, err
		}
		found = rs.appendMatching(found, l.list.e, open)
	}
	return rs.page(found, bound)
}

// takeMatching takes matching runs until there is one more than the page
// holds. After too many runs, or when those found take too much memory, it stops
// and returns the place of the last one.
func (rs *runSearch) takeMatching(ctx context.Context, runs *mergedRuns) (found []foundRun, bound filter.Tuple, err error) {
	row, held := &runRow{}, 0
	for scanned := 0; len(found) <= rs.max; scanned++ {
		l, err := runs.next(ctx)
		if err != nil || l == nil {
			return found, nil, err
		}
		*row = runRow{packedRun: l.rows[0], e: l.list.e}
		if rs.matches(row) {
			l.matched++
			found = append(found, foundRun{it: expRun{l.list.e, l.rows[0]}})
			held += l.rows[0].size()
		}
		if scanned == rs.limits().scanned || held > rs.limits().held {
			return found, rs.query.AppendPlace(nil, row), nil
		}
	}
	return found, nil, nil
}

// appendMatching adds those of some runs that match and are behind the
// position that the search continues from.
func (rs *runSearch) appendMatching(found []foundRun, e *expState, runs []*packedRun) []foundRun {
	for _, p := range runs {
		row := &runRow{packedRun: p, e: e}
		if rs.fetched[p.id] || !rs.matches(row) {
			continue
		}
		rs.fetched[p.id] = true
		found = append(found, foundRun{it: expRun{e, p}})
	}
	return found
}
