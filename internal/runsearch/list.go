package runsearch

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/tracking"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// listSearch yields the runs of one experiment in the order of the run list.
// It begins with the list. When too few of its rows match, and an index can
// tell which do, it goes on with the candidates behind the last row.
type listSearch struct {
	rs      *runSearch
	list    *runStream
	sources []index.Source // nil: the list alone
	behind  string         // where the candidates begin, once stream is set
	stream  index.PlaceStream
	at      string        // where the next candidate may be
	rows    []*run.Packed // read and not yet taken
	ended   bool
	last    string // place of the last row taken
	seen    int
	matched int
	fetched int
}

func (rs *runSearch) newListSearch(e *experiment.State, after string) *listSearch {
	l := &listSearch{rs: rs, list: rs.s.newRunStream(e, after, 0), last: after}
	if p := rs.planOf(e); len(p.Sources) > 0 {
		l.sources = p.Sources
		l.list.q.Limit = min(max(rs.Max+1, rs.limits().Least), rs.limits().Most)
	} else if len(rs.query.Clauses) == 0 && rs.view != mlflow.ViewDeletedOnly {
		l.list.q.Limit = rs.Max + 1
	}
	return l
}

// peek returns the next run without taking it; nil at the end.
func (l *listSearch) peek(ctx context.Context) (*run.Packed, error) {
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
	l.last = keys.RunRowSK(l.rows[0].Start, l.rows[0].ID)
	l.rows = l.rows[1:]
	l.seen++
}

func (l *listSearch) fill(ctx context.Context) error {
	if l.stream == nil && l.sources != nil && l.seen > 0 && l.matched*l.rs.limits().Dense < l.seen {
		l.behind = l.last + keys.First
		c, err := l.rs.runProber(l.list.e.ID).Collect(ctx, l.sources, l.behind)
		if err != nil {
			return err
		}
		l.stream, l.sources, l.at = c.Stream, nil, l.behind
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
	n := min(max(l.rs.Max+1, l.fetched), l.rs.limits().Most)
	var places []string
	for len(places) < n {
		place, err := l.stream.Next(ctx, l.at)
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
func (rs *runSearch) inListOrder(ctx context.Context) ([]tracking.FoundRun, filter.Tuple, error) {
	after := ""
	if rs.After != nil {
		after = keys.RunRowSK(rs.After[0].Int, rs.After[1].Str)
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
func (rs *runSearch) takeMatching(ctx context.Context, runs *mergedRuns) (found []tracking.FoundRun, bound filter.Tuple, err error) {
	row, held := &run.View{}, 0
	for scanned := 0; len(found) <= rs.Max; scanned++ {
		l, err := runs.next(ctx)
		if err != nil || l == nil {
			return found, nil, err
		}
		*row = run.View{Packed: l.rows[0], E: l.list.e}
		if rs.matches(row) {
			l.matched++
			found = append(found, tracking.FoundRun{Value: tracking.ExpRun{E: l.list.e, Packed: l.rows[0]}})
			held += l.rows[0].Size()
		}
		if scanned == rs.limits().Scanned || held > rs.limits().Held {
			return found, rs.query.AppendPlace(nil, row), nil
		}
	}
	return found, nil, nil
}

// appendMatching adds those of some runs that match and are behind the
// position that the search continues from.
func (rs *runSearch) appendMatching(found []tracking.FoundRun, e *experiment.State, runs []*run.Packed) []tracking.FoundRun {
	for _, p := range runs {
		row := &run.View{Packed: p, E: e}
		if rs.fetched[p.ID] || !rs.matches(row) {
			continue
		}
		rs.fetched[p.ID] = true
		found = append(found, tracking.FoundRun{Value: tracking.ExpRun{E: e, Packed: p}})
	}
	return found
}
