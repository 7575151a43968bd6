package dynamodbstore_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// tester is a *testing.T or a *rapid.T.
type tester interface {
	require.TestingT
	Helper()
	Context() context.Context
}

// stillClock stands still until it is put forward, so that the same work gives
// the same times.
type stillClock struct{ at atomic.Int64 }

func newStillClock() *stillClock {
	c := &stillClock{}
	c.at.Store(time.Now().Truncate(time.Second).UnixNano())
	return c
}

func (c *stillClock) Now() time.Time          { return time.Unix(0, c.at.Load()) }
func (c *stillClock) Advance(d time.Duration) { c.at.Add(int64(d)) }

// view is a Store of one workspace on a table, without Init.
func view(t tester, tab table.Table, clock func() time.Time, workspace string, opts ...dynamodbstore.Option) *dynamodbstore.Store {
	t.Helper()
	opts = append([]dynamodbstore.Option{
		dynamodbstore.WithClock(clock), dynamodbstore.WithWorkspace(workspace), dynamodbstore.TimesAsGiven(),
	}, opts...)
	s, err := dynamodbstore.OpenTable(keepOpen{tab}, opts...)
	require.NoError(t, err)
	return s
}

// sight is everything that the reads of a Store show of a workspace, one fact
// a line, with names in place of ids, so that the sights of two workspaces can
// be compared.
type sight map[string]string

// sightKeys is how many metrics of a run have their history looked at.
const sightKeys = 3

// look reads everything, by every path, and fails the test if two paths
// disagree. Run names have to be unique, but for repeated creations.
func look(t tester, s *dynamodbstore.Store) sight {
	t.Helper()
	out := sight{}
	names := map[string]string{} // of experiments, by id
	for _, e := range allExperiments(t, s, dynamodbstore.ViewAll) {
		names[e.ID] = e.Name
		lookAtExperiment(t, s, out, e)
	}
	ids := slices.Sorted(maps.Keys(names))
	all := allRuns(t, s, dynamodbstore.SearchRunsParams{ExperimentIDs: ids, View: dynamodbstore.ViewAll})
	stages := map[dynamodbstore.LifecycleStage][]string{}
	seen := map[string]int{}
	for _, r := range all {
		label := r.Info.Name
		if seen[r.Info.Name]++; seen[r.Info.Name] > 1 {
			label += fmt.Sprint(" again ", seen[r.Info.Name])
		}
		stages[r.Info.LifecycleStage] = append(stages[r.Info.LifecycleStage], r.Info.RunID)
		lookAtRun(t, s, out, label, names[r.Info.ExperimentID], r)
	}
	for view, stage := range map[dynamodbstore.ViewType]dynamodbstore.LifecycleStage{
		dynamodbstore.ViewActiveOnly: dynamodbstore.StageActive, dynamodbstore.ViewDeletedOnly: dynamodbstore.StageDeleted,
	} {
		found := allRuns(t, s, dynamodbstore.SearchRunsParams{ExperimentIDs: ids, View: view})
		require.Equal(t, stages[stage], runIDs(found), "runs of the view of %s ones", stage)
	}
	lookThroughIndexes(t, s, ids, all)
	lookAtModels(t, s, out)
	lookAtLoggedModels(t, s, out, names)
	return out
}

