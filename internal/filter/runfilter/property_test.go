package runfilter_test

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/runfilter"
)

func keys() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom([]string{"a", "b", "c"}),
		rapid.StringMatching(`[a-z_][a-z0-9_./ :-]{0,8}[a-z]`))
}

// texts are values that MLflow's language can express wherever they stand.
func texts() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom([]string{"", "x", "X", "xy", "%x%", "_", "it's", `say "x"`}),
		rapid.StringMatching(`[ -&(-\[\]-~é日]{0,6}`))
}

func numbers() *rapid.Generator[float64] {
	return rapid.OneOf(rapid.SampledFrom([]float64{0, 1, -1, 0.5, 1e300, math.MaxFloat64, -math.MaxFloat64}),
		rapid.Float64())
}

func clauses() *rapid.Generator[filter.Clause] {
	return rapid.Custom(func(t *rapid.T) filter.Clause {
		numeric := rapid.SampledFrom([]filter.Op{
			filter.OpEq, filter.OpNe, filter.OpGt, filter.OpGe, filter.OpLt, filter.OpLe,
		})
		text := rapid.SampledFrom([]filter.Op{filter.OpEq, filter.OpNe, filter.OpLike, filter.OpILike})
		c := filter.Clause{Entity: rapid.SampledFrom([]filter.Entity{
			filter.EntityAttribute, filter.EntityMetric, filter.EntityParam, filter.EntityTag, filter.EntityDataset,
		}).Draw(t, "entity")}
		str := func(op filter.Op) {
			c.Op, c.Value = op, filter.Value{Kind: filter.ValueString, Str: texts().Draw(t, "text")}
		}
		switch c.Entity {
		case filter.EntityMetric:
			c.Key, c.Op = keys().Draw(t, "key"), numeric.Draw(t, "op")
			c.Value = filter.Value{Kind: filter.ValueFloat, Float: numbers().Draw(t, "number")}
		case filter.EntityParam, filter.EntityTag:
			c.Key = keys().Draw(t, "key")
			str(text.Draw(t, "op"))
			if rapid.Bool().Draw(t, "null") {
				c.Value = filter.Value{}
				c.Op = rapid.SampledFrom([]filter.Op{filter.OpIsNull, filter.OpIsNotNull}).Draw(t, "null op")
			}
		case filter.EntityDataset:
			c.Key = rapid.SampledFrom([]string{"name", "digest", "context"}).Draw(t, "key")
			str(text.Draw(t, "op"))
			if rapid.Bool().Draw(t, "list") {
				c.Op = rapid.SampledFrom([]filter.Op{filter.OpIn, filter.OpNotIn}).Draw(t, "list op")
				list := rapid.SliceOfN(texts(), 1, 3).Draw(t, "list")
				c.Value = filter.Value{Kind: filter.ValueStrings, Strs: list}
			}
		case filter.EntityAttribute:
			c.Key = rapid.SampledFrom(slices.Sorted(maps.Keys(attrs()))).Draw(t, "attr")
			c.Attr = attrs()[c.Key]
			str(text.Draw(t, "op"))
			if c.Attr.IsInt() {
				c.Op = numeric.Draw(t, "op")
				c.Value = filter.Value{Kind: filter.ValueInt, Int: rapid.Int64().Draw(t, "int")}
			}
		}
		return c
	})
}

func attrs() map[string]filter.Attr {
	return map[string]filter.Attr{
		"run_id": runfilter.RunID, "run_name": runfilter.RunName, "user_id": runfilter.UserID, "status": runfilter.Status,
		"artifact_uri": runfilter.ArtifactURI, "start_time": runfilter.StartTime, "end_time": runfilter.EndTime,
	}
}

