package dynamodbstore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

// logDataset logs a dataset as an input of a run.
func logDataset(t tester, s *dynamodbstore.Store, run, name, digest string, tags ...dynamodbstore.Tag) {
	t.Helper()
	require.NoError(t, s.LogInputs(t.Context(), dynamodbstore.LogInputsParams{RunID: run, Datasets: []dynamodbstore.DatasetInput{{
		Dataset: dynamodbstore.Dataset{Name: name, Digest: digest, SourceType: "local", Source: "x"}, Tags: tags,
	}}}))
}

// datasetRows are the values of the index rows of one field of datasets.
func datasetRows(t tester, tab table.Table, exp, field string) []string {
	t.Helper()
	var values []string
	for _, it := range partition(t, tab, keys.Workspace("default").IndexPK(exp, keys.IndexDataset, field)) {
		values = append(values, keys.Classify(it.Key).Value)
	}
	return values
}

// TestDatasetIndex follows the index rows of a run's datasets: none while it
// is open, one for each distinct value when it has settled, those of an input
// that is logged late when it settles again.
func TestDatasetIndex(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		exp := experiment(t, s, "datasets")
		run := newRun(t, s, exp, 1)
		logDataset(t, s, run, "iris", "1", dynamodbstore.Tag{Key: "mlflow.data.context", Value: "train"})
		logDataset(t, s, run, "iris", "2", dynamodbstore.Tag{Key: "other", Value: "x"})
		require.Empty(t, datasetRows(t, tab, exp, "name"))
		finish(t, s, run)
		require.Equal(t, []string{"iris\x00"}, datasetRows(t, tab, exp, "name"))
		require.Equal(t, []string{"1\x00", "2\x00"}, datasetRows(t, tab, exp, "digest"))
		require.Equal(t, []string{"train\x00"}, datasetRows(t, tab, exp, "context"))
		logDataset(t, s, run, "late", "3")
		find := func(where string) []string {
			return runIDs(allRuns(t, s, dynamodbstore.SearchRunsParams{ExperimentIDs: []string{exp}, Filter: where}))
		}
		require.Equal(t, []string{run}, find("datasets.name = 'late'"))
		finish(t, s, run)
		require.Equal(t, []string{"iris\x00", "late\x00"}, datasetRows(t, tab, exp, "name"))
		require.Equal(t, []string{run}, find("datasets.name = 'late' AND datasets.context IN ('train', 'test') AND datasets.digest LIKE '2%'"))
		require.Empty(t, find("datasets.name = 'late' AND datasets.context = 'test'"))
		checkTable(t, tab, s, "default", false)
	})
}

// TestDatasetIndexOfOldTable: runs that a version without index rows of
// datasets has settled are found, by the run list until a backfill has
// indexed them.
func TestDatasetIndexOfOldTable(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		exp := experiment(t, s, "old")
		want := make([]string, 30)
		for i := range want {
			want[len(want)-1-i] = newRun(t, s, exp, int64(i))
			logDataset(t, s, want[len(want)-1-i], "iris", "1")
			finish(t, s, want[len(want)-1-i])
		}
		for i := range 100 { // newer ones, so that the list is not worth reading
			finish(t, s, newRun(t, s, exp, int64(1000+i)))
		}
		makeOld(t, tab, exp)
		s = open(t, tab, clock)
		find := func() string {
			var e dynamodbstore.Explanation
			page, err := s.SearchRuns(dynamodbstore.WithExplanation(t.Context(), &e), dynamodbstore.SearchRunsParams{
				ExperimentIDs: []string{exp}, Filter: "datasets.name = 'iris'",
			})
			require.NoError(t, err)
			require.Equal(t, want, runIDs(page.Items))
			return e.Plan
		}
		require.Equal(t, "run list", find())
		report, err := s.BackfillTrigrams(t.Context(), noServers())
		require.NoError(t, err)
		require.Contains(t, report.Complete, "datasets")
		require.Len(t, datasetRows(t, tab, exp, "name"), len(want))
		require.Contains(t, find(), "candidates from indexes")
		checkTable(t, tab, s, "default", false)
	})
}

