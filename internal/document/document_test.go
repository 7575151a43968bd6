package document

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
)

// list is a document of names, in the order in which they were added.
type list struct {
	Meta
	names string
}

var listKey = table.Key{PK: "LIST", SK: "META"}

func listItem(l *list) table.Item {
	attrs := l.AppendTo([]table.Attr{{Name: keys.Name, Value: table.String(l.names)}})
	return table.NewItem(listKey, attrs...)
}

func parseList(it table.Item) (*list, error) {
	return &list{MetaOf(it), it.Str(keys.Name)}, CheckVersion(it)
}

// memory returns a table in memory whose calls are counted and may fail.
func memory(t *testing.T) *faulty.Table {
	t.Helper()
	tab, err := pebbletable.OpenMemory(pebbletable.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tab.Close()) })
	require.NoError(t, tab.Init(t.Context(), true))
	return faulty.Wrap(tab, nil)
}

// kindOf returns how lists are read and written.
func kindOf(t table.Table) Kind[*list] {
	k := NewDocument(t, time.Now,
		func(ctx context.Context) (*list, error) { return ReadDocument(ctx, t, listKey, parseList) }, parseList)
	k.Write = func(ctx context.Context, cur, next *list) error {
		return t.Put(ctx, table.Put{Item: listItem(next), Cond: LastMeta(cur).IsRev()})
	}
	return k
}

// adding adds a name to a list, which may be absent.
func adding(name string) func(cur *list) (*list, bool, error) {
	return func(cur *list) (*list, bool, error) {
		if cur == nil {
			return &list{names: name}, false, nil
		}
		return &list{names: cur.names + name}, false, nil
	}
}

// stored returns the list as it is in the table.
func stored(t *testing.T, tab table.Table) *list {
	t.Helper()
	l, err := ReadDocument(t.Context(), tab, listKey, parseList)
	require.NoError(t, err)
	return l
}

// TestMeta: a document knows its last four writes, and no other's.
func TestMeta(t *testing.T) {
	t.Parallel()
	var all []Meta
	m := Meta{}
	require.False(t, m.Wrote(m), "no write made it")
	for range 6 {
		m = m.Next()
		all = append(all, m)
	}
	require.Equal(t, int64(6), m.Rev)
	for i, before := range all {
		require.Equal(t, i >= 2, m.Wrote(before), "write %d", i)
	}
	require.False(t, m.Wrote(all[4].Next()), "that of somebody else, of the same revision")
	require.Equal(t, m, MetaOf(table.NewItem(listKey, m.AppendTo(nil)...)))
}

// TestCheckVersion: items of a newer schema are refused, older ones are read.
func TestCheckVersion(t *testing.T) {
	t.Parallel()
	item := func(v int64) table.Item {
		return table.NewItem(listKey, table.Attr{Name: keys.Version, Value: table.Number(v)})
	}
	require.NoError(t, CheckVersion(table.Item{}))
	require.NoError(t, CheckVersion(item(SchemaVersion)))
	require.EqualError(t, CheckVersion(item(SchemaVersion+1)),
		`INTERNAL_ERROR: item "LIST" "META" has schema version 2, this program knows 1: upgrade it`)
}

// TestMutate: a document is made, and changed on the condition of its revision,
// by one read and one write.
func TestMutate(t *testing.T) {
	t.Parallel()
	tab := memory(t)
	for i, name := range []string{"a", "b"} {
		tab.SetPlan(nil)
		got, err := Mutate(t.Context(), kindOf(tab), adding(name))
		require.NoError(t, err)
		require.Equal(t, 2, tab.Calls())
		require.Equal(t, int64(i+1), got.Rev)
		require.Equal(t, got, stored(t, tab))
	}
	require.Equal(t, "ab", stored(t, tab).names)
}

// TestMutateLostRace: who loses a race goes round with what the failed write
// brought back, without another read, and both changes are kept.
func TestMutateLostRace(t *testing.T) {
	t.Parallel()
	tab := memory(t)
	_, err := Mutate(t.Context(), kindOf(tab), adding("a"))
	require.NoError(t, err)
	var saw []string
	tab.SetPlan(nil)
	got, err := Mutate(t.Context(), kindOf(tab), func(cur *list) (*list, bool, error) {
		if saw = append(saw, cur.names); len(saw) == 1 {
			_, err := Mutate(t.Context(), kindOf(tab), adding("b"))
			require.NoError(t, err)
		}
		return adding("c")(cur)
	})
	require.NoError(t, err)
	require.Equal(t, []string{"a", "ab"}, saw)
	require.Equal(t, 2+3, tab.Calls(), "the other's two; a read and two writes")
	require.Equal(t, "abc", got.names)
	require.Equal(t, got, stored(t, tab))
}

