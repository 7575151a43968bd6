package page

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
)

// TestOpen: a token leads behind its position, in the query that it is of.
func TestOpen(t *testing.T) {
	t.Parallel()
	query := func(tag string) *filter.Query {
		return &filter.Query{
			Clauses: []filter.Clause{{Entity: filter.EntityTag, Key: tag}},
			Order:   filter.Order{{Entity: filter.EntityAttribute, Attr: 1}},
		}
	}
	first, err := Open("", 2, "things", query("a"), "all")
	require.NoError(t, err)
	require.Nil(t, first.After)
	require.Empty(t, first.Token(nil))

	last := filter.Tuple{{Kind: filter.ElementString, Str: "b"}}
	next, err := Open(first.Token(last), 2, "things", query("a"), "all")
	require.NoError(t, err)
	require.Equal(t, Opened{Max: 2, After: last, digest: first.digest}, next)

	for _, other := range [][]string{{"others", "a", "all"}, {"things", "b", "all"}, {"things", "a", "some"}, {"things", "a"}} {
		_, err = Open(first.Token(last), 2, other[0], query(other[1]), other[2:]...)
		require.EqualError(t, err, "INVALID_PARAMETER_VALUE: Invalid page token: it belongs to another query")
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	at := func(name string) filter.Tuple { return filter.Tuple{{Kind: filter.ElementString, Str: name}} }
	list := []Found[int]{{1, at("a")}, {2, at("b")}, {3, at("c")}}
	page, last := Cut(list, 2, nil)
	require.Equal(t, list[:2], page)
	require.Equal(t, at("b"), last)
	page, last = Cut(list, 3, at("d"))
	require.Equal(t, list, page)
	require.Equal(t, at("d"), last)
	_, last = Cut(list, 3, nil)
	require.Nil(t, last)
}
