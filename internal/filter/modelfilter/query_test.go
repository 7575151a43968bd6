package modelfilter_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/filtertest"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/modelfilter"
)

type parser func(where string, orderBy []string) (*modelfilter.Query, error)

func TestCorpusOfModels(t *testing.T) {
	t.Parallel()
	filtertest.Replay(t, "models.json", searcher(modelfilter.Parse, func(m *modelRow) string { return m.Name }))
}

func TestCorpusOfVersions(t *testing.T) {
	t.Parallel()
	filtertest.Replay(t, "versions.json", searcher(modelfilter.ParseVersions, func(m *modelRow) string { return m.ID }))
}

func searcher(parse parser, id func(*modelRow) string) func(string, []string, []modelRow) ([]string, error) {
	return func(where string, orderBy []string, rows []modelRow) ([]string, error) {
		q, err := parse(where, orderBy)
		if err != nil {
			return nil, err
		}
		prompts := map[string]bool{}
		for _, r := range rows {
			if r.Tags["mlflow.prompt.is_prompt"] == "true" {
				prompts[r.Name] = true
			}
		}
		match := func(m *modelRow) bool { return q.Match(m) && (!q.HidesPrompts || !prompts[m.Name]) }
		place := func(m *modelRow) filter.Tuple { return q.Order.AppendTagged(nil, m) }
		return filtertest.Sorted(rows, match, q.Order, place, id), nil
	}
}

func TestPrompts(t *testing.T) {
	t.Parallel()
	const tag = "tags.`mlflow.prompt.is_prompt`"
	for text, want := range map[string]struct {
		hides  bool
		filter string
	}{
		"":                   {true, ""},
		"name = 'a'":         {true, "attribute.name = 'a'"},
		tag + " = 'True'":    {false, "tag.`mlflow.prompt.is_prompt` = 'True'"},
		tag + " != 'false'":  {false, "tag.`mlflow.prompt.is_prompt` != 'false'"},
		tag + " = 'false'":   {true, ""},
		tag + " LIKE 'true'": {true, ""},
		"name = 'a' AND " + tag + " = 'false' AND " + tag + " = 'true'": {true, "attribute.name = 'a'"},
		tag + " = 'true' AND " + tag + " = 'false'":                     {false, "tag.`mlflow.prompt.is_prompt` = 'true' AND tag.`mlflow.prompt.is_prompt` = 'false'"},
	} {
		for _, parse := range []parser{modelfilter.Parse, modelfilter.ParseVersions} {
			q, err := parse(text, nil)
			require.NoError(t, err, text)
			require.Equal(t, want.hides, q.HidesPrompts, text)
			require.Equal(t, want.filter, q.Filter(), text)
		}
	}
}

func TestParseOrder(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, want string
		parse      parser
		orderBy    []string
	}{
		{"models", "attribute.name ASC", modelfilter.Parse, nil},
		{"models by time", "attribute.last_updated_timestamp DESC, attribute.name ASC", modelfilter.Parse, []string{"timestamp DESC"}},
		{
			"versions", "attribute.last_updated_timestamp DESC, attribute.name ASC, attribute.version_number DESC", modelfilter.ParseVersions, nil,
		},
		{"versions by name", "attribute.name DESC, attribute.version_number DESC", modelfilter.ParseVersions, []string{"tags.name DESC"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			q, err := tc.parse("", tc.orderBy)
			require.NoError(t, err)
			require.Equal(t, tc.want, q.Order.String())
		})
	}
}

// TestMistakesInTurn: of models, order_by comes before comparators, of versions
// behind them.
func TestMistakesInTurn(t *testing.T) {
	t.Parallel()
	_, err := modelfilter.Parse("tags.a > 'x'", []string{"a b c"})
	require.EqualError(t, err, "Invalid order_by clause 'a b c'. Could not be parsed.")
	_, err = modelfilter.ParseVersions("tags.a > 'x'", []string{"a b c"})
	require.EqualError(t, err, "Invalid comparator for tag: >")
}

func FuzzParseModels(f *testing.F) {
	for _, name := range []string{"models.json", "versions.json"} {
		for _, c := range filtertest.Read[modelRow](f, name).Cases {
			f.Add(c.Filter, "")
			for _, o := range c.OrderBy {
				f.Add("", o)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text, order string) {
		for _, parse := range []parser{modelfilter.Parse, modelfilter.ParseVersions} {
			q, err := parse(text, []string{order, "name"})
			filtertest.CheckTyped(t, err)
			if err == nil {
				q.Match(&modelRow{})
				_ = q.Filter()
				require.True(t, q.Order.Fits(q.Order.AppendTagged(nil, &modelRow{})))
			}
			_, err = parse(text, nil)
			filtertest.CheckTyped(t, err)
		}
	})
}
