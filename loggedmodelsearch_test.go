package dynamodbstore_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

// loggedFilters are filters with what they mean.
var loggedFilters = map[string]func(m *dynamodbstore.LoggedModel) bool{
	"":                  func(*dynamodbstore.LoggedModel) bool { return true },
	"name = 'n1'":       func(m *dynamodbstore.LoggedModel) bool { return m.Name == "n1" },
	"name ILIKE 'N%'":   func(*dynamodbstore.LoggedModel) bool { return true },
	"status = 'READY'":  func(m *dynamodbstore.LoggedModel) bool { return m.Status == dynamodbstore.LoggedModelReady },
	"params.p != '1'":   func(m *dynamodbstore.LoggedModel) bool { return len(m.Params) > 0 && m.Params[0].Value != "1" },
	"tags.t IN ('0')":   func(m *dynamodbstore.LoggedModel) bool { return len(m.Tags) > 0 && m.Tags[0].Value == "0" },
	"metrics.a >= 1":    func(m *dynamodbstore.LoggedModel) bool { return latestIs(m, func(v float64) bool { return v >= 1 }) },
	"metrics.a = 0":     func(m *dynamodbstore.LoggedModel) bool { return latestIs(m, func(v float64) bool { return v == 0 }) },
	"source_run_id='r'": func(m *dynamodbstore.LoggedModel) bool { return m.SourceRunID == "r" },
	"source_run_id='r' AND metrics.a > 0": func(m *dynamodbstore.LoggedModel) bool {
		return m.SourceRunID == "r" && latestIs(m, func(v float64) bool { return v > 0 })
	},
}

func latestIs(m *dynamodbstore.LoggedModel, right func(v float64) bool) bool {
	p, ok := latestOf(m, func(dynamodbstore.RunMetric) bool { return true })
	return ok && right(p.Value)
}

// latestOf is the latest point of a model among some: by step, timestamp and
// value.
func latestOf(m *dynamodbstore.LoggedModel, among func(p dynamodbstore.RunMetric) bool) (latest dynamodbstore.RunMetric, ok bool) {
	for _, p := range m.Metrics {
		if among(p) && (!ok || cmp.Or(cmp.Compare(p.Step, latest.Step), cmp.Compare(p.Timestamp, latest.Timestamp),
			cmp.Compare(p.Value, latest.Value)) > 0) {
			latest, ok = p, true
		}
	}
	return latest, ok
}

// loggedOrders are orders with what they compare; absent values are last.
var loggedOrders = map[string]func(a, b *dynamodbstore.LoggedModel) int{
	"name":                   func(a, b *dynamodbstore.LoggedModel) int { return strings.Compare(a.Name, b.Name) },
	"last_updated_timestamp": func(a, b *dynamodbstore.LoggedModel) int { return cmp.Compare(a.LastUpdateTime, b.LastUpdateTime) },
	"creation_timestamp":     func(a, b *dynamodbstore.LoggedModel) int { return cmp.Compare(a.CreationTime, b.CreationTime) },
	"artifact_location":      func(a, b *dynamodbstore.LoggedModel) int { return strings.Compare(a.ArtifactURI, b.ArtifactURI) },
	"metrics.a":              nil,
}

// TestSearchLoggedModels compares searches, page by page, with the same in
// memory.
func TestSearchLoggedModels(t *testing.T) {
	t.Parallel()
	clock := newStillClock()
	tab := memoryTable(t, clock)
	spaces := 0
	rapid.Check(t, func(rt *rapid.T) {
		spaces++
		s := view(rt, tab, clock.Now, fmt.Sprint("w", spaces))
		defer func() { require.NoError(rt, s.Close()) }()
		require.NoError(rt, s.Init(t.Context()))
		exps := []string{"0", ""}
		var err error
		exps[1], err = s.CreateExperiment(t.Context(), dynamodbstore.CreateExperimentParams{Name: "x"})
		require.NoError(rt, err)
		all := drawLoggedModels(rt, s, clock, exps)
		for range 6 {
			compareLoggedSearch(rt, s, exps, all)
		}
	})
}

