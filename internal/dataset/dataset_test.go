package dataset

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// newStores returns two Stores on one table in memory, as two processes have
// them, and the table.
func newStores(t *testing.T) (a, b *Store, below *faulty.Table) {
	t.Helper()
	tab, err := pebbletable.OpenMemory(pebbletable.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tab.Close()) })
	require.NoError(t, tab.Init(t.Context(), true))
	below = faulty.Wrap(tab, nil)
	open := func() *Store {
		shared, err := NewShared()
		require.NoError(t, err)
		return New(workspace.Defaults().Of(below), shared, nil)
	}
	return open(), open(), below
}

func refTo(d mlflow.Dataset) run.DatasetRef { return run.DatasetRef{Name: d.Name, Digest: d.Digest} }

// TestBody: what describes a dataset is packed and unpacked to the same; what is
// no packed body is an error that names the dataset.
func TestBody(t *testing.T) {
	t.Parallel()
	text := rapid.String()
	rapid.Check(t, func(t *rapid.T) {
		d := mlflow.Dataset{
			SourceType: text.Draw(t, "type"), Source: text.Draw(t, "source"),
			Schema: text.Draw(t, "schema"), Profile: text.Draw(t, "profile"),
		}
		body, err := packBody(d)
		require.NoError(t, err)
		var got mlflow.Dataset
		require.NoError(t, unpackBody(&got, body))
		require.Equal(t, d, got)
	})
	require.ErrorContains(t, unpackBody(&mlflow.Dataset{Name: "iris"}, "junk"), `dataset "iris"`)
}

// incompressible returns a text that takes about as many bytes when it is packed.
func incompressible(t *testing.T, n int) string {
	t.Helper()
	b := make([]byte, n)
	_, err := rand.Read(b)
	require.NoError(t, err)
	return hex.EncodeToString(b)
}

// TestPutGet: datasets come back in another process, whether their bodies are
// empty, inline or in chunks; one that is not there is named and empty.
func TestPutGet(t *testing.T) {
	t.Parallel()
	a, b, _ := newStores(t)
	for i, size := range []int{0, 100, inlineBody / 2, inlineBody, 3 * chunkBytes} {
		d := mlflow.Dataset{Name: "iris", Digest: fmt.Sprint(i), SourceType: "local", Source: incompressible(t, size)}
		require.NoError(t, a.Put(t.Context(), "1", d))
		got, err := b.Get(t.Context(), "1", refTo(d))
		require.NoError(t, err)
		require.Equal(t, d, got)
	}
	none, err := b.Get(t.Context(), "2", run.DatasetRef{Name: "iris", Digest: "0"})
	require.NoError(t, err)
	require.Equal(t, mlflow.Dataset{Name: "iris", Digest: "0"}, none)
}

// TestPutFirstWins: a dataset stays as it was put first, and chunks of another
// body of the same digest do not mix with it.
func TestPutFirstWins(t *testing.T) {
	t.Parallel()
	a, b, _ := newStores(t)
	first := mlflow.Dataset{Name: "d", Digest: "1", Source: incompressible(t, 2*chunkBytes)}
	second := mlflow.Dataset{Name: "d", Digest: "1", Source: incompressible(t, 2*chunkBytes)}
	body, err := packBody(second)
	require.NoError(t, err)
	_, err = b.putChunks(t.Context(), "1", second, "content of another", body) // and then it crashed
	require.NoError(t, err)
	require.NoError(t, a.Put(t.Context(), "1", first))
	require.NoError(t, b.Put(t.Context(), "1", second))
	got, err := b.Get(t.Context(), "1", refTo(first))
	require.NoError(t, err)
	require.Equal(t, first, got)
}