// TestMutateLostReply: a write whose reply was lost, which is tried again, finds
// itself by its id and is not made twice, even behind the writes of others.
func TestMutateLostReply(t *testing.T) {
	t.Parallel()
	for others := range writeIDs + 1 {
		t.Run(fmt.Sprint(others), func(t *testing.T) {
			t.Parallel()
			tab := memory(t)
			k := kindOf(tab)
			once := true
			k.Write = func(ctx context.Context, cur, next *list) error {
				err := kindOf(tab).Write(ctx, cur, next)
				if !once {
					return err
				}
				once = false
				require.NoError(t, err)
				for range others {
					_, err := Mutate(ctx, kindOf(tab), adding("x"))
					require.NoError(t, err)
				}
				return kindOf(tab).Write(ctx, cur, next) // as a client does that got no reply
			}
			got, err := Mutate(t.Context(), k, adding("a"))
			require.NoError(t, err)
			if others < writeIDs {
				require.Equal(t, "a", got.names)
				require.Equal(t, int64(1), got.Rev)
				require.Equal(t, int64(1+others), stored(t, tab).Rev)
				return
			}
			require.Equal(t, "axxxxa", got.names, "more others than a document remembers hide it")
		})
	}
}

// TestMutateCached: a cached copy is enough for a change, whose condition checks
// it; an error, no change or a doubt that it gives is asked of the table again.
func TestMutateCached(t *testing.T) {
	t.Parallel()
	refusal := errors.New("refused")
	for _, tc := range []struct {
		name  string
		apply func(cur *list) (*list, bool, error)
		saw   []string
		calls int // of the table
		want  string
		err   error
	}{
		{"change", adding("c"), []string{"a", "ab"}, 2, "abc", nil},
		{"error", func(*list) (*list, bool, error) { return nil, false, refusal }, []string{"a", "ab"}, 1, "ab", refusal},
		{"no change", func(cur *list) (*list, bool, error) { return cur, false, nil }, []string{"a", "ab"}, 1, "ab", nil},
		{"doubt", func(cur *list) (*list, bool, error) {
			next, _, err := adding("d")(cur)
			return next, true, err
		}, []string{"a", "ab"}, 2, "abd", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tab := memory(t)
			k := kindOf(tab)
			old, err := Mutate(t.Context(), k, adding("a"))
			require.NoError(t, err)
			_, err = Mutate(t.Context(), k, adding("b"))
			require.NoError(t, err)
			k.Cached = func() (*list, bool) { return old, true }
			tab.SetPlan(nil)
			var saw []string
			_, err = Mutate(t.Context(), k, func(cur *list) (*list, bool, error) {
				saw = append(saw, cur.names)
				return tc.apply(cur)
			})
			require.ErrorIs(t, err, tc.err)
			require.Equal(t, tc.saw, saw)
			require.Equal(t, tc.calls, tab.Calls())
			require.Equal(t, tc.want, stored(t, tab).names)
		})
	}
}

// TestMutateFreshCache: a current cached copy spares the read.
func TestMutateFreshCache(t *testing.T) {
	t.Parallel()
	tab := memory(t)
	k := kindOf(tab)
	last, err := Mutate(t.Context(), k, adding("a"))
	require.NoError(t, err)
	k.Cached = func() (*list, bool) { return last, true }
	tab.SetPlan(nil)
	got, err := Mutate(t.Context(), k, adding("b"))
	require.NoError(t, err)
	require.Equal(t, "ab", got.names)
	require.Equal(t, 1, tab.Calls())
	require.Equal(t, "a", last.names, "what was read stays as it is")
}

// TestMutateExpired: an expired document that a write met is absent; the next
// one begins anew.
func TestMutateExpired(t *testing.T) {
	t.Parallel()
	tab := memory(t)
	k := kindOf(tab)
	const now = 1000
	k.Clock = func() time.Time { return time.Unix(now, 0) }
	last, err := Mutate(t.Context(), k, adding("a"))
	require.NoError(t, err)
	k.Cached = func() (*list, bool) { return last, true }
	met := 0
	k.Write = func(ctx context.Context, cur, next *list) error {
		if cur == nil {
			require.Zero(t, LastMeta(cur))
			return tab.Put(ctx, table.Put{Item: listItem(next)})
		}
		met++
		it := listItem(cur)
		it.Set(table.TTLAttr, table.Number(now))
		return &table.ConditionError{Key: listKey, Item: it, Found: true}
	}
	got, err := Mutate(t.Context(), k, adding("b"))
	require.NoError(t, err)
	require.Equal(t, 1, met)
	require.Equal(t, "b", got.names)
	require.Equal(t, int64(1), got.Rev)
}