func drawLoggedModels(t *rapid.T, s *dynamodbstore.Store, clock *stillClock, exps []string) []*dynamodbstore.LoggedModel {
	r, err := s.CreateRun(t.Context(), dynamodbstore.CreateRunParams{ExperimentID: "0", Name: "r"})
	require.NoError(t, err)
	var all []*dynamodbstore.LoggedModel
	for range rapid.IntRange(0, 8).Draw(t, "models") {
		p := dynamodbstore.CreateLoggedModelParams{
			ExperimentID: rapid.SampledFrom(exps).Draw(t, "experiment"), Name: rapid.SampledFrom([]string{"n1", "n2", "N3"}).Draw(t, "name"),
			SourceRunID: rapid.SampledFrom([]string{"", "r", "r#x"}).Draw(t, "run"),
		}
		if rapid.Bool().Draw(t, "param") {
			p.Params = []dynamodbstore.Param{{Key: "p", Value: rapid.SampledFrom([]string{"0", "1"}).Draw(t, "value")}}
		}
		if rapid.Bool().Draw(t, "tag") {
			p.Tags = []dynamodbstore.Tag{tag("t", rapid.SampledFrom([]string{"0", "1"}).Draw(t, "value"))}
		}
		if rapid.IntRange(0, 4).Draw(t, "wide") == 0 {
			p.Tags = append(p.Tags, tag("zz", strings.Repeat("z", 14000)))
		}
		m, err := s.CreateLoggedModel(t.Context(), p)
		require.NoError(t, err)
		for step := range rapid.IntRange(0, 3).Draw(t, "points") {
			require.NoError(t, s.LogMetric(t.Context(), r.Info.RunID, dynamodbstore.Metric{
				Key: "a", Step: int64(step), Timestamp: rapid.Int64Range(0, 2).Draw(t, "time"),
				Value: rapid.Float64Range(-1, 3).Draw(t, "value"), ModelID: m.ID,
			}))
		}
		clock.Advance(time.Duration(rapid.IntRange(0, 1).Draw(t, "tick")) * time.Second)
		if rapid.Bool().Draw(t, "ready") {
			_, err = s.FinalizeLoggedModel(t.Context(), m.ID, dynamodbstore.LoggedModelReady)
			require.NoError(t, err)
		}
		if rapid.IntRange(0, 5).Draw(t, "deleted") == 0 {
			require.NoError(t, s.DeleteLoggedModel(t.Context(), m.ID))
			continue
		}
		m, err = s.GetLoggedModel(t.Context(), m.ID)
		require.NoError(t, err)
		all = append(all, m)
	}
	return all
}

func compareLoggedSearch(t *rapid.T, s *dynamodbstore.Store, exps []string, all []*dynamodbstore.LoggedModel) {
	p := dynamodbstore.SearchLoggedModelsParams{
		ExperimentIDs: exps[:rapid.IntRange(1, 2).Draw(t, "experiments")],
		Filter:        rapid.SampledFrom(sortedKeys(loggedFilters)).Draw(t, "filter"),
		MaxResults:    rapid.IntRange(1, 5).Draw(t, "max"),
	}
	order := rapid.SampledFrom(append(sortedKeys(loggedOrders), "")).Draw(t, "order")
	desc := rapid.Bool().Draw(t, "desc")
	if order != "" {
		p.OrderBy = []dynamodbstore.LoggedModelOrder{{Field: order, Descending: desc}}
	}
	var want []*dynamodbstore.LoggedModel
	for _, m := range all {
		if slices.Contains(p.ExperimentIDs, m.ExperimentID) && loggedFilters[p.Filter](m) {
			want = append(want, m)
		}
	}
	slices.SortFunc(want, func(a, b *dynamodbstore.LoggedModel) int {
		c := 0
		switch {
		case order == "metrics.a":
			c = compareLatest(a, b, desc)
		case order != "" && desc:
			c = -loggedOrders[order](a, b)
		case order != "":
			c = loggedOrders[order](a, b)
		}
		return cmp.Or(c, -cmp.Compare(a.CreationTime, b.CreationTime), strings.Compare(a.ID, b.ID))
	})
	require.Equal(t, want, allLoggedModels(t, s, p), "%+v", p)
}

