package index_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// view returns a workspace on a table in memory.
func view(t *testing.T) *workspace.View {
	t.Helper()
	tab, err := pebbletable.OpenMemory(pebbletable.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tab.Close()) })
	require.NoError(t, tab.Init(t.Context(), true))
	return workspace.Defaults().Of(tab)
}

// TestDiff: the change leads from the old rows to the wanted ones and touches
// none that is in both.
func TestDiff(t *testing.T) {
	t.Parallel()
	some := rapid.Custom(func(t *rapid.T) []table.Key {
		ks := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) table.Key {
			return table.Key{PK: rapid.StringMatching("[ab]").Draw(t, "pk"), SK: rapid.StringMatching("[a-d]").Draw(t, "sk")}
		}), 0, 8, rapid.ID[table.Key]).Draw(t, "rows")
		slices.SortFunc(ks, table.Key.Compare)
		return ks
	})
	rapid.Check(t, func(t *rapid.T) {
		old, wanted := some.Draw(t, "old"), some.Draw(t, "wanted")
		c := index.Diff(old, wanted)
		for _, k := range c.Deletes {
			require.Contains(t, old, k)
			require.NotContains(t, wanted, k)
		}
		for _, k := range c.Puts {
			require.NotContains(t, old, k)
		}
		is := slices.DeleteFunc(slices.Clone(old), func(k table.Key) bool { return slices.Contains(c.Deletes, k) })
		require.ElementsMatch(t, wanted, append(is, c.Puts...))
	})
}

// rows returns the stamps of the rows of a partition by their sort keys.
func rows(t *testing.T, v *workspace.View, pk string) map[string]int64 {
	t.Helper()
	out := map[string]int64{}
	for it, err := range table.Items(t.Context(), v.Table, table.Query{PK: pk, To: keys.Last}) {
		require.NoError(t, err)
		out[it.Key.SK] = it.Num(keys.Gen)
	}
	return out
}

// TestPutDelete: rows carry the generation that they were written at, and are
// removed by who has read an older one only; what is not there is no error.
func TestPutDelete(t *testing.T) {
	t.Parallel()
	v := view(t)
	w := index.New(v)
	list := make([]table.Key, 60) // more than two batches
	for i := range list {
		list[i] = table.Key{PK: "rows", SK: fmt.Sprintf("%02d", i)}
	}
	require.NoError(t, w.Put(t.Context(), list, keys.Gen, 3))
	require.NoError(t, w.Put(t.Context(), list[:20], keys.Gen, 5))
	got := rows(t, v, "rows")
	require.Len(t, got, 60)
	require.Equal(t, int64(5), got["19"])
	require.Equal(t, int64(3), got["20"])

	require.NoError(t, w.Delete(t.Context(), append(list, table.Key{PK: "rows", SK: "none"}), keys.Gen, 5))
	got = rows(t, v, "rows")
	require.Len(t, got, 20, "those that are not older stay")
	require.NoError(t, w.Delete(t.Context(), nil, keys.Gen, 9))
	require.NoError(t, w.Delete(t.Context(), list, keys.Gen, 6))
	require.Empty(t, rows(t, v, "rows"))
}

// TestDeleteIf: a row that was written since it was read stays.
func TestDeleteIf(t *testing.T) {
	t.Parallel()
	v := view(t)
	w := index.New(v)
	k := table.Key{PK: "rows", SK: "a"}
	require.NoError(t, w.Put(t.Context(), []table.Key{k}, keys.Gen, 2))
	gen := func(n int64) table.Attr { return table.Attr{Name: keys.Gen, Value: table.Number(n)} }
	for _, tc := range []struct {
		gen  int64
		want bool
	}{{1, false}, {2, true}, {2, false}} {
		was, err := w.DeleteIf(t.Context(), k, gen(tc.gen))
		require.NoError(t, err)
		require.Equal(t, tc.want, was)
	}
	require.Empty(t, rows(t, v, "rows"))
}