// TestMutateEnds: a document that always changes is given up when the context
// ends, with its error; other errors end it at once.
func TestMutateEnds(t *testing.T) {
	t.Parallel()
	tab := memory(t)
	k := kindOf(tab)
	ctx, cancel := context.WithCancel(t.Context())
	tries := 0
	k.Write = func(_ context.Context, _, next *list) error {
		if tries++; tries == 5 {
			cancel()
		}
		return &table.ConditionError{Key: listKey, Found: true, Item: listItem(&list{Meta: next.Next(), names: "x"})}
	}
	_, err := Mutate(ctx, k, func(*list) (*list, bool, error) { return &list{names: "y"}, false, nil })
	require.NoError(t, err, "its own id is among the writes of what it met")
	require.Equal(t, 1, tries)

	k.Write = func(context.Context, *list, *list) error {
		if tries++; tries == 5 {
			cancel()
		}
		return &table.ConditionError{Key: listKey, Found: true, Item: listItem(&list{Meta: Meta{}.Next(), names: "x"})}
	}
	_, err = Mutate(ctx, k, adding("y"))
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 5, tries)

	k.Write = func(context.Context, *list, *list) error { return table.ErrThrottled }
	_, err = Mutate(t.Context(), k, adding("y"))
	require.ErrorIs(t, err, table.ErrThrottled)
}

// TestBackOff: the first attempts do not wait, later ones for longer, up to 128
// ms each, and none after its context.
func TestBackOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for attempt := range 40 {
			began := time.Now()
			require.NoError(t, BackOff(t.Context(), attempt))
			most := time.Duration(0)
			if attempt >= 2 {
				most = time.Millisecond << min(attempt-2, 7)
			}
			require.LessOrEqual(t, time.Since(began), most, "attempt %d", attempt)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, BackOff(ctx, 0), context.Canceled)
		require.ErrorIs(t, BackOff(ctx, 20), context.Canceled)
	})
}

// TestMutateManyWriters: of writers at the same moment none is lost.
func TestMutateManyWriters(t *testing.T) {
	t.Parallel()
	tab := memory(t)
	const writers = 16
	errs := make(chan error, writers)
	for i := range writers {
		go func() {
			_, err := Mutate(t.Context(), kindOf(tab), adding(string(rune('a'+i))))
			errs <- err
		}()
	}
	for range writers {
		require.NoError(t, <-errs)
	}
	got := stored(t, tab)
	require.Equal(t, int64(writers), got.Rev)
	require.ElementsMatch(t, []rune("abcdefghijklmnop"), []rune(got.names))
}

// drawEntries draws entries of distinct keys, in no order.
func drawEntries(t *rapid.T) packed.Dict {
	var kv packed.Dict
	for _, key := range rapid.SliceOfNDistinct(rapid.StringMatching("[a-f]{1,2}"), 0, 6, rapid.ID[string]).Draw(t, "keys") {
		kv = append(kv, key, rapid.StringN(0, 5, -1).Draw(t, "value"))
	}
	return kv
}

// TestSplitTags: tags that are split into attributes and a map are joined to
// the same ones, whichever match.
func TestSplitTags(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tags := SortedDict(drawEntries(t))
		match := rapid.SampledFrom([]func(string) bool{
			nil, func(key string) bool { return key < "c" }, func(string) bool { return true },
		}).Draw(t, "match")
		rest, attrs := SplitTags(tags, nil, match)
		require.Equal(t, tags.Len(), rest.Len()+len(attrs))
		it := table.NewItem(listKey, append(attrs, table.Attr{Name: keys.Tags, Value: table.Map(rest)},
			table.Attr{Name: keys.Value, Value: table.String("not a tag")}, table.Attr{Name: keys.Status, Value: table.String("x")})...)
		require.ElementsMatch(t, tags, JoinTags(it))
		require.Equal(t, tags, SortedDict(JoinTags(it)))
	})
}

// TestTagsDiffer: the tags of an item stand elsewhere than they should when one
// matches now and did not when it was written, or the other way round.
func TestTagsDiffer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tags := SortedDict(drawEntries(t))
		matcher := rapid.Map(rapid.StringMatching("[a-g]{1,2}"), func(bound string) func(string) bool {
			return func(key string) bool { return key < bound }
		})
		was, is := matcher.Draw(t, "was"), matcher.Draw(t, "is")
		rest, attrs := SplitTags(tags, nil, was)
		it := table.NewItem(listKey, append(attrs, table.Attr{Name: keys.Tags, Value: table.Map(rest)},
			table.Attr{Name: keys.Value, Value: table.String("not a tag")})...)
		differ := false
		for i := 0; i < len(tags); i += 2 {
			differ = differ || was(tags[i]) != is(tags[i])
		}
		require.Equal(t, differ, TagsDiffer(it, is))
		require.False(t, TagsDiffer(it, was))
	})
}