// lookThroughIndexes fails the test if a search through an index finds other
// runs than one of the run list.
func lookThroughIndexes(t tester, s *dynamodbstore.Store, exps []string, all []*dynamodbstore.Run) {
	t.Helper()
	plain := dynamodbstore.ListOnly(s)
	searches := []dynamodbstore.SearchRunsParams{
		{Filter: "tags.t0 = 'v'"}, {OrderBy: []string{"attributes.run_name DESC"}}, {OrderBy: []string{"tags.`mlflow.user`"}},
	}
	for _, r := range all[:min(len(all), 2)] {
		if len(r.Info.Name) >= 3 && !strings.Contains(r.Info.Name, "'") {
			searches = append(searches, dynamodbstore.SearchRunsParams{Filter: "attributes.run_name LIKE '%" + r.Info.Name[:3] + "%'"})
		}
		for _, d := range r.Inputs.Datasets {
			searches = append(searches, dynamodbstore.SearchRunsParams{Filter: "datasets.name = '" + d.Dataset.Name + "'"},
				dynamodbstore.SearchRunsParams{Filter: "datasets.digest IN ('" + d.Dataset.Digest + "', 'none')"})
		}
		for _, m := range r.Metrics[:min(len(r.Metrics), 1)] {
			searches = append(searches, dynamodbstore.SearchRunsParams{OrderBy: []string{"metrics.`" + m.Key + "` DESC"}, MaxResults: 1})
		}
		for _, p := range r.Params[:min(len(r.Params), 1)] {
			if len(p.Value) < 100 && !strings.Contains(p.Value, "'") {
				searches = append(searches, dynamodbstore.SearchRunsParams{Filter: "params.`" + p.Key + "` = '" + p.Value + "'"})
			}
		}
	}
	for _, p := range searches {
		p.ExperimentIDs, p.View = exps, dynamodbstore.ViewAll
		require.Equal(t, runIDs(allRuns(t, plain, p)), runIDs(allRuns(t, s, p)), "filter %q, order %v", p.Filter, p.OrderBy)
	}
}

func lookAtExperiment(t tester, s *dynamodbstore.Store, out sight, e *dynamodbstore.Experiment) {
	t.Helper()
	got, err := s.GetExperiment(t.Context(), e.ID)
	require.NoError(t, err)
	require.Equal(t, e, got, "search and get of experiment %s", e.Name)
	got, err = s.GetExperimentByName(t.Context(), e.Name)
	require.NoError(t, err)
	require.Equal(t, e, got, "search and get by name of experiment %s", e.Name)
	at := "experiment " + e.Name
	require.NotContains(t, out, at)
	out[at] = fmt.Sprint(strings.ReplaceAll(e.ArtifactLocation, e.ID, "ID"), e.LifecycleStage, e.CreationTime, e.LastUpdateTime)
	for _, tag := range e.Tags {
		out[at+" tag "+tag.Key] = tag.Value
	}
}

func lookAtRun(t tester, s *dynamodbstore.Store, out sight, label, exp string, r *dynamodbstore.Run) {
	t.Helper()
	got, err := s.GetRun(t.Context(), r.Info.RunID)
	require.NoError(t, err)
	models := got.Inputs.Models
	got.Inputs.Models = nil
	require.Equal(t, runText(got), runText(r), "search and get of run %s", label)
	at := "run " + label
	require.NotContains(t, out, at)
	out[at] = exp + " " + infoText(r)
	for _, x := range r.Tags {
		out[at+" tag "+x.Key] = x.Value
	}
	for _, x := range r.Params {
		out[at+" param "+x.Key] = x.Value
	}
	for _, x := range r.Inputs.Datasets {
		out[at+" dataset "+x.Dataset.Name] = fmt.Sprint(x)
	}
	for _, x := range models {
		out[at+" model "+x] = ""
	}
	for i, x := range r.Metrics {
		out[at+" metric "+x.Key] = fmt.Sprint(x)
		if i < sightKeys || i == len(r.Metrics)-1 {
			for _, p := range history(t, s, r.Info.RunID, x.Key) {
				out[fmt.Sprint(at, " history ", p)] = ""
			}
		}
	}
}

// runText is all of a run; NaN equals itself in it.
func runText(r *dynamodbstore.Run) string {
	return fmt.Sprint(infoText(r), r.Metrics, r.Params, r.Tags, r.Inputs, r.Outputs)
}