// TestPutCutOff: a Put that is stopped at any call leaves no dataset or a whole
// one, and can be repeated.
func TestPutCutOff(t *testing.T) {
	t.Parallel()
	for k := 1; ; k++ {
		a, b, below := newStores(t)
		d := mlflow.Dataset{Name: "d", Digest: "1", Source: incompressible(t, chunkBytes)}
		below.SetPlan(faulty.StopAt(k, k%2 == 0))
		err := a.Put(t.Context(), "1", d)
		below.SetPlan(nil)
		got, getErr := b.Get(t.Context(), "1", refTo(d))
		require.NoError(t, getErr)
		if err == nil {
			require.Equal(t, d, got)
			require.Equal(t, 4, k, "a read, the chunks, and the item that names them")
			return
		}
		require.Contains(t, []mlflow.Dataset{{Name: "d", Digest: "1"}, d}, got)
		require.NoError(t, b.Put(t.Context(), "1", d))
		again, err := a.Get(t.Context(), "1", refTo(d))
		require.NoError(t, err)
		require.Equal(t, d, again)
	}
}

// TestCached: a dataset that has been read is not read again, nor put, unless it
// is so large that it is not held.
func TestCached(t *testing.T) {
	t.Parallel()
	a, b, below := newStores(t)
	for size, calls := range map[int]int{100: 0, cachedBodyBytes: 2} {
		d := mlflow.Dataset{Name: "d", Digest: fmt.Sprint(size), Source: incompressible(t, size)}
		require.NoError(t, a.Put(t.Context(), "1", d))
		_, err := b.Get(t.Context(), "1", refTo(d))
		require.NoError(t, err)
		below.SetPlan(nil)
		_, err = b.Get(t.Context(), "1", refTo(d))
		require.NoError(t, err)
		require.NoError(t, b.Put(t.Context(), "1", d))
		require.Equal(t, calls, below.Calls())
	}
}

// TestUses: a use is one row for each context, none included, however often it is
// put, and comes back as it was.
func TestUses(t *testing.T) {
	t.Parallel()
	a, _, _ := newStores(t)
	ref := func(name string, contexts ...string) run.DatasetRef {
		r := run.DatasetRef{Name: name, Digest: "1"}
		for _, c := range contexts {
			r.Tags = packed.Dict{mlflow.DatasetContextTag, c}
		}
		return r
	}
	for _, r := range []run.DatasetRef{ref("d"), ref("d", "train"), ref("d", ""), ref("e", "eval"), ref("d", "train")} {
		require.NoError(t, a.Table.Put(t.Context(), table.Put{Item: a.Use("1", r)}))
	}
	got, err := a.usesOf(t.Context(), "1")
	require.NoError(t, err)
	require.ElementsMatch(t, []mlflow.DatasetSummary{
		{ExperimentID: "1", Name: "d", Digest: "1"},
		{ExperimentID: "1", Name: "d", Digest: "1", Context: new("")},
		{ExperimentID: "1", Name: "d", Digest: "1", Context: new("train")},
		{ExperimentID: "1", Name: "e", Digest: "1", Context: new("eval")},
	}, got)
	none, err := a.usesOf(t.Context(), "2")
	require.NoError(t, err)
	require.Empty(t, none)
}

// TestCompareContexts: no context comes before any, the empty one included.
func TestCompareContexts(t *testing.T) {
	t.Parallel()
	list := []*string{new("b"), nil, new(""), new("a")}
	slices.SortFunc(list, compareContexts)
	require.Equal(t, []*string{nil, new(""), new("a"), new("b")}, list)
	require.Zero(t, compareContexts(nil, nil))
}

// TestSearchBounds: a search names 1 to 20 experiments.
func TestSearchBounds(t *testing.T) {
	t.Parallel()
	a, _, _ := newStores(t)
	_, err := a.Search(t.Context(), nil)
	require.EqualError(t, err, "INVALID_PARAMETER_VALUE: SearchDatasets request must specify at least one experiment_id.")
	_, err = a.Search(t.Context(), make([]string, 21))
	require.EqualError(t, err, "INVALID_PARAMETER_VALUE: SearchDatasets request cannot specify more than 20 experiment_ids. "+
		"Received 21 experiment_ids.")
}