func runs() *rapid.Generator[*runRow] {
	return rapid.Custom(func(t *rapid.T) *runRow {
		optional := func(name string) *string { return rapid.Ptr(texts(), true).Draw(t, name) }
		r := &runRow{
			ID: rapid.StringMatching(`[a-f]{1,3}`).Draw(t, "id"), Name: optional("name"), UserID: optional("user"),
			ArtifactURI: optional("uri"), Status: rapid.SampledFrom([]string{"RUNNING", "FINISHED"}).Draw(t, "status"),
			StartTime: rapid.Ptr(rapid.Int64Range(0, 3), true).Draw(t, "start"),
			EndTime:   rapid.Ptr(rapid.Int64Range(0, 3), true).Draw(t, "end"),
			Tags:      rapid.MapOfN(keys(), texts(), 0, 4).Draw(t, "tags"),
			Params:    rapid.MapOfN(keys(), texts(), 0, 4).Draw(t, "params"),
			Metrics:   map[string]any{},
		}
		for k, v := range rapid.MapOfN(keys(), numbers(), 0, 4).Draw(t, "metrics") {
			r.Metrics[k] = v
			if rapid.Bool().Draw(t, "nan") {
				r.Metrics[k] = "NaN"
			}
		}
		for range rapid.IntRange(0, 2).Draw(t, "datasets") {
			d := struct {
				Name    string  `json:"name"`
				Digest  string  `json:"digest"`
				Context *string `json:"context"`
			}{texts().Draw(t, "dataset"), texts().Draw(t, "digest"), optional("context")}
			r.Inputs = append(r.Inputs, d)
		}
		return r
	})
}

func TestPrintParseRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(clauses(), 1, 4).Draw(t, "clauses")
		text := (&runfilter.Query{Query: filter.Query{Clauses: want}}).Filter()
		q, err := runfilter.Parse(text, nil)
		require.NoError(t, err, text)
		require.Equal(t, want, q.Clauses, text)
	})
}

// naiveMatch evaluates a clause the obvious way.
func naiveMatch(c filter.Clause, r *runRow) bool {
	var candidates []any
	add := func(v any, ok bool) {
		if ok {
			candidates = append(candidates, v)
		}
	}
	switch c.Entity {
	case filter.EntityMetric:
		v, ok := r.Metric(c.Key)
		add(v, ok)
	case filter.EntityParam:
		v, ok := r.Params[c.Key]
		add(v, ok)
	case filter.EntityTag:
		v, ok := r.Tags[c.Key]
		add(v, ok)
	case filter.EntityDataset:
		for _, d := range r.Inputs {
			add(map[string]string{"name": d.Name, "digest": d.Digest}[c.Key], c.Key != "context")
			if d.Context != nil {
				add(*d.Context, c.Key == "context")
			}
		}
	case filter.EntityAttribute:
		switch {
		case c.Attr == runfilter.RunName:
			v, ok := r.Tags["mlflow.runName"]
			add(v, ok)
		case c.Attr.IsInt():
			v, ok := r.IntAttr(c.Attr)
			add(v, ok)
		default:
			v, ok := r.StringAttr(c.Attr)
			add(v, ok)
		}
	}
	if c.Op == filter.OpIsNull {
		return len(candidates) == 0
	}
	return slices.ContainsFunc(candidates, func(v any) bool { return naiveCompare(c, v) })
}

func naiveCompare(c filter.Clause, v any) bool {
	want := any(c.Value.Str)
	less := func() bool { return v.(string) < c.Value.Str }
	switch x := v.(type) {
	case float64:
		want, less = c.Value.Float, func() bool { return x < c.Value.Float }
	case int64:
		want, less = c.Value.Int, func() bool { return x < c.Value.Int }
	}
	switch c.Op {
	case filter.OpEq:
		return v == want
	case filter.OpNe:
		return v != want
	case filter.OpLt:
		return less()
	case filter.OpLe:
		return less() || v == want
	case filter.OpGt:
		return !less() && v != want && v == v //nolint:gocritic // not NaN
	case filter.OpGe:
		return !less() && v == v //nolint:gocritic // not NaN
	case filter.OpIn, filter.OpNotIn:
		return slices.Contains(c.Value.Strs, v.(string)) == (c.Op == filter.OpIn)
	case filter.OpLike, filter.OpILike:
		re := regexp.QuoteMeta(c.Value.Str)
		re = strings.NewReplacer("%", ".*", "_", ".").Replace(re)
		if c.Op == filter.OpILike {
			re = "(?i)" + re
		}
		return regexp.MustCompile("^(?s:" + re + ")$").MatchString(v.(string))
	default:
		return true
	}
}

func TestMatchAgainstNaiveModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := runs().Draw(t, "run")
		cs := rapid.SliceOfN(clauses(), 0, 3).Draw(t, "clauses")
		want := !slices.ContainsFunc(cs, func(c filter.Clause) bool { return !naiveMatch(c, r) })
		require.Equal(t, want, (&runfilter.Query{Query: filter.Query{Clauses: cs}}).Match(r))
	})
}

func orders() *rapid.Generator[*runfilter.Query] {
	return rapid.Custom(func(t *rapid.T) *runfilter.Query {
		var list []string
		for _, k := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{
			"metrics.a", "metrics.b", "params.a", "tags.a", "tags.b", "start_time", "end_time", "status", "user_id", "run_name",
		}), 0, 4, rapid.ID).Draw(t, "keys") {
			list = append(list, k+rapid.SampledFrom([]string{"", " ASC", " DESC"}).Draw(t, "direction"))
		}
		q, err := runfilter.Parse("", list)
		require.NoError(t, err)
		return q
	})
}

func TestOrderIsStrictWeak(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q := orders().Draw(t, "order")
		order := q.Order
		tuple := func(name string) filter.Tuple { return q.AppendPlace(nil, runs().Draw(t, name)) }
		a, b, c := tuple("a"), tuple("b"), tuple("c")
		require.Zero(t, order.Compare(a, a))
		require.Equal(t, sign(order.Compare(a, b)), -sign(order.Compare(b, a)))
		if order.Compare(a, b) <= 0 && order.Compare(b, c) <= 0 {
			require.LessOrEqual(t, order.Compare(a, c), 0)
		}
		if order.Compare(a, b) == 0 {
			require.Equal(t, sign(order.Compare(a, c)), sign(order.Compare(b, c)))
		}
		require.True(t, order.Fits(a))
	})
}

// Reversing every direction reverses the rows that have all values, and leaves
// those without where they are: behind the others.
func TestOrderNullsLastInBothDirections(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SampledFrom([]string{"metrics.a", "params.a", "tags.a", "user_id", "end_time"}).Draw(t, "key")
		for _, direction := range []string{"ASC", "DESC"} {
			q, err := runfilter.Parse("", []string{key + " " + direction})
			require.NoError(t, err)
			a, b := q.AppendPlace(nil, runs().Draw(t, "a")), q.AppendPlace(nil, runs().Draw(t, "b"))
			if a[0].Kind != filter.ElementNull && b[0].Kind == filter.ElementNull {
				require.Negative(t, q.Order.Compare(a, b))
			}
			if a[0].Kind == filter.ElementFloat && b[0].Kind == filter.ElementNaN {
				require.Negative(t, q.Order.Compare(a, b))
			}
		}
	})
}

func TestTupleRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := orders().Draw(t, "order").AppendPlace(nil, runs().Draw(t, "run"))
		prefix := rapid.SliceOf(rapid.Byte()).Draw(t, "prefix")
		b := filter.AppendTuple(slices.Clone(prefix), want)
		require.Equal(t, prefix, b[:len(prefix):len(prefix)])
		got, err := filter.ParseTuple(b[len(prefix):])
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

func TestPrintedOrderParses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := orders().Draw(t, "order").Order
		var list []string
		for _, k := range want {
			list = append(list, fmt.Sprint(k))
		}
		q, err := runfilter.Parse("", list)
		require.NoError(t, err)
		require.Equal(t, want, q.Order)
	})
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	default:
		return 0
	}
}
