package runsearch

import (
	"context"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// indexRow is a row of an index: a value, and the place of a run that has it,
// or had.
type indexRow struct{ value, place string }

// valueRows reads the rows of one index partition by value, in either
// direction; rows of one value are in the order of the run list in both.
type valueRows struct {
	rs   *runSearch
	then []table.Query // what is left to read, one after the other
	rows []indexRow    // read and not yet taken
}

// orderRows returns the rows of an order, behind the position after (nil: at
// the start). Numbers come before NaN in both directions.
func (rs *runSearch) orderRows(e *experiment.State, o *index.Order) *valueRows {
	pk := rs.s.Keys.IndexPK(e.ID, o.Kind, o.Name)
	all := table.Query{PK: pk, From: keys.First, To: keys.BehindTexts(), Descending: o.Key.Desc}
	v := &valueRows{rs: rs, then: []table.Query{all}}
	if o.Kind == keys.IndexMetric && o.Key.Desc {
		_, nan := keys.MetricNumbers()
		numbers, rest := all, all
		numbers.To, rest.From, rest.Descending = nan, nan, false
		v.then = []table.Query{numbers, rest}
	}
	if rs.After != nil {
		v.skip(rs.After, o)
	}
	return v
}

// skip cuts what is left to read to what may be behind a position.
func (v *valueRows) skip(after filter.Tuple, o *index.Order) {
	value, ok := elementValue(&after[0])
	if !ok { // behind all values
		v.then = nil
		return
	}
	from, to := keys.Bounds(value)
	tie := table.Query{PK: v.then[0].PK, From: from, To: to}
	if o.Simple && !isCut(o.Kind, value) {
		tie.After = keys.IndexSK(value, keys.RunRowSK(after[1].Int, after[2].Str))
	}
	last := &v.then[len(v.then)-1]
	switch {
	case after[0].Kind == filter.ElementNaN:
		v.then = []table.Query{tie}
	case o.Key.Desc:
		v.then[0].To, v.then[0].After = from, from
		v.then = slices.Insert(v.then, 0, tie)
	default:
		last.From, last.After = to, to
		v.then = slices.Insert(v.then, 0, tie)
	}
}

// elementValue is the value of an index row of an element of a tuple; ok is
// false for null.
func elementValue(e *filter.Element) (value string, ok bool) {
	switch e.Kind {
	case filter.ElementFloat:
		return keys.Metric(e.Float), true
	case filter.ElementNaN:
		return keys.NaN(), true
	case filter.ElementString:
		value, _ = keys.Text(e.Str)
		return value, true
	default:
		return "", false
	}
}

// isCut reports whether a value stands for several texts.
func isCut(kind keys.IndexKind, value string) bool {
	return kind != keys.IndexMetric && !keys.IsWholeText(value)
}

// peek returns the next row without taking it; false at the end.
func (v *valueRows) peek(ctx context.Context) (indexRow, bool, error) {
	for len(v.rows) == 0 && len(v.then) > 0 {
		if err := v.fill(ctx); err != nil {
			return indexRow{}, false, err
		}
	}
	if len(v.rows) == 0 {
		return indexRow{}, false, nil
	}
	return v.rows[0], true, nil
}

func (v *valueRows) take() { v.rows = v.rows[1:] }

// fill reads the next page.
func (v *valueRows) fill(ctx context.Context) error {
	q := &v.then[0]
	if q.Limit == 0 {
		q.Limit = v.rs.limits().Least
	}
	page, err := v.rs.s.Table.Query(ctx, *q)
	if err != nil {
		return err
	}
	v.rs.stats.IndexRows += len(page.Items)
	for _, it := range page.Items {
		value, place, err := keys.ParseIndexSK(it.Key.SK)
		if err != nil {
			return err
		}
		v.rows = append(v.rows, indexRow{value, place})
	}
	q.After, q.Limit = page.Next, min(2*q.Limit, v.rs.limits().Collected)
	if q.Descending {
		v.turnTies(page.Next != "")
	}
	if page.Next == "" {
		v.then = v.then[1:]
	}
	return nil
}

// turnTies puts the rows of a page that was read backwards into order: those
// of one value are turned round. If more may come, the last value may have
// more rows on the next page, and is left to it; if it is the only one of the
// page, its rows are read forwards first.
func (v *valueRows) turnTies(more bool) {
	whole := len(v.rows)
	if more && whole > 0 {
		last := v.rows[whole-1].value
		for whole > 0 && v.rows[whole-1].value == last {
			whole--
		}
		q := &v.then[0]
		if whole > 0 {
			q.After = keys.IndexSK(v.rows[whole-1].value, v.rows[whole-1].place)
		} else {
			from, to := keys.Bounds(last)
			q.After = from
			v.then = slices.Insert(v.then, 0, table.Query{PK: q.PK, From: from, To: to})
		}
		v.rows = v.rows[:whole]
	}
	for from := 0; from < len(v.rows); {
		to := from
		for to < len(v.rows) && v.rows[to].value == v.rows[from].value {
			to++
		}
		slices.Reverse(v.rows[from:to])
		from = to
	}
}
