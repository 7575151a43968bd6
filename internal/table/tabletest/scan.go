package tabletest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

func scanCases() map[string]func(*testing.T, fixture) {
	return map[string]func(*testing.T, fixture){
		"pages":       scanPages,
		"1 MB":        scanBig,
		"deleted key": scanDeleted,
		"expired":     scanExpired,
		"units":       scanUnits,
		"empty": func(t *testing.T, f fixture) {
			page, err := f.Scan(t.Context(), table.Scan{})
			require.NoError(t, err)
			require.Empty(t, page.Items)
			require.Equal(t, table.Key{}, page.Next)
		},
		"iterator stops": func(t *testing.T, f fixture) {
			f.fill(t)
			n := 0
			for _, err := range table.ScanItems(t.Context(), f, table.Scan{Limit: 1}) {
				require.NoError(t, err)
				if n++; n == 2 {
					break
				}
			}
			require.Equal(t, 2, n)
			for _, err := range table.ScanItems(t.Context(), f, table.Scan{Limit: -1}) {
				require.ErrorIs(t, err, table.ErrLimit)
			}
		},
		"bad key": func(t *testing.T, f fixture) {
			_, err := f.Scan(t.Context(), table.Scan{After: key("p", "")})
			require.ErrorIs(t, err, table.ErrLimit)
		},
		"cancelled": func(t *testing.T, f fixture) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := f.Scan(ctx, table.Scan{})
			require.Equal(t, context.Canceled, err)
		},
	}
}

// fill stores a few partitions, whose keys look alike, and returns the items.
func (f fixture) fill(t *testing.T) []table.Item {
	t.Helper()
	var items []table.Item
	for _, pk := range []string{"p", "p\x00", "p\x00\x01", "pp", "ü", "\x00"} {
		for _, sk := range []string{"a", "a#1", "\x00", "\x01b", "é"} {
			items = append(items, item(pk, sk, str("a", pk+sk)))
		}
	}
	require.NoError(t, f.BatchWrite(t.Context(), items, nil))
	slices.SortFunc(items, byKey)
	return items
}

func byKey(a, b table.Item) int { return a.Key.Compare(b.Key) }

// scanned returns what a scan reads, sorted by key.
func (f fixture) scanned(t *testing.T, s table.Scan) []table.Item {
	t.Helper()
	var items []table.Item
	for it, err := range table.ScanItems(t.Context(), f, s) {
		require.NoError(t, err)
		items = append(items, it)
	}
	slices.SortFunc(items, byKey)
	return items
}

func equalItems(t *testing.T, want, got []table.Item) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		equalItem(t, want[i], got[i])
	}
}

func scanPages(t *testing.T, f fixture) {
	want := f.fill(t)
	for _, limit := range []int{0, 1, 7, 29, 30, 31, 1000} {
		for _, c := range []table.Consistency{table.Strong, table.Eventual} {
			s := table.Scan{Limit: limit, Consistency: c}
			equalItems(t, want, f.scanned(t, s))
			page, err := f.Scan(t.Context(), s)
			require.NoError(t, err)
			if limit > 0 {
				require.Len(t, page.Items, min(limit, len(want)))
			}
			if limit != len(want) { // with as many as there are it may say that more follow
				require.Equal(t, limit > 0 && limit < len(want), page.Next != table.Key{})
			}
		}
	}
}

// scanBig: a page ends with the item that reaches 1 MB.
func scanBig(t *testing.T, f fixture) {
	for i := range 9 {
		f.mustPut(t, filled("p"+fmt.Sprint(i%3), fmt.Sprint(i), table.MaxPageBytes/4))
	}
	var s table.Scan
	for _, want := range []int{4, 4, 1} {
		page, err := f.Scan(t.Context(), s)
		require.NoError(t, err)
		require.Len(t, page.Items, want)
		require.Equal(t, want == 1, page.Next == table.Key{})
		s.After = page.Next
	}
}

// scanDeleted: a scan goes on behind a key that is gone meanwhile.
func scanDeleted(t *testing.T, f fixture) {
	want := f.fill(t)
	page, err := f.Scan(t.Context(), table.Scan{Limit: 13})
	require.NoError(t, err)
	require.Len(t, page.Items, 13)
	require.Equal(t, page.Items[12].Key, page.Next)
	keys := make([]table.Key, len(page.Items))
	for i, it := range page.Items {
		keys[i] = it.Key
	}
	require.NoError(t, f.BatchWrite(t.Context(), nil, keys))
	got := slices.Concat(page.Items, f.scanned(t, table.Scan{After: page.Next, Limit: 5}))
	slices.SortFunc(got, byKey)
	equalItems(t, want, got)
}

func scanExpired(t *testing.T, f fixture) {
	soon := f.clock.Unix() + 100
	f.mustPut(t, item("p", "1", ttl(soon)), item("p", "2", ttl(soon)), item("q", "3"), item("q", "4", ttl(soon)))
	f.clock.Advance(time.Hour)
	for limit := range 5 {
		equalItems(t, []table.Item{item("q", "3")}, f.scanned(t, table.Scan{Limit: limit}))
	}
	var seen, pages int
	for s := (table.Scan{Limit: 1}); ; pages++ {
		page, err := f.Scan(t.Context(), s)
		require.NoError(t, err)
		seen += len(page.Items)
		if s.After = page.Next; page.Next == (table.Key{}) {
			break
		}
	}
	require.Equal(t, 1, seen)
	require.GreaterOrEqual(t, pages, 3, "the limit counts expired items")
}

func scanUnits(t *testing.T, f fixture) {
	for _, pk := range []string{"1", "2", "3", "4", "5"} {
		f.mustPut(t, filled(pk, strings.Repeat("s", 4), 1000))
	}
	for _, tt := range []struct {
		s     table.Scan
		units float64
	}{
		{table.Scan{}, 2},
		{table.Scan{Limit: 1}, 1},
		{table.Scan{Limit: 4}, 1},
		{table.Scan{Consistency: table.Eventual}, 1},
		{table.Scan{Limit: 1, Consistency: table.Eventual}, 0.5},
	} {
		f.spends(t, 1, tt.units, 0, func(ctx context.Context) {
			_, err := f.Scan(ctx, tt.s)
			require.NoError(t, err)
		})
	}
}