// makeOld takes away what a version without index rows of datasets did not
// write: the rows, what list rows say of them, and the mark.
func makeOld(t *testing.T, tab table.Table, exp string) {
	t.Helper()
	ks := keys.Workspace("default")
	for _, field := range []string{"name", "digest"} {
		for _, it := range partition(t, tab, ks.IndexPK(exp, keys.IndexDataset, field)) {
			require.NoError(t, tab.Delete(t.Context(), table.Delete{Key: it.Key}))
		}
	}
	rows := partition(t, tab, ks.RunsPK(exp))
	for i := range rows {
		require.Equal(t, []string{"d"}, strs(rows[i], keys.Indexed))
		rows[i].Set(keys.Indexed, table.List(nil))
	}
	fields := configItem(t, tab, "FTS_TRIGRAM_FIELDS")
	require.Contains(t, strs(fields, "backfilled"), "datasets")
	fields.Set("backfilled", table.List([]string{"experiment_name", "run_name", "model_name"}))
	for _, it := range append(rows, fields) {
		require.NoError(t, tab.Put(t.Context(), table.Put{Item: it}))
	}
}

// TestStopManyDatasets stops a call that logs more datasets than one write puts
// uses of, at each of its table calls: repeated, it completes what a search for
// datasets finds.
func TestStopManyDatasets(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		ft := faulty.Wrap(tab, nil)
		s := open(t, ft, clock)
		var inputs []dynamodbstore.DatasetInput
		for i := range 11 {
			in := dynamodbstore.DatasetInput{Dataset: dynamodbstore.Dataset{Name: fmt.Sprintf("d%03d", i), Digest: "1", SourceType: "local", Source: "x"}}
			if i%2 == 0 {
				in.Tags = []dynamodbstore.Tag{tag("mlflow.data.context", "training")}
			}
			inputs = append(inputs, in)
		}
		stopped := 0
		for k := 1; ; k++ {
			for _, applied := range []bool{false, true} {
				ft.SetPlan(nil)
				exp := experiment(t, s, fmt.Sprint("e", k, applied))
				run := newRun(t, s, exp, 1)
				p := dynamodbstore.LogInputsParams{RunID: run, Datasets: inputs}
				cut := view(t, ft, clock.Now, "default")
				ft.SetPlan(faulty.StopAt(k, applied))
				err := cut.LogInputs(t.Context(), p)
				reached := ft.Calls() >= k
				ft.SetPlan(nil)
				require.NoError(t, cut.Close())
				if !reached {
					require.NoError(t, err)
					require.Greater(t, stopped, 2)
					return
				}
				stopped++
				again := view(t, ft, clock.Now, "default")
				require.NoError(t, again.LogInputs(t.Context(), p))
				require.NoError(t, again.Close())
				uses, err := s.SearchDatasets(t.Context(), []string{exp})
				require.NoError(t, err)
				require.Len(t, uses, len(inputs), "stopped at call %d, applied %t", k, applied)
			}
		}
	})
}

// TestUsesOfFullRun: a dataset that stands outside of the head of a run keeps
// its context too, whichever server is asked to log it in another one.
func TestUsesOfFullRun(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		exp := experiment(t, s, "full")
		run := newRun(t, s, exp, 1)
		for i := range 5 { // from then on the head takes no entry more
			require.NoError(t, s.LogParam(t.Context(), run, dynamodbstore.Param{Key: fmt.Sprint("p", i), Value: strings.Repeat("x", 5900)}))
		}
		logDataset(t, s, run, "iris", "1", tag("mlflow.data.context", "train"))
		want := []dynamodbstore.DatasetSummary{{ExperimentID: exp, Name: "iris", Digest: "1", Context: new("train")}}
		for _, other := range []*dynamodbstore.Store{s, open(t, tab, clock)} {
			logDataset(t, other, run, "iris", "1", tag("mlflow.data.context", "test"))
			logDataset(t, other, run, "iris", "1")
			uses, err := s.SearchDatasets(t.Context(), []string{exp})
			require.NoError(t, err)
			require.Equal(t, want, uses)
		}
	})
}
