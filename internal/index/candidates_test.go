package index_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/explain"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// shelf is a table of index rows of tags, and what reads them.
type shelf struct {
	v *workspace.View
	p *index.Prober
}

func newShelf(t *testing.T) shelf {
	t.Helper()
	v := view(t)
	v.Limits = workspace.Limits{Probe: 3, Probes: 4, Collected: 6, Merged: 2, Enough: 1}
	pk := func(r index.Range) string { return v.Keys.IndexPK("1", r.Kind, r.Name) }
	return shelf{v, &index.Prober{V: v, Stats: new(explain.Explanation), PK: pk}}
}

// put writes the rows of the entities whose tag has a value.
func (s shelf) put(t *testing.T, tag, value string, places []string) index.Range {
	t.Helper()
	r := index.OfText(index.Range{Kind: keys.IndexTag, Name: tag}, value)
	rows := make([]table.Key, len(places))
	for i, p := range places {
		rows[i] = table.Key{PK: s.p.PK(r), SK: keys.IndexSK(r.Value, p)}
	}
	require.NoError(t, index.New(s.v).Put(t.Context(), rows, keys.Gen, 1))
	return r
}

// drain returns all places of a stream, from one on.
func drain(t require.TestingT, next func(at string) (string, error), at string) []string {
	var out []string
	for {
		place, err := next(at)
		require.NoError(t, err)
		if place == "" {
			return out
		}
		out = append(out, place)
		at = place + keys.First
	}
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// TestCollectFew: where one source has few rows, what is in all small ones is
// known, and nothing beyond the probes is read.
func TestCollectFew(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	many := s.put(t, "team", "vision", placesOf(upTo(40)...))
	few := s.put(t, "kind", "big", placesOf(7, 9))
	c, err := s.p.Collect(t.Context(), []index.Source{{many}, {few}}, keys.First)
	require.NoError(t, err)
	require.True(t, c.Few)
	require.Equal(t, placesOf(7, 9), c.Places)
	require.Equal(t, 3+2, s.p.Stats.IndexRows)

	one := s.put(t, "color", "red", placesOf(9))
	c, err = s.p.Collect(t.Context(), []index.Source{{few}, {one}, {many}}, keys.First)
	require.NoError(t, err)
	require.Equal(t, placesOf(9), c.Places)
	require.Equal(t, 5+2+1, s.p.Stats.IndexRows, "one candidate is enough: the last source is not probed")

	c, err = s.p.Collect(t.Context(), []index.Source{{few}}, placesOf(8)[0])
	require.NoError(t, err)
	require.Equal(t, placesOf(9), c.Places, "those before the place are left out")
}

// TestCollectNone: without a source that is worth it there is no stream.
func TestCollectNone(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	many := s.put(t, "team", "vision", placesOf(upTo(40)...))
	many.Value = "" // rows of several values, which are in no order of places
	c, err := s.p.Collect(t.Context(), []index.Source{{many}}, keys.First)
	require.NoError(t, err)
	require.Nil(t, c.Stream)
	require.False(t, c.Few)
	require.Equal(t, 3+6, s.p.Stats.IndexRows, "after as many rows as may be sorted it gives up")
}

// TestCollectStreams: where all sources have many rows, the stream has what is
// in all that it reads, in order, from any place on.
func TestCollectStreams(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	lists := [][]int{upTo(50), nil, nil}
	for n := range 50 {
		if n%2 == 0 {
			lists[1] = append(lists[1], n)
		}
		if n%3 == 0 {
			lists[2] = append(lists[2], n)
		}
	}
	even := s.put(t, "a", "x", placesOf(lists[1]...))
	third := s.put(t, "b", "x", placesOf(lists[2]...))
	c, err := s.p.Collect(t.Context(), []index.Source{{even}, {third}}, keys.First)
	require.NoError(t, err)
	require.False(t, c.Few)
	var want []int
	for n := 0; n < 50; n += 6 {
		want = append(want, n)
	}
	next := func(at string) (string, error) { return c.Stream.Next(t.Context(), at) }
	require.Equal(t, placesOf(want...), drain(t, next, keys.First))

	from := placesOf(24)[0]
	c, err = s.p.Collect(t.Context(), []index.Source{{even}, {third}}, from)
	require.NoError(t, err)
	require.Equal(t, placesOf(24, 30, 36, 42, 48), drain(t, next, from))
}

// TestCollectAnyOf: a union of values has what is in one of them, small ones and
// large ones alike, each once.
func TestCollectAnyOf(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	rapid.Check(t, func(rt *rapid.T) {
		tag := rapid.StringMatching("[a-z]{12}").Draw(rt, "tag")
		var ranges []index.Range
		all := map[string]bool{}
		for _, value := range []string{"x", "y", "z"} {
			list := placesOf(rapid.SliceOfNDistinct(rapid.IntRange(0, 30), 0, 12, rapid.ID[int]).Draw(rt, value)...)
			ranges = append(ranges, s.put(t, tag, value, list))
			for _, p := range list {
				all[p] = true
			}
		}
		c, err := s.p.Collect(t.Context(), []index.Source{{{Union: ranges, Kind: keys.IndexTag, Name: tag}}}, keys.First)
		require.NoError(rt, err)
		got := drain(rt, func(at string) (string, error) { return c.Stream.Next(t.Context(), at) }, keys.First)
		require.True(rt, slices.IsSorted(got))
		require.Len(rt, got, len(all))
		for _, p := range got {
			require.True(rt, all[p])
		}
	})
}