// compareLatest compares the latest points of metric a.
func compareLatest(a, b *dynamodbstore.LoggedModel, desc bool) int {
	all := func(dynamodbstore.RunMetric) bool { return true }
	p, hasA := latestOf(a, all)
	q, hasB := latestOf(b, all)
	switch {
	case !hasA || !hasB:
		return cmp.Compare(fmt.Sprint(!hasA), fmt.Sprint(!hasB))
	case desc:
		return cmp.Compare(q.Value, p.Value)
	default:
		return cmp.Compare(p.Value, q.Value)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// TestLoggedModelDatasets: points of other datasets do not count.
func TestLoggedModelDatasets(t *testing.T) {
	t.Parallel()
	clock := newStillClock()
	s := gcStore(t, memoryTable(t, clock), clock)
	run := newRun(t, s, "0", 1)
	m := loggedModel(t, s, dynamodbstore.CreateLoggedModelParams{ExperimentID: "0", Name: "a"})
	other := loggedModel(t, s, dynamodbstore.CreateLoggedModelParams{ExperimentID: "0", Name: "b"})
	for i, p := range []dynamodbstore.Metric{
		{Key: "acc", Value: 2.5, ModelID: m.ID, DatasetName: "d1", DatasetDigest: "g1"},
		{Key: "acc", Value: 0.5, ModelID: m.ID, DatasetName: "d2", DatasetDigest: "g2"},
		{Key: "acc", Value: 1, ModelID: other.ID},
	} {
		p.Timestamp = int64(i)
		require.NoError(t, s.LogMetric(t.Context(), run, p))
	}
	names := func(filter string, order []dynamodbstore.LoggedModelOrder, datasets ...dynamodbstore.DatasetFilter) string {
		out := ""
		for _, m := range allLoggedModels(t, s, dynamodbstore.SearchLoggedModelsParams{
			ExperimentIDs: []string{"0"}, Filter: filter, Datasets: datasets, OrderBy: order,
		}) {
			out += m.Name
		}
		return out
	}
	d1 := dynamodbstore.DatasetFilter{Name: "d1", Digest: "g1"}
	require.Equal(t, "a", names("", nil, d1))
	require.Equal(t, "a", names("metrics.acc > 2", nil, d1))
	require.Empty(t, names("metrics.acc < 1", nil, d1))
	require.Equal(t, "a", names("metrics.acc < 1", nil, d1, dynamodbstore.DatasetFilter{Name: "d2"}))
	require.Empty(t, names("metrics.acc > 2", nil, d1, dynamodbstore.DatasetFilter{Name: "d2"}), "the latest is of d2")
	require.Empty(t, names("", nil, dynamodbstore.DatasetFilter{Name: "d1", Digest: "x"}))
	require.Equal(t, "ab", names("", []dynamodbstore.LoggedModelOrder{{Field: "metrics.acc"}}), "the latest is of d2")
	require.Equal(t, "ab", names("", []dynamodbstore.LoggedModelOrder{{Field: "metrics.acc", Dataset: d1, Descending: true}}))
	require.Equal(t, "ba", names("", []dynamodbstore.LoggedModelOrder{{Field: "metrics.acc", Descending: true}}))
	require.NoError(t, s.LogMetric(t.Context(), run, dynamodbstore.Metric{
		Key: "acc", Value: 3, Timestamp: 9, ModelID: other.ID, DatasetName: "d2", DatasetDigest: "g2",
	}))
	d2 := dynamodbstore.DatasetFilter{Name: "d2", Digest: "g2"}
	require.Equal(t, "ba", names("", []dynamodbstore.LoggedModelOrder{{Field: "metrics.acc", Descending: true}}, d1, d2))
	require.Equal(t, "a", names("", []dynamodbstore.LoggedModelOrder{{Field: "metrics.acc", Dataset: d2, Descending: true}}, d1),
		"ordered among the datasets of the search only")
}

// TestLoggedModelsByID: models that are looked up are of the experiments that
// are searched, not deleted, in order, and each once.
func TestLoggedModelsByID(t *testing.T) {
	t.Parallel()
	clock := newStillClock()
	s := gcStore(t, memoryTable(t, clock), clock)
	exp := experiment(t, s, "other")
	var ids []string
	for _, p := range []dynamodbstore.CreateLoggedModelParams{
		{ExperimentID: "0", Name: "a"}, {ExperimentID: "0", Name: "b"}, {ExperimentID: "0", Name: "gone"}, {ExperimentID: exp, Name: "c"},
	} {
		ids = append(ids, loggedModel(t, s, p).ID)
		clock.Advance(time.Second)
	}
	require.NoError(t, s.DeleteLoggedModel(t.Context(), ids[2]))
	names := func(filter string, exps ...string) (out []string) {
		for _, m := range allLoggedModels(t, s, dynamodbstore.SearchLoggedModelsParams{ExperimentIDs: exps, Filter: filter, MaxResults: 1}) {
			out = append(out, m.Name)
		}
		return out
	}
	all := "model_id IN ('" + strings.Join(append(ids, ids[0], "m-none"), "', '") + "')"
	require.Equal(t, []string{"b", "a"}, names(all, "0"))
	require.Equal(t, []string{"c", "b", "a"}, names(all, exp, "0"))
	require.Equal(t, []string{"a"}, names("model_id = '"+ids[0]+"'", "0", exp))
	require.Empty(t, names("model_id = '"+ids[2]+"'", "0"), "deleted")
	require.Empty(t, names("model_id = '"+ids[3]+"'", "0"), "of another experiment")
	require.Empty(t, names(all+" AND model_id = '"+ids[3]+"'", "0"))
}

// TestLoggedModelTokens: a token is for one search.
func TestLoggedModelTokens(t *testing.T) {
	t.Parallel()
	clock := newStillClock()
	s := gcStore(t, memoryTable(t, clock), clock)
	for range 3 {
		loggedModel(t, s, dynamodbstore.CreateLoggedModelParams{ExperimentID: "0"})
	}
	p := dynamodbstore.SearchLoggedModelsParams{ExperimentIDs: []string{"0"}, MaxResults: 1}
	page, err := s.SearchLoggedModels(t.Context(), p)
	require.NoError(t, err)
	p.PageToken = page.NextPageToken
	for want, change := range map[string]func(p *dynamodbstore.SearchLoggedModelsParams){
		"Experiment IDs in the page token do not match the requested experiment IDs. Expected: ['0', '1']. Found: ['0']": func(p *dynamodbstore.SearchLoggedModelsParams) {
			p.ExperimentIDs = []string{"0", "1"}
		},
		"Filter string in the page token does not match the requested filter string. Expected: name != 'x'. Found: None": func(p *dynamodbstore.SearchLoggedModelsParams) {
			p.Filter = "name != 'x'"
		},
		"Order by in the page token does not match the requested order by. Expected: [{'field_name': 'name', 'ascending': True, " +
			"'dataset_name': None, 'dataset_digest': None}]. Found: None": func(p *dynamodbstore.SearchLoggedModelsParams) {
			p.OrderBy = []dynamodbstore.LoggedModelOrder{{Field: "name"}}
		},
		"Invalid page token": func(p *dynamodbstore.SearchLoggedModelsParams) { p.PageToken = "e30=" },
	} {
		q := p
		change(&q)
		_, err := s.SearchLoggedModels(t.Context(), q)
		requireCode(t, dynamodbstore.CodeInvalidParameterValue, want, err)
	}
}

// TestSearchDatasets lists what runs have used, once in each context.
func TestSearchDatasets(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock)
		exp := experiment(t, s, "datasets")
		use := func(run, name string, tags ...dynamodbstore.Tag) {
			require.NoError(t, s.LogInputs(t.Context(), dynamodbstore.LogInputsParams{RunID: run, Datasets: []dynamodbstore.DatasetInput{
				{Dataset: dynamodbstore.Dataset{Name: name, Digest: "1", SourceType: "local", Source: "file"}, Tags: tags},
			}}))
		}
		first, second := newRun(t, s, exp, 1), newRun(t, s, exp, 2)
		use(first, "b", tag("mlflow.data.context", "train"))
		use(first, "a")
		use(first, "a", tag("mlflow.data.context", "too late"))
		use(second, "a", tag("mlflow.data.context", "eval"))
		use(second, "b", tag("mlflow.data.context", "train"))
		require.NoError(t, s.DeleteRun(t.Context(), first))
		got, err := s.SearchDatasets(t.Context(), []string{exp, "0", "999"})
		require.NoError(t, err)
		require.Equal(t, []dynamodbstore.DatasetSummary{
			{ExperimentID: exp, Name: "a", Digest: "1"},
			{ExperimentID: exp, Name: "a", Digest: "1", Context: new("eval")},
			{ExperimentID: exp, Name: "b", Digest: "1", Context: new("train")},
		}, got)
		_, err = s.SearchDatasets(t.Context(), nil)
		requireCode(t, dynamodbstore.CodeInvalidParameterValue, "SearchDatasets request must specify at least one experiment_id.", err)
		_, err = s.SearchDatasets(t.Context(), make([]string, 21))
		requireCode(t, dynamodbstore.CodeInvalidParameterValue, "more than 20 experiment_ids. Received 21 experiment_ids.", err)
	})
}

