package tabletest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

func queryCases() map[string]func(*testing.T, fixture) {
	return map[string]func(*testing.T, fixture){
		"ranges": queryRanges,
		"after":  queryAfter,
		"pages":  queryPages,
		"1 MB":   queryBig,
		"prefix": func(t *testing.T, f fixture) {
			f.mustPut(t, item("p", "a"), item("p", "b"), item("p", "b#1"), item("p", "b#2"), item("p", "b$"), item("p", "c"))
			require.Equal(t, []string{"b", "b#1", "b#2", "b$"}, f.sortKeys(t, table.Query{PK: "p", From: "b", To: table.PrefixEnd("b")}))
			require.Equal(t, []string{"b#1", "b#2"}, f.sortKeys(t, table.Query{PK: "p", From: "b#", To: table.PrefixEnd("b#")}))
		},
		"iterator stops": func(t *testing.T, f fixture) {
			f.mustPut(t, item("p", "1"), item("p", "2"), item("p", "3"))
			for it, err := range table.Items(t.Context(), f, table.Query{PK: "p", To: "9", Limit: 1}) {
				require.NoError(t, err)
				if it.Key.SK == "2" {
					break
				}
			}
			for _, err := range table.Items(t.Context(), f, table.Query{PK: "", To: "9"}) {
				require.ErrorIs(t, err, table.ErrLimit)
			}
		},
	}
}

// sortKeys returns the sort keys of a whole range, page by page.
func (f fixture) sortKeys(t *testing.T, q table.Query) []string {
	t.Helper()
	var got []string
	for it, err := range table.Items(t.Context(), f, q) {
		require.NoError(t, err)
		require.Equal(t, q.PK, it.Key.PK)
		got = append(got, it.Key.SK)
	}
	return got
}

func queryRanges(t *testing.T, f fixture) {
	f.mustPut(t, item("o", "b"), item("p", "a"), item("p", "b"), item("p", "c"), item("p", "d"), item("p\x00", "b"), item("pp", "b"))
	for _, tt := range []struct {
		name, from, to string
		want           []string
	}{
		{"all", "", "z", []string{"a", "b", "c", "d"}},
		{"both ends included", "b", "c", []string{"b", "c"}},
		{"one key", "b", "b", []string{"b"}},
		{"between keys", "a1", "c1", []string{"b", "c"}},
		{"none between", "a1", "a2", nil},
		{"reversed", "c", "b", nil},
		{"up to", "", "b", []string{"a", "b"}},
	} {
		q := table.Query{PK: "p", From: tt.from, To: tt.to}
		require.Equal(t, tt.want, f.sortKeys(t, q), tt.name)
		q.Descending = true
		slices.Reverse(tt.want)
		require.Equal(t, tt.want, f.sortKeys(t, q), tt.name+", descending")
		q.Consistency = table.Eventual
		require.Equal(t, tt.want, f.sortKeys(t, q), tt.name+", eventual")
	}
	require.Nil(t, f.sortKeys(t, table.Query{PK: "none", To: "z"}))
}

func queryAfter(t *testing.T, f fixture) {
	f.mustPut(t, item("p", "a"), item("p", "b"), item("p", "c"), item("p", "d"))
	for _, tt := range []struct {
		after      string
		descending bool
		want       []string
	}{
		{"b", false, []string{"c", "d"}},
		{"b1", false, []string{"c", "d"}},
		{"0", false, []string{"a", "b", "c", "d"}},
		{"d", false, nil},
		{"x", false, nil},
		{"c", true, []string{"b", "a"}},
		{"b1", true, []string{"b", "a"}},
		{"x", true, []string{"d", "c", "b", "a"}},
		{"a", true, nil},
		{"0", true, nil},
	} {
		q := table.Query{PK: "p", From: "a", To: "d", After: tt.after, Descending: tt.descending}
		require.Equal(t, tt.want, f.sortKeys(t, q), "%v", q)
	}
	q := table.Query{PK: "p", From: "", To: "d", After: "b", Descending: true}
	require.Equal(t, []string{"a"}, f.sortKeys(t, q))
}

func queryPages(t *testing.T, f fixture) {
	var puts []table.Item
	var want []string
	for i := range 30 {
		sk := fmt.Sprintf("%02d", i)
		puts = append(puts, item("p", sk))
		want = append(want, sk)
	}
	require.NoError(t, f.BatchWrite(t.Context(), puts, nil))
	for _, limit := range []int{0, 1, 7, 10, 29, 30, 31, 1000} {
		q := table.Query{PK: "p", To: "99", Limit: limit}
		require.Equal(t, want, f.sortKeys(t, q), limit)
		page, err := f.Query(t.Context(), q)
		require.NoError(t, err)
		if limit > 0 {
			require.Len(t, page.Items, min(limit, 30))
			if limit != 30 { // with as many as there are it may say that more follow
				require.Equal(t, limit < 30, page.Next != "")
			}
		}
		q.Descending = true
		got := f.sortKeys(t, q)
		slices.Reverse(got)
		require.Equal(t, want, got, limit)
	}
}

// queryBig: a page ends with the item that reaches 1 MB.
func queryBig(t *testing.T, f fixture) {
	const size = table.MaxPageBytes / 4
	for i := range 9 {
		it := item("p", fmt.Sprint(i), str("x", ""))
		it.Set("x", table.String(strings.Repeat("x", size-it.Size())))
		f.mustPut(t, it)
	}
	q := table.Query{PK: "p", To: "9"}
	for _, want := range []int{4, 4, 1} {
		page, err := f.Query(t.Context(), q)
		require.NoError(t, err)
		require.Len(t, page.Items, want)
		require.Equal(t, want == 1, page.Next == "")
		q.After = page.Next
	}
	require.Len(t, f.sortKeys(t, table.Query{PK: "p", To: "9", Descending: true}), 9)
	for _, q := range []table.Query{{PK: "p", To: "3"}, {PK: "p", From: "5", To: "8", Descending: true}, {PK: "p", To: "1", Limit: 2}} {
		page, err := f.Query(t.Context(), q)
		require.NoError(t, err)
		require.Empty(t, page.Next, "the page ends where the range does")
	}
}
