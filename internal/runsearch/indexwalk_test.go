package runsearch

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/explain"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// valued is a run with a metric.
type valued struct {
	value float64
	start int64
	id    string
}

// compare is the order of a search by the metric, then by the run list: NaN is
// behind the numbers in both directions.
func (a valued) compare(b valued, desc bool) int {
	values := cmp.Compare(a.value, b.value)
	if desc {
		values = -values
	}
	if math.IsNaN(a.value) != math.IsNaN(b.value) {
		values = cmp.Compare(isNaN(a.value), isNaN(b.value))
	}
	return cmp.Or(values, cmp.Compare(b.start, a.start), cmp.Compare(a.id, b.id))
}

func isNaN(x float64) int {
	if math.IsNaN(x) {
		return 1
	}
	return 0
}

func (a valued) row() indexRow { return indexRow{keys.Metric(a.value), keys.RunRowSK(a.start, a.id)} }

// tuple is the place of a run in the order.
func (a valued) tuple() filter.Tuple {
	value := filter.Element{Kind: filter.ElementFloat, Float: a.value}
	if math.IsNaN(a.value) {
		value = filter.Element{Kind: filter.ElementNaN}
	}
	return filter.Tuple{value, filter.IntElement(a.start, true), {Kind: filter.ElementString, Str: a.id}}
}

// TestValueRows: the rows of an index come in the order of the search in both
// directions, with ties in that of the run list however pages cut them, and from
// any position on.
func TestValueRows(t *testing.T) {
	t.Parallel()
	tab, err := pebbletable.OpenMemory(pebbletable.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tab.Close()) })
	require.NoError(t, tab.Init(t.Context(), true))
	v := workspace.Defaults().Of(tab)
	v.Limits = workspace.Limits{Least: 2, Collected: 4}
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		e := &experiment.State{ID: fmt.Sprint(n)}
		var runs []valued
		for i := range rapid.IntRange(0, 14).Draw(rt, "runs") {
			runs = append(runs, valued{
				rapid.SampledFrom([]float64{-1, 0, 2, math.NaN()}).Draw(rt, "value"), rapid.Int64Range(0, 3).Draw(rt, "start"), fmt.Sprintf("%02d", i),
			})
		}
		desc := rapid.Bool().Draw(rt, "desc")
		o := &index.Order{Kind: keys.IndexMetric, Name: "m", Key: filter.OrderKey{Desc: desc}, Simple: true}
		rows := make([]table.Key, len(runs))
		for i, r := range runs {
			rows[i] = table.Key{PK: v.Keys.IndexPK(e.ID, o.Kind, o.Name), SK: keys.IndexSK(r.row().value, r.row().place)}
		}
		require.NoError(rt, index.New(v).Put(t.Context(), rows, keys.Gen, 1))
		slices.SortFunc(runs, func(a, b valued) int { return a.compare(b, desc) })

		rs := &runSearch{s: &Store{View: v}, stats: new(explain.Explanation)}
		from := rapid.IntRange(0, len(runs)).Draw(rt, "from")
		if from > 0 {
			rs.After = runs[from-1].tuple()
		}
		var got, want []indexRow
		walk := rs.orderRows(e, o)
		for {
			row, more, err := walk.peek(t.Context())
			require.NoError(rt, err)
			if !more {
				break
			}
			got = append(got, row)
			walk.take()
		}
		for _, r := range runs[from:] {
			want = append(want, r.row())
		}
		require.Equal(rt, want, got)
	})
}

// TestBehindNull: nothing of an index is behind a run that lacks the value.
func TestBehindNull(t *testing.T) {
	t.Parallel()
	rs := &runSearch{s: &Store{View: workspace.Defaults().Of(nil)}}
	rs.After = filter.Tuple{{}, filter.IntElement(1, true), {Kind: filter.ElementString, Str: "r"}}
	walk := rs.orderRows(&experiment.State{ID: "1"}, &index.Order{Kind: keys.IndexMetric, Name: "m"})
	_, more, err := walk.peek(t.Context())
	require.NoError(t, err)
	require.False(t, more)
}

// TestIsCut: a long text is cut, so that its rows are those of several; numbers
// never are.
func TestIsCut(t *testing.T) {
	t.Parallel()
	short, _ := keys.Text("abc")
	long, _ := keys.Text(string(slices.Repeat([]byte("x"), 300)))
	require.False(t, isCut(keys.IndexTag, short))
	require.True(t, isCut(keys.IndexTag, long))
	require.False(t, isCut(keys.IndexMetric, keys.Metric(1)))
}

// TestInDefaultOrder: the order of runs is that of their rows in the run list.
func TestInDefaultOrder(t *testing.T) {
	t.Parallel()
	some := rapid.Custom(func(t *rapid.T) *run.Packed {
		p := new(run.Packed)
		p.Start, p.ID = rapid.Int64Range(-2, 2).Draw(t, "start"), rapid.StringMatching("[0-9a-f]").Draw(t, "id")
		return p
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := some.Draw(t, "a"), some.Draw(t, "b")
		require.Equal(t, cmp.Compare(keys.RunRowSK(a.Start, a.ID), keys.RunRowSK(b.Start, b.ID)), inDefaultOrder(a, b))
	})
}
