package storetest

import (
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"

	d "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

func loggedModelCases() []testCase {
	return []testCase{
		{"create and get", createLoggedModel},
		{"finalize", finalizeLoggedModel},
		{"delete", deleteLoggedModel},
		{"tags and params", loggedModelEntries},
		{"many long tags and params", manyLoggedModelEntries},
		{"metrics", loggedModelMetrics},
		{"many points", manyLoggedModelPoints},
		{"registered versions", registeredLoggedModel},
		{"search", searchLoggedModels},
		{"search pages", searchLoggedModelPages},
		{"outputs of runs", runOutputs},
		{"datasets", searchDatasets},
	}
}

func (b bundle) loggedModel(p d.CreateLoggedModelParams) *d.LoggedModel {
	b.t.Helper()
	m, err := b.CreateLoggedModel(b.ctx(), p)
	b.ok(err)
	return m
}

func (b bundle) getLogged(id string) *d.LoggedModel {
	b.t.Helper()
	m, err := b.GetLoggedModel(b.ctx(), id)
	b.ok(err)
	return m
}

// logged returns the names of all logged models that match, page by page.
func (b bundle) logged(p d.SearchLoggedModelsParams) []string {
	b.t.Helper()
	names := []string{}
	for {
		page, err := b.SearchLoggedModels(b.ctx(), p)
		b.ok(err)
		for _, m := range page.Items {
			names = append(names, m.Name)
			require.Equal(b.t, b.getLogged(m.ID), m)
		}
		if p.PageToken = page.NextPageToken; p.PageToken == "" {
			return names
		}
	}
}

func createLoggedModel(b bundle) {
	exp := b.experiment("e")
	run := b.run(exp, 1)
	m := b.loggedModel(d.CreateLoggedModelParams{
		ExperimentID: exp, Name: "net", ModelType: "cnn", SourceRunID: run,
		Params: []d.Param{{Key: "lr", Value: "1"}, {Key: "depth", Value: "2"}}, Tags: []d.Tag{{Key: "t", Value: "u"}},
	})
	e, err := b.GetExperiment(b.ctx(), exp)
	b.ok(err)
	require.Equal(b.t, &d.LoggedModel{
		ID: m.ID, ExperimentID: exp, Name: "net", ModelType: "cnn", SourceRunID: run, Status: d.LoggedModelPending,
		ArtifactURI: e.ArtifactLocation + "/models/" + m.ID + "/artifacts", LifecycleStage: d.StageActive,
		CreationTime: m.CreationTime, LastUpdateTime: m.CreationTime,
		Params: []d.Param{{Key: "depth", Value: "2"}, {Key: "lr", Value: "1"}}, Tags: []d.Tag{{Key: "t", Value: "u"}},
	}, m)
	require.Regexp(b.t, "^m-[0-9a-f]{32}$", m.ID)
	require.Equal(b.t, m, b.getLogged(m.ID))
	same := b.loggedModel(d.CreateLoggedModelParams{ExperimentID: exp, Name: "net"})
	require.NotEqual(b.t, m.ID, same.ID)
	require.NotEmpty(b.t, b.loggedModel(d.CreateLoggedModelParams{ExperimentID: exp}).Name)
	_, err = b.CreateLoggedModel(b.ctx(), d.CreateLoggedModelParams{ExperimentID: exp, Name: "a/b"})
	b.fails(err, d.CodeInvalidParameterValue, "Invalid model name ('a/b') provided…")
	_, err = b.CreateLoggedModel(b.ctx(), d.CreateLoggedModelParams{ExperimentID: "77", Name: "x"})
	require.ErrorIs(b.t, err, d.ErrNotFound)
	b.ok(b.DeleteExperiment(b.ctx(), exp))
	_, err = b.CreateLoggedModel(b.ctx(), d.CreateLoggedModelParams{ExperimentID: exp, Name: "x"})
	require.ErrorIs(b.t, err, d.ErrInvalid)
}

func finalizeLoggedModel(b bundle) {
	m := b.loggedModel(d.CreateLoggedModelParams{ExperimentID: "0", Name: "net"})
	for _, status := range []d.LoggedModelStatus{d.LoggedModelReady, d.LoggedModelFailed, d.LoggedModelReady} {
		got, err := b.FinalizeLoggedModel(b.ctx(), m.ID, status)
		b.ok(err)
		require.Equal(b.t, status, got.Status)
		require.GreaterOrEqual(b.t, got.LastUpdateTime, m.LastUpdateTime)
		require.Equal(b.t, got, b.getLogged(m.ID))
	}
	_, err := b.FinalizeLoggedModel(b.ctx(), "m-nope", d.LoggedModelReady)
	b.fails(err, d.CodeResourceDoesNotExist, "Logged model with ID 'm-nope' not found.")
}

func deleteLoggedModel(b bundle) {
	m := b.loggedModel(d.CreateLoggedModelParams{ExperimentID: "0", Name: "net", SourceRunID: "r"})
	b.loggedModel(d.CreateLoggedModelParams{ExperimentID: "0", Name: "other"})
	for range 2 {
		b.ok(b.DeleteLoggedModel(b.ctx(), m.ID))
		_, err := b.GetLoggedModel(b.ctx(), m.ID)
		b.fails(err, d.CodeResourceDoesNotExist, "Logged model with ID '"+m.ID+"' not found.")
		got, err := b.GetAnyLoggedModel(b.ctx(), m.ID)
		b.ok(err)
		require.Equal(b.t, d.StageDeleted, got.LifecycleStage)
		require.Equal(b.t, []string{"other"}, b.logged(d.SearchLoggedModelsParams{ExperimentIDs: []string{"0"}}))
		require.Empty(b.t, b.logged(d.SearchLoggedModelsParams{ExperimentIDs: []string{"0"}, Filter: "source_run_id = 'r'"}))
	}
	b.ok(b.SetLoggedModelTags(b.ctx(), m.ID, []d.Tag{{Key: "k", Value: "v"}})) // as MLflow
	b.fails(b.DeleteLoggedModel(b.ctx(), "m-nope"), d.CodeResourceDoesNotExist, "Logged model with ID 'm-nope' not found.")
}

func loggedModelEntries(b bundle) {
	id := b.loggedModel(d.CreateLoggedModelParams{ExperimentID: "0", Params: []d.Param{{Key: "lr", Value: "1"}}}).ID
	b.ok(b.SetLoggedModelTags(b.ctx(), id, []d.Tag{{Key: "a", Value: "1"}, {Key: "b", Value: ""}}))
	b.ok(b.SetLoggedModelTags(b.ctx(), id, []d.Tag{{Key: "a", Value: "2"}}))
	b.ok(b.LogLoggedModelParams(b.ctx(), id, []d.Param{{Key: "depth", Value: "3"}}))
	require.Equal(b.t, []d.Tag{{Key: "a", Value: "2"}, {Key: "b", Value: ""}}, b.getLogged(id).Tags)
	require.Equal(b.t, []d.Param{{Key: "depth", Value: "3"}, {Key: "lr", Value: "1"}}, b.getLogged(id).Params)
	err := b.LogLoggedModelParams(b.ctx(), id, []d.Param{{Key: "new", Value: "1"}, {Key: "lr", Value: "2"}})
	require.ErrorIs(b.t, err, d.ErrInvalid)
	require.Len(b.t, b.getLogged(id).Params, 2)
	b.ok(b.DeleteLoggedModelTag(b.ctx(), id, "a"))
	b.fails(b.DeleteLoggedModelTag(b.ctx(), id, "a"), d.CodeResourceDoesNotExist, "No tag with key 'a' found for model with ID '"+id+"'.")
	require.Equal(b.t, []d.Tag{{Key: "b", Value: ""}}, b.getLogged(id).Tags)
	missing := "Logged model with ID 'm-nope' not found."
	b.fails(b.SetLoggedModelTags(b.ctx(), "m-nope", []d.Tag{{Key: "a"}}), d.CodeResourceDoesNotExist, missing)
	b.fails(b.LogLoggedModelParams(b.ctx(), "m-nope", []d.Param{{Key: "a"}}), d.CodeResourceDoesNotExist, missing)
}

func manyLoggedModelEntries(b bundle) {
	var tags []d.Tag
	var params []d.Param
	for i := range 120 {
		tags = append(tags, d.Tag{Key: fmt.Sprintf("t%03d", i), Value: strings.Repeat("v", 5000)})
		params = append(params, d.Param{Key: fmt.Sprintf("p%03d", i), Value: strings.Repeat("w", 5000)})
	}
	made := b.loggedModel(d.CreateLoggedModelParams{ExperimentID: "0", Name: "made", Tags: tags, Params: params}).ID
	filled := b.loggedModel(d.CreateLoggedModelParams{ExperimentID: "0", Name: "filled"}).ID
	b.ok(b.SetLoggedModelTags(b.ctx(), filled, tags))
	b.ok(b.LogLoggedModelParams(b.ctx(), filled, params))
	for _, id := range []string{made, filled} {
		require.Equal(b.t, tags, b.getLogged(id).Tags)
		require.Equal(b.t, params, b.getLogged(id).Params)
	}
	require.ElementsMatch(b.t, []string{"made", "filled"}, b.logged(d.SearchLoggedModelsParams{
		ExperimentIDs: []string{"0"}, Filter: "tags.t119 = '" + tags[119].Value + "'",
	}))
}

func loggedModelMetrics(b bundle) {
	run := b.run("0", 1)
	one := b.loggedModel(d.CreateLoggedModelParams{ExperimentID: "0", Name: "one"}).ID
	two := b.loggedModel(d.CreateLoggedModelParams{ExperimentID: "0", Name: "two"}).ID
	point := func(id string, step int64, value float64) d.Metric {
		return d.Metric{Key: "acc", Value: value, Timestamp: 10, Step: step, ModelID: id}
	}
	of := point(two, 2, 0.25)
	of.DatasetName, of.DatasetDigest = "iris", "abc"
	b.ok(b.LogMetric(b.ctx(), run, point(one, 1, 0.5)))
	b.ok(b.LogBatch(b.ctx(), d.LogBatchParams{RunID: run, Metrics: []d.Metric{point(one, 2, 0.75), of, {Key: "loss", Value: 1}}}))
	want := []d.RunMetric{{RunID: run, Metric: point(one, 1, 0.5)}, {RunID: run, Metric: point(one, 2, 0.75)}}
	require.Equal(b.t, want, b.getLogged(one).Metrics)
	require.Equal(b.t, []d.RunMetric{{RunID: run, Metric: of}}, b.getLogged(two).Metrics)
	require.Len(b.t, b.get(run).Metrics, 2)
	err := b.LogBatch(b.ctx(), d.LogBatchParams{
		RunID: run, Metrics: []d.Metric{point(one, 3, 1), point("m-nope", 3, 1)}, Tags: []d.Tag{{Key: "late", Value: "1"}},
	})
	require.ErrorIs(b.t, err, d.ErrInvalid)
	require.Equal(b.t, want, b.getLogged(one).Metrics, "all models of a batch or none")
	require.NotContains(b.t, b.get(run).Tags, d.Tag{Key: "late", Value: "1"})
	half := point(one, 4, 1)
	half.DatasetName = "iris"
	require.ErrorIs(b.t, b.LogMetric(b.ctx(), run, half), d.ErrInvalid)
	search := func(filter string, datasets ...d.DatasetFilter) []string {
		return b.logged(d.SearchLoggedModelsParams{ExperimentIDs: []string{"0"}, Filter: filter, Datasets: datasets})
	}
	require.Equal(b.t, []string{"one"}, search("metrics.acc > 0.6"))
	require.Equal(b.t, []string{"two"}, search("metrics.acc < 0.5"))
	require.Equal(b.t, []string{"two"}, search("", d.DatasetFilter{Name: "iris", Digest: "abc"}))
}

func manyLoggedModelPoints(b bundle) {
	run := b.run("0", 1)
	id := b.loggedModel(d.CreateLoggedModelParams{ExperimentID: "0", Name: "net"}).ID
	for batch := range 4 {
		var points []d.Metric
		for i := range 500 {
			points = append(points, d.Metric{Key: fmt.Sprintf("m%d", i%3), Value: float64(i), Step: int64(500*batch + i), ModelID: id})
		}
		for range 2 { // again changes nothing
			b.ok(b.LogBatch(b.ctx(), d.LogBatchParams{RunID: run, Metrics: points}))
		}
	}
	require.Len(b.t, b.getLogged(id).Metrics, 2000)
	require.Equal(b.t, []string{"net"}, b.logged(d.SearchLoggedModelsParams{ExperimentIDs: []string{"0"}, Filter: "metrics.m1 > 498"}))
}

func registeredLoggedModel(b bundle) {
	id := b.loggedModel(d.CreateLoggedModelParams{ExperimentID: "0"}).ID
	for range 2 {
		b.ok(b.AddModelVersionToLoggedModel(b.ctx(), id, "vision", 1))
	}
	b.ok(b.AddModelVersionToLoggedModel(b.ctx(), id, "vision", 2))
	require.Equal(b.t, []d.Tag{{
		Key: "mlflow.modelVersions", Value: `[{"name": "vision", "version": 1}, {"name": "vision", "version": 2}]`,
	}}, b.getLogged(id).Tags)
}

func searchLoggedModels(b bundle) {
	exp := b.experiment("e")
	for i, name := range []string{"a", "b", "c"} {
		id := b.loggedModel(d.CreateLoggedModelParams{
			ExperimentID: exp, Name: name, ModelType: "type-" + name, SourceRunID: fmt.Sprint("run", i%2),
			Params: []d.Param{{Key: "lr", Value: fmt.Sprint(i)}}, Tags: []d.Tag{{Key: "n", Value: fmt.Sprint(i)}},
		}).ID
		if name == "b" {
			_, err := b.FinalizeLoggedModel(b.ctx(), id, d.LoggedModelReady)
			b.ok(err)
		}
	}
	b.loggedModel(d.CreateLoggedModelParams{ExperimentID: "0", Name: "elsewhere"})
	for filter, want := range map[string][]string{
		"":                            {"a", "b", "c"},
		"name = 'a'":                  {"a"},
		"name LIKE '%b%'":             {"b"},
		"model_type != 'type-a'":      {"b", "c"},
		"source_run_id = 'run0'":      {"a", "c"},
		"tags.n = '1'":                {"b"},
		"params.lr = '2'":             {"c"},
		"creation_timestamp > 5":      {"a", "b", "c"},
		"name = 'a' AND tags.n = '1'": {},
	} {
		require.ElementsMatch(b.t, want, b.logged(d.SearchLoggedModelsParams{ExperimentIDs: []string{exp}, Filter: filter}), filter)
	}
	require.Empty(b.t, b.logged(d.SearchLoggedModelsParams{}))
	require.ElementsMatch(b.t, []string{"a", "b", "c", "elsewhere"}, b.logged(d.SearchLoggedModelsParams{ExperimentIDs: []string{exp, "0"}}))
	_, err := b.SearchLoggedModels(b.ctx(), d.SearchLoggedModelsParams{ExperimentIDs: []string{exp}, Filter: "nonsense"})
	require.ErrorIs(b.t, err, d.ErrInvalid)
}

func searchLoggedModelPages(b bundle) {
	run := b.run("0", 1)
	var want []string
	for i := range 6 {
		m := b.loggedModel(d.CreateLoggedModelParams{ExperimentID: "0", Name: fmt.Sprint("m", i)})
		want = append(want, m.Name)
		b.ok(b.LogMetric(b.ctx(), run, d.Metric{Key: "acc", Value: float64(i), ModelID: m.ID, Step: int64(i)}))
	}
	for _, size := range []int{1, 4, 6, 0} {
		search := func(order ...d.LoggedModelOrder) []string {
			return b.logged(d.SearchLoggedModelsParams{ExperimentIDs: []string{"0"}, OrderBy: order, MaxResults: size})
		}
		require.Equal(b.t, want, search(d.LoggedModelOrder{Field: "name"}))
		require.Equal(b.t, want, search(d.LoggedModelOrder{Field: "metrics.acc"}))
		require.Equal(b.t, "m5", search(d.LoggedModelOrder{Field: "metrics.acc", Descending: true})[0])
		require.ElementsMatch(b.t, want, search())
	}
}

func runOutputs(b bundle) {
	run := b.run("0", 1)
	outputs := []d.ModelOutput{{ModelID: "m-1", Step: 3}, {ModelID: "m-2"}}
	for range 2 {
		b.ok(b.LogOutputs(b.ctx(), run, outputs))
		require.Equal(b.t, outputs, b.get(run).Outputs)
	}
	err := b.LogOutputs(b.ctx(), run, []d.ModelOutput{{ModelID: "m-1", Step: 4}})
	require.ErrorIs(b.t, err, d.ErrInvalid)
	for range 2 { // open, then settled
		page, err := b.SearchRuns(b.ctx(), d.SearchRunsParams{ExperimentIDs: []string{"0"}})
		b.ok(err)
		require.Equal(b.t, outputs, page.Items[0].Outputs)
		b.finish(run)
	}
	b.ok(b.DeleteRun(b.ctx(), run))
	require.ErrorIs(b.t, b.LogOutputs(b.ctx(), run, outputs), d.ErrInvalid)
}

func searchDatasets(b bundle) {
	exp := b.experiment("e")
	run, other := b.run(exp, 1), b.run(exp, 2)
	bare := d.DatasetInput{Dataset: d.Dataset{Name: "wine", Digest: "1", SourceType: "local", Source: "{}"}}
	b.ok(b.LogInputs(b.ctx(), d.LogInputsParams{RunID: run, Datasets: []d.DatasetInput{input("iris", "abc", "training"), bare}}))
	b.ok(b.LogInputs(b.ctx(), d.LogInputsParams{RunID: other, Datasets: []d.DatasetInput{input("iris", "abc", "eval")}}))
	b.ok(b.LogInputs(b.ctx(), d.LogInputsParams{RunID: b.run("0", 3), Datasets: []d.DatasetInput{input("iris", "abc", "training")}}))
	training, eval := "training", "eval"
	want := []d.DatasetSummary{
		{ExperimentID: exp, Name: "iris", Digest: "abc", Context: &eval},
		{ExperimentID: exp, Name: "iris", Digest: "abc", Context: &training},
		{ExperimentID: exp, Name: "wine", Digest: "1"},
	}
	for range 2 { // deletions do not count
		got, err := b.SearchDatasets(b.ctx(), []string{exp})
		b.ok(err)
		require.Equal(b.t, want, got)
		b.ok(b.DeleteRun(b.ctx(), run))
	}
	_, err := b.SearchDatasets(b.ctx(), nil)
	require.ErrorIs(b.t, err, d.ErrInvalid)
	_, err = b.SearchDatasets(b.ctx(), make([]string, 21))
	require.ErrorIs(b.t, err, d.ErrInvalid)
}
