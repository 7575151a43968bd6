package runfilter_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/runfilter"
)

func TestParseStructure(t *testing.T) {
	t.Parallel()
	str := func(s string) filter.Value { return filter.Value{Kind: filter.ValueString, Str: s} }
	for _, tc := range []struct {
		name   string
		filter string
		want   []filter.Clause
	}{
		{"empty", "", nil},
		{"metric", "metrics.acc >= 1", []filter.Clause{{
			Entity: filter.EntityMetric, Key: "acc", Op: filter.OpGe,
			Value: filter.Value{Kind: filter.ValueFloat, Float: 1},
		}}},
		{"quoted keys", "params.`a b` = 'x' and tag.\"c.d\" LIKE \"y\"", []filter.Clause{
			{Entity: filter.EntityParam, Key: "a b", Op: filter.OpEq, Value: str("x")},
			{Entity: filter.EntityTag, Key: "c.d", Op: filter.OpLike, Value: str("y")},
		}},
		{"alias", "Created < 5 AND attr.`Run Name` ilike 'z'", []filter.Clause{
			{Key: "start_time", Attr: runfilter.StartTime, Op: filter.OpLt, Value: filter.Value{Kind: filter.ValueInt, Int: 5}},
			{Key: "run_name", Attr: runfilter.RunName, Op: filter.OpILike, Value: str("z")},
		}},
		{"list", "run_id not in ('a', \"b\")", []filter.Clause{{
			Key: "run_id", Attr: runfilter.RunID, Op: filter.OpNotIn,
			Value: filter.Value{Kind: filter.ValueStrings, Strs: []string{"a", "b"}},
		}}},
		{"null", "tags.x is not null AND params.y IS NULL", []filter.Clause{
			{Entity: filter.EntityTag, Key: "x", Op: filter.OpIsNotNull},
			{Entity: filter.EntityParam, Key: "y", Op: filter.OpIsNull},
		}},
		{"dataset", "datasets.context != 'train'", []filter.Clause{
			{Entity: filter.EntityDataset, Key: "context", Op: filter.OpNe, Value: str("train")},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			q, err := runfilter.Parse(tc.filter, nil)
			require.NoError(t, err)
			require.Equal(t, tc.want, q.Clauses)
		})
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		filter  string
		orderBy []string
		want    string
	}{
		{"or", "tags.a = 'x' OR tags.b = 'y'", nil, "Invalid clause(s) in filter string: 'OR'"},
		{"parentheses", "(tags.a = 'x')", nil, "Invalid clause(s) in filter string: '(tags.a = 'x')'"},
		{"open quote", "tags.a = 'x", nil, "Invalid clause(s) in filter string: 'tags.a', '=', ''', 'x'"},
		{"not quoted", "tags.a = x", nil, "Parameter value is either not quoted or unidentified quote types used for " +
			"string value x. Use either single or double quotes."},
		{"entity", "foo.a = 'x'", nil, "Invalid entity type 'foo'. Valid values are " +
			"['metric', 'parameter', 'tag', 'attribute', 'dataset']"},
		{"text for metric", "metrics.a > 'x'", nil, "Expected numeric value type for metric. Found 'x'"},
		{"number for tag", "tags.a = 1", nil, "Expected a quoted string value for tag (e.g. 'my-value'). Got value 1"},
		{"two statements", "tags.a = 'x'; tags.b = 'y'", nil, `Search filter contained multiple expression ` +
			`"tags.a = 'x'; tags.b = 'y'". Provide AND-ed expression list.`},
		{"empty list", "run_id IN ()", nil, "While parsing a list in the query, expected a non-empty list of string " +
			"values, but got empty list"},
		{"numbers in list", "run_id IN ('a', 1)", nil, "While parsing a list in the query, expected string value, " +
			"punctuation, or whitespace, but got different type in list: ('a', 1)"},
		{"list for status", "status IN ('a')", nil, "Only ['run_id'] attributes support comparison with a list of " +
			"quoted string values."},
		{"swapped", "'x' = tags.a", nil, "Invalid comparison clause. Expected 'Identifier' found ''x''"},
		{"blank", "  ", nil, "Invalid filter '  '. Could not be parsed."},
		{"nested too deeply", strings.Repeat("(", 150) + strings.Repeat(")", 150), nil, "Error on parsing filter '" +
			strings.Repeat("(", 150) + strings.Repeat(")", 150) + "'"},
		{"order before comparator", "metrics.a LIKE 1", []string{"a b c"}, "Invalid order_by clause 'a b c'. Could not be parsed."},
		{"order direction", "", []string{"metrics.a down"}, "Invalid ordering key in order_by clause 'metrics.a down'."},
		{"order entity", "", []string{"dataset.name"}, "Invalid identifier type 'dataset'"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := runfilter.Parse(tc.filter, tc.orderBy)
			var e *filter.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, tc.want, e.Message)
		})
	}
}

func TestParseOrderDuplicates(t *testing.T) {
	t.Parallel()
	_, err := runfilter.Parse("", []string{"metrics.`it's`", "metric.\"it's\" DESC"})
	var e *filter.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "`order_by` contains duplicate fields: "+
		`["metrics.`+"`it's`"+`", 'metric."it\'s" DESC']`, e.Message)
}

func TestParseOrder(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		orderBy []string
		want    string
	}{
		{"default", nil, "attribute.start_time DESC, attribute.run_id ASC"},
		{"metric", []string{"metrics.a"}, "metric.`a` ASC, attribute.start_time DESC, attribute.run_id ASC"},
		{"start time", []string{"Created asc"}, "attribute.start_time ASC, attribute.run_id ASC"},
		{"id", []string{"run_id DESC", "status"}, "attribute.run_id DESC, attribute.status ASC, attribute.start_time DESC"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			q, err := runfilter.Parse("", tc.orderBy)
			require.NoError(t, err)
			require.Equal(t, tc.want, q.Order.String())
		})
	}
}

func TestOrderFits(t *testing.T) {
	t.Parallel()
	q, err := runfilter.Parse("", []string{"metrics.a"})
	require.NoError(t, err)
	good := filter.Tuple{
		{Kind: filter.ElementNaN}, {Kind: filter.ElementInt, Int: 1}, {Kind: filter.ElementString, Str: "r"},
	}
	require.True(t, q.Order.Fits(good))
	require.False(t, q.Order.Fits(good[:2]))
	require.False(t, q.Order.Fits(filter.Tuple{{Kind: filter.ElementString}, good[1], good[2]}))
	require.False(t, q.Order.Fits(filter.Tuple{good[0], {Kind: filter.ElementFloat}, good[2]}))
}