// TestLoggedModelBudgets holds logged models to what docs/benchmarks.md
// promises.
func TestLoggedModelBudgets(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		now := clock.Now()
		s := open(t, tab, clock, dynamodbstore.WithClock(func() time.Time { return now }))
		exp := experiment(t, s, "models")
		run := newRun(t, s, exp, 1)
		p := dynamodbstore.CreateLoggedModelParams{
			ExperimentID: exp, Name: "net", SourceRunID: run, Params: params(5, 0), Tags: []dynamodbstore.Tag{tag("team", "a")},
		}
		var id string
		u := cost(t, func(ctx context.Context) error {
			m, err := s.CreateLoggedModel(ctx, p)
			id = m.ID
			return err
		})
		held(t, "create_logged_model", u, budget{2, 1, 6})
		u = cost(t, func(ctx context.Context) error {
			_, err := s.FinalizeLoggedModel(ctx, id, dynamodbstore.LoggedModelReady)
			return err
		})
		held(t, "finalize_logged_model", u, budget{1, 0, 4})
		u = cost(t, func(ctx context.Context) error {
			return s.SetLoggedModelTags(ctx, id, []dynamodbstore.Tag{tag("a", "b")})
		})
		held(t, "set_logged_model_tags", u, budget{1, 0, 4})
		u = cost(t, func(ctx context.Context) error {
			return s.LogOutputs(ctx, run, []dynamodbstore.ModelOutput{{ModelID: id}})
		})
		held(t, "log_outputs", u, budget{1, 0, 1})
		points := metrics(10, 1, 0)
		u = cost(t, logBatch(s, newRun(t, s, exp, 2), points, nil))
		plain := u.Write
		for i := range points {
			points[i].ModelID = id
		}
		other := newRun(t, s, exp, 3)
		u = cost(t, logBatch(s, other, points, nil))
		held(t, "log_batch, 10 metrics of a logged model", u, budget{3, 0, plain + 8})
		u = cost(t, logBatch(s, other, points, nil))
		held(t, "log_batch, the same of a logged model again", u, budget{3, 1, plain})
		for range 60 {
			loggedModel(t, s, p)
		}
		u = cost(t, func(ctx context.Context) error {
			page, err := s.SearchLoggedModels(ctx, dynamodbstore.SearchLoggedModelsParams{ExperimentIDs: []string{exp}})
			require.Len(t, page.Items, 50)
			return err
		})
		held(t, "search_logged_models, page of 50", u, budget{2, 9, 0})
		u = cost(t, func(ctx context.Context) error {
			page, err := s.SearchLoggedModels(ctx, dynamodbstore.SearchLoggedModelsParams{
				ExperimentIDs: []string{exp}, Filter: "source_run_id = 'none'",
			})
			require.Empty(t, page.Items)
			return err
		})
		held(t, "search_logged_models, of a run without any", u, budget{2, 2, 0})
	})
}