// TestAnyOf: rows of equal beginnings are one range, which holds each text.
func TestAnyOf(t *testing.T) {
	t.Parallel()
	long := string(slices.Repeat([]byte("x"), 300))
	ranges := index.AnyOf(index.Range{Kind: keys.IndexTag, Name: "team"}, []string{"a", "b", "a", long, long + "y"})
	require.Len(t, ranges, 3)
	for i, text := range []string{"a", "b", long} {
		value, _ := keys.Text(text)
		sk := keys.IndexSK(value, "place")
		require.Equal(t, value, ranges[i].Value)
		require.LessOrEqual(t, ranges[i].From, sk)
		require.GreaterOrEqual(t, ranges[i].To, sk)
		require.Equal(t, keys.IndexTag, ranges[i].Kind)
		require.Equal(t, "team", ranges[i].Name)
	}
	other, _ := keys.Text("aa")
	require.Less(t, ranges[0].To, keys.IndexSK(other, ""), "another text is not in it")
}

// TestTrigramRanges: each trigram of the parts between wildcards has one range,
// in order and without regard to case; shorter parts have none.
func TestTrigramRanges(t *testing.T) {
	t.Parallel()
	require.Nil(t, index.TrigramRanges("run_name", "%ab_cd%"))
	var got []string
	for _, r := range index.TrigramRanges("run_name", "%ResNet%ResN_xy%") {
		require.Equal(t, "run_name", r.Name)
		require.Equal(t, keys.IndexTrigram, r.Kind)
		got = append(got, r.Value)
	}
	require.Equal(t, []string{"esn", "net", "res", "sne"}, got)
	require.Equal(t, "abc", index.BeforeWildcard("abc%d_"))
	require.Equal(t, "abc", index.BeforeWildcard("abc_"))
	require.Equal(t, "abc", index.BeforeWildcard("abc"))
}

// TestNarrowed: nil stands for all ids, an empty list for none.
func TestNarrowed(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"a"}, index.Narrowed(nil, []string{"a"}))
	require.Equal(t, []string{"b"}, index.Narrowed([]string{"a", "b"}, []string{"b", "c"}))
	none := index.Narrowed([]string{"a"}, []string{"b"})
	require.NotNil(t, none)
	require.Empty(t, none)
}

// TestValidateField: fields are the names, the description, tags and params; the
// error says which there are.
func TestValidateField(t *testing.T) {
	t.Parallel()
	for _, f := range []string{"experiment_name", "run_name", "model_name", "description", "tags.a b", "params.x"} {
		require.NoError(t, index.ValidateField(f), f)
	}
	for _, f := range []string{"names", "tags.", "params. x", "tag.a", "metrics.a", "Description"} {
		require.EqualError(t, index.ValidateField(f), fmt.Sprintf("unknown trigram field %q: use experiment_name, run_name, "+
			"model_name, description, tags.<key> or params.<key>", f))
	}
}

// TestFieldOfTag: the description is a field of its own where that is complete,
// and a tag otherwise; what is no tag nor param has no text.
func TestFieldOfTag(t *testing.T) {
	t.Parallel()
	const note = "mlflow.note.content"
	all := func(string) bool { return true }
	none := func(string) bool { return false }
	require.Equal(t, "description", index.TagField(note, all))
	require.Equal(t, "tags."+note, index.TagField(note, none))
	require.Equal(t, "tags.team", index.TagField("team", all))
	of := func(kind string) func(string) (string, bool) {
		return func(key string) (string, bool) { return kind + " " + key, true }
	}
	for field, want := range map[string]string{
		"tags.team": "tag team", "params.lr": "param lr", "description": "tag " + note, "run_name": "",
	} {
		require.Equal(t, want, index.KeyedField(field, of("tag"), of("param")), field)
	}
}

// placesOf makes places in a run list, which are in the order of the numbers.
func placesOf(numbers ...int) []string {
	out := make([]string, len(numbers))
	for i, n := range numbers {
		out[i] = keys.RunRowSK(int64(1000-n), fmt.Sprintf("%032d", n))
	}
	slices.Sort(out)
	return out
}
