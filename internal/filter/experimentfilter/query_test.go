package experimentfilter_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/experimentfilter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/filtertest"
)

func TestCorpus(t *testing.T) {
	t.Parallel()
	filtertest.Replay(t, "experiments.json", func(where string, orderBy []string, rows []experimentRow) ([]string, error) {
		q, err := experimentfilter.Parse(where, orderBy)
		if err != nil {
			return nil, err
		}
		match := func(e *experimentRow) bool { return q.Match(e) }
		place := func(e *experimentRow) filter.Tuple { return q.Order.AppendTagged(nil, e) }
		return filtertest.Sorted(rows, match, q.Order, place, func(e *experimentRow) string { return strconv.FormatInt(e.ID, 10) }), nil
	})
}

func TestParseStructure(t *testing.T) {
	t.Parallel()
	q, err := experimentfilter.Parse("name ILIKE 'a%' AND experiment_id IN ('7', '99999999999999999999') AND creation_time > 5 AND tags.x IS NULL", nil)
	require.NoError(t, err)
	require.Equal(t, []filter.Clause{
		{Key: "name", Attr: experimentfilter.Name, Op: filter.OpILike, Value: filter.Value{Kind: filter.ValueString, Str: "a%"}},
		{Key: "experiment_id", Attr: experimentfilter.ExperimentID, Op: filter.OpIn, Value: filter.Value{Kind: filter.ValueInts, Ints: []int64{7}}},
		{Key: "creation_time", Attr: experimentfilter.CreationTime, Op: filter.OpGt, Value: filter.Value{Kind: filter.ValueInt, Int: 5}},
		{Entity: filter.EntityTag, Key: "x", Op: filter.OpIsNull},
	}, q.Clauses)
	require.Equal(t, "attribute.name ILIKE 'a%' AND attribute.experiment_id IN ('7') AND attribute.creation_time > 5 AND tag.`x` IS NULL", q.Filter())
}

func TestParseOrder(t *testing.T) {
	t.Parallel()
	q, err := experimentfilter.Parse("", nil)
	require.NoError(t, err)
	require.Equal(t, "attribute.creation_time DESC, attribute.experiment_id ASC", q.Order.String())
	q, err = experimentfilter.Parse("", []string{"name"})
	require.NoError(t, err)
	require.Equal(t, "attribute.name ASC, attribute.experiment_id DESC", q.Order.String())
	q, err = experimentfilter.Parse("", []string{"name", "name DESC", "experiment_id"})
	require.NoError(t, err)
	require.Equal(t, "attribute.name ASC, attribute.experiment_id ASC", q.Order.String())
}

// TestMistakesInTurn: comparators come before order_by.
func TestMistakesInTurn(t *testing.T) {
	t.Parallel()
	_, err := experimentfilter.Parse("tags.a > 'x'", []string{"a b c"})
	require.EqualError(t, err, "Invalid comparator for tag: >")
	_, err = experimentfilter.Parse("tags.a = 'x'", []string{"a b c"})
	require.EqualError(t, err, "Invalid order_by clause 'a b c'. Could not be parsed.")
}

func FuzzParseExperiments(f *testing.F) {
	for _, c := range filtertest.Read[experimentRow](f, "experiments.json").Cases {
		f.Add(c.Filter, "")
		for _, o := range c.OrderBy {
			f.Add("", o)
		}
	}
	f.Fuzz(func(t *testing.T, text, order string) {
		q, err := experimentfilter.Parse(text, []string{order, "name"})
		filtertest.CheckTyped(t, err)
		if err == nil {
			q.Match(&experimentRow{})
			_ = q.Filter()
			require.True(t, q.Order.Fits(q.Order.AppendTagged(nil, &experimentRow{})))
		}
		_, err = experimentfilter.Parse(text, nil)
		filtertest.CheckTyped(t, err)
	})
}