func infoText(r *dynamodbstore.Run) string {
	end := "none"
	if r.Info.EndTime != nil {
		end = fmt.Sprint(*r.Info.EndTime)
	}
	uri := strings.ReplaceAll(r.Info.ArtifactURI, r.Info.RunID, "RUN")
	uri = strings.ReplaceAll(uri, "/"+r.Info.ExperimentID+"/", "/ID/")
	return fmt.Sprint(r.Info.Name, " ", r.Info.UserID, " ", r.Info.Status, " ", r.Info.StartTime, " ", end, " ", uri, " ", r.Info.LifecycleStage)
}

func runIDs(runs []*dynamodbstore.Run) []string {
	var ids []string
	for _, r := range runs {
		ids = append(ids, r.Info.RunID)
	}
	return ids
}

func allExperiments(t tester, s *dynamodbstore.Store, v dynamodbstore.ViewType) []*dynamodbstore.Experiment {
	t.Helper()
	var out []*dynamodbstore.Experiment
	for e, err := range s.AllExperiments(t.Context(), dynamodbstore.SearchExperimentsParams{View: v}) {
		require.NoError(t, err)
		out = append(out, e)
	}
	return out
}

func allRuns(t tester, s *dynamodbstore.Store, p dynamodbstore.SearchRunsParams) []*dynamodbstore.Run {
	t.Helper()
	var out []*dynamodbstore.Run
	for r, err := range s.AllRuns(t.Context(), p) {
		require.NoError(t, err)
		out = append(out, r)
	}
	return out
}

func history(t tester, s *dynamodbstore.Store, run, key string) []dynamodbstore.Metric {
	t.Helper()
	page, err := s.MetricHistory(t.Context(), dynamodbstore.MetricHistoryParams{RunID: run, Key: key})
	require.NoError(t, err)
	require.Empty(t, page.NextPageToken)
	return page.Items
}

// checkTable asserts what holds of the items of a workspace at any time: no
// row is behind its document, nothing that lives expires, names are those of
// the experiments. When all runs have been idle for long, rows are settled too.
func checkTable(t tester, tab table.Table, s *dynamodbstore.Store, workspace string, settled bool) {
	t.Helper()
	ks := keys.Workspace(workspace)
	experiments := allExperiments(t, s, dynamodbstore.ViewAll)
	names := partition(t, tab, ks.ExperimentName("").PK)
	names = slices.DeleteFunc(names, func(it table.Item) bool { return keys.Classify(it.Key).Kind != keys.KindExperimentName })
	require.Len(t, names, len(experiments), "name rows")
	checkModels(t, tab, s)
	checkLoggedModels(t, tab, s, ks, experiments)
	require.Len(t, partition(t, tab, ks.ExperimentsPK()), 2*len(experiments), "rows of the experiment lists")
	for _, e := range experiments {
		doc := item(t, tab, ks.Experiment(e.ID))
		name := item(t, tab, ks.ExperimentName(e.Name))
		require.Equal(t, e.ID, name.Str(keys.ExpID), "experiment of the name %s", e.Name)
		require.Equal(t, doc.Num(table.TTLAttr), name.Num(table.TTLAttr), "expiry of the name %s", e.Name)
		if e.LifecycleStage == dynamodbstore.StageActive {
			requireLasting(t, doc)
		}
		runs := allRuns(t, s, dynamodbstore.SearchRunsParams{ExperimentIDs: []string{e.ID}, View: dynamodbstore.ViewAll})
		if settled {
			require.Len(t, partition(t, tab, ks.RunsPK(e.ID)), len(runs), "list rows of experiment %s", e.Name)
		}
		trigrams, err := dynamodbstore.ExperimentIndexKeys(t.Context(), s, e.ID)
		require.NoError(t, err)
		requireItems(t, tab, trigrams, "experiment "+e.Name)
		for _, r := range runs {
			checkRun(t, tab, ks, r, settled)
			checkIndex(t, tab, s, ks, r)
		}
	}
}

func checkRun(t tester, tab table.Table, ks keys.Space, r *dynamodbstore.Run, settled bool) {
	t.Helper()
	info := r.Info
	head := item(t, tab, ks.Run(info.RunID))
	row := item(t, tab, ks.RunRow(info.ExperimentID, info.StartTime, info.RunID))
	require.GreaterOrEqual(t, row.Num(keys.Gen), head.Num(keys.Gen), "generations of row and head of run %s", info.Name)
	if row.Str(keys.State) == keys.StateClosed {
		require.Equal(t, keys.StateClosed, head.Str(keys.State), "head of run %s", info.Name)
		require.Equal(t, row.Num(keys.Gen), head.Num(keys.Gen), "generations of row and head of run %s", info.Name)
	}
	if head.Str(keys.State) == keys.StateClosed {
		registers := item(t, tab, ks.RunMetrics(info.RunID, 0))
		require.Equal(t, keys.StateClosed, registers.Str(keys.State), "registers of run %s", info.Name)
		require.GreaterOrEqual(t, registers.Num(keys.Gen), head.Num(keys.Gen), "registers of run %s", info.Name)
	} else {
		requireLasting(t, item(t, tab, ks.OpenRow(info.ExperimentID, info.RunID, head.Num(keys.Gen))))
	}
	if settled {
		require.Equal(t, keys.StateClosed, row.Str(keys.State), "list row of run %s", info.Name)
	}
	if info.LifecycleStage == dynamodbstore.StageActive {
		requireLasting(t, row)
		requireLasting(t, partition(t, tab, ks.RunPK(info.RunID))...)
	}
}

// checkIndex asserts that no search can miss a run: it has all its index rows,
// or an open row that stays.
func checkIndex(t tester, tab table.Table, s *dynamodbstore.Store, ks keys.Space, r *dynamodbstore.Run) {
	t.Helper()
	info := r.Info
	row := item(t, tab, ks.RunRow(info.ExperimentID, info.StartTime, info.RunID))
	if _, indexed := row.Get(keys.Indexed); row.Str(keys.State) == keys.StateClosed && indexed {
		rows, err := dynamodbstore.RunIndexKeys(t.Context(), s, info.RunID)
		require.NoError(t, err)
		requireItems(t, tab, rows, "run "+info.Name)
		return
	}
	open := item(t, tab, ks.OpenRow(info.ExperimentID, info.RunID, row.Num(keys.Gen)))
	if expiry, expires := open.Get(table.TTLAttr); expires {
		head := item(t, tab, ks.Run(info.RunID))
		require.Equal(t, head.Num(table.TTLAttr), expiry.Num(), "expiry of the open row of run %s", info.Name)
	}
}

func requireItems(t tester, tab table.Table, ks []table.Key, of string) {
	t.Helper()
	items, err := tab.BatchGet(t.Context(), ks, table.Strong)
	require.NoError(t, err)
	found := map[table.Key]bool{}
	for _, it := range items {
		found[it.Key] = true
	}
	for _, k := range ks {
		require.True(t, found[k], "index row %q %q of %s is missing", k.PK, k.SK, of)
	}
}

func partition(t tester, tab table.Table, pk string) []table.Item {
	t.Helper()
	var out []table.Item
	for it, err := range table.Items(t.Context(), tab, table.Query{PK: pk, From: "0", To: keys.Last}) {
		require.NoError(t, err)
		out = append(out, it)
	}
	return out
}

func item(t tester, tab table.Table, key table.Key) table.Item {
	t.Helper()
	it, found, err := tab.Get(t.Context(), key, table.Strong)
	require.NoError(t, err)
	require.True(t, found, "item %q %q", key.PK, key.SK)
	return it
}

func requireLasting(t tester, items ...table.Item) {
	t.Helper()
	for _, it := range items {
		_, expires := it.Get(table.TTLAttr)
		require.False(t, expires, "item %q %q lives and expires", it.Key.PK, it.Key.SK)
	}
}
