package storetest

import (
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"

	d "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

func runCases() []testCase {
	return []testCase{
		{"create and get", createRun},
		{"names", runNames},
		{"update", updateRun},
		{"params are immutable", immutableParams},
		{"tags", runTags},
		{"batches", batches},
		{"long values are cut", longValues},
		{"many long params", manyParams},
		{"many long tags", manyTags},
		{"a run that does not exist", absentRun},
		{"a refused batch changes nothing", refusedBatch},
	}
}

func createRun(b bundle) {
	exp, err := b.CreateExperiment(b.ctx(), d.CreateExperimentParams{Name: "e", ArtifactLocation: "s3://b/e"})
	b.ok(err)
	r, err := b.CreateRun(b.ctx(), d.CreateRunParams{
		ExperimentID: exp, UserID: "u", Name: "n", StartTime: 5, Tags: []d.Tag{{Key: "z", Value: "1"}, {Key: "a", Value: "2"}},
	})
	b.ok(err)
	require.Regexp(b.t, "^[0-9a-f]{32}$", r.Info.RunID)
	require.Equal(b.t, d.RunInfo{
		RunID: r.Info.RunID, ExperimentID: exp, Name: "n", UserID: "u", Status: d.StatusRunning, StartTime: 5,
		ArtifactURI: "s3://b/e/" + r.Info.RunID + "/artifacts", LifecycleStage: d.StageActive,
	}, r.Info)
	require.Equal(b.t, []d.Tag{{Key: "a", Value: "2"}, {Key: "mlflow.runName", Value: "n"}, {Key: "z", Value: "1"}}, r.Tags)
	require.Equal(b.t, r, b.get(r.Info.RunID))
	_, err = b.CreateRun(b.ctx(), d.CreateRunParams{ExperimentID: "77"})
	b.fails(err, d.CodeResourceDoesNotExist, "No Experiment with id=77 exists")
}

func runNames(b bundle) {
	tag := []d.Tag{{Key: "mlflow.runName", Value: "tagged"}}
	r, err := b.CreateRun(b.ctx(), d.CreateRunParams{ExperimentID: "0", Tags: tag})
	b.ok(err)
	require.Equal(b.t, "tagged", r.Info.Name)
	_, err = b.CreateRun(b.ctx(), d.CreateRunParams{ExperimentID: "0", Tags: tag, Name: "other"})
	b.fails(err, d.CodeInvalidParameterValue, "Both 'run_name' argument and 'mlflow.runName' tag are specified, "+
		"but with different values (run_name='other', mlflow.runName='tagged').")
	r, err = b.CreateRun(b.ctx(), d.CreateRunParams{ExperimentID: "0"})
	b.ok(err)
	require.Regexp(b.t, `^[a-z]+-[a-z]+-\d+$`, r.Info.Name)
	require.Equal(b.t, []d.Tag{{Key: "mlflow.runName", Value: r.Info.Name}}, r.Tags)
	b.ok(b.SetTag(b.ctx(), r.Info.RunID, d.Tag{Key: "mlflow.runName", Value: "renamed"}))
	require.Equal(b.t, "renamed", b.get(r.Info.RunID).Info.Name)
}

func updateRun(b bundle) {
	run := b.run("0", 1)
	end := int64(7)
	info, err := b.UpdateRun(b.ctx(), d.UpdateRunParams{RunID: run, Status: d.StatusFailed, EndTime: &end, Name: "new"})
	b.ok(err)
	require.Equal(b.t, d.StatusFailed, info.Status)
	require.Equal(b.t, &end, info.EndTime)
	require.Equal(b.t, "new", info.Name)
	r := b.get(run)
	require.Equal(b.t, *info, r.Info)
	require.Equal(b.t, []d.Tag{{Key: "mlflow.runName", Value: "new"}}, r.Tags)
	info, err = b.UpdateRun(b.ctx(), d.UpdateRunParams{RunID: run, Status: d.StatusRunning})
	b.ok(err)
	require.Equal(b.t, d.StatusRunning, info.Status)
	require.Equal(b.t, &end, info.EndTime)
	require.Equal(b.t, "new", info.Name)
}

func immutableParams(b bundle) {
	run := b.run("0", 1)
	b.ok(b.LogParam(b.ctx(), run, d.Param{Key: "p", Value: "1"}))
	b.ok(b.LogParam(b.ctx(), run, d.Param{Key: "p", Value: "1"}))
	b.fails(b.LogParam(b.ctx(), run, d.Param{Key: "p", Value: "2"}), d.CodeInvalidParameterValue,
		"Changing param values is not allowed. Param with key='p' was already logged with value='1' for run ID='"+run+
			"'. Attempted logging new value '2'.")
	b.fails(b.LogBatch(b.ctx(), d.LogBatchParams{RunID: run, Params: []d.Param{{Key: "q", Value: "1"}, {Key: "p", Value: "it's"}}}),
		d.CodeInvalidParameterValue, "Changing param values is not allowed. Params were already logged='[{'key': 'p', "+
			`'old_value': '1', 'new_value': "it's"}]' for run ID='`+run+"'.")
	require.Equal(b.t, []d.Param{{Key: "p", Value: "1"}}, b.get(run).Params)
}

func runTags(b bundle) {
	run := b.run("0", 1)
	b.ok(b.SetTag(b.ctx(), run, d.Tag{Key: "k", Value: "1"}))
	b.ok(b.SetTag(b.ctx(), run, d.Tag{Key: "k", Value: ""}))
	require.Equal(b.t, d.Tag{Key: "k", Value: ""}, b.get(run).Tags[0])
	b.finish(run)
	b.ok(b.SetTag(b.ctx(), run, d.Tag{Key: "late", Value: "x"}))
	require.Equal(b.t, []string{run}, b.search(d.SearchRunsParams{ExperimentIDs: []string{"0"}, Filter: "tags.late = 'x'"}))
	b.ok(b.DeleteTag(b.ctx(), run, "k"))
	b.fails(b.DeleteTag(b.ctx(), run, "k"), d.CodeResourceDoesNotExist, "No tag with name: k in run with id "+run)
	require.Len(b.t, b.get(run).Tags, 2)
	b.fails(b.SetTag(b.ctx(), run, d.Tag{Key: "a/../b"}), d.CodeInvalidParameterValue, `Invalid value "a/../b" for parameter 'key' supplied: …`)
}

func batches(b bundle) {
	run := b.run("0", 1)
	b.ok(b.LogBatch(b.ctx(), d.LogBatchParams{
		RunID:   run,
		Metrics: []d.Metric{{Key: "m", Value: 1, Step: 1, Timestamp: 1}, {Key: "m", Value: 2, Step: 2, Timestamp: 1}},
		Params:  []d.Param{{Key: "p", Value: "v"}},
		Tags:    []d.Tag{{Key: "t", Value: "1"}, {Key: "t", Value: "2"}},
	}))
	r := b.get(run)
	require.Equal(b.t, []d.Metric{{Key: "m", Value: 2, Step: 2, Timestamp: 1}}, r.Metrics)
	require.Equal(b.t, []d.Param{{Key: "p", Value: "v"}}, r.Params)
	require.Equal(b.t, d.Tag{Key: "t", Value: "2"}, r.Tags[1], "the last of several wins")
	b.ok(b.LogBatch(b.ctx(), d.LogBatchParams{RunID: run}))
	b.fails(b.LogBatch(b.ctx(), d.LogBatchParams{RunID: run, Params: []d.Param{{Key: "x", Value: "1"}, {Key: "x", Value: "1"}}}),
		d.CodeInvalidParameterValue, "Duplicate parameter keys have been submitted: ['x']. Please ensure the request "+
			"contains only one param value per param key.")
}

func longValues(b bundle) {
	run := b.run("0", 1)
	b.ok(b.LogParam(b.ctx(), run, d.Param{Key: "p", Value: strings.Repeat("é", 6001)}))
	b.ok(b.SetTag(b.ctx(), run, d.Tag{Key: "t", Value: strings.Repeat("é", 8001)}))
	r := b.get(run)
	require.Equal(b.t, strings.Repeat("é", 6000), r.Params[0].Value)
	require.Equal(b.t, strings.Repeat("é", 8000), r.Tags[1].Value)
	b.fails(b.LogParam(b.ctx(), run, d.Param{Key: strings.Repeat("k", 251), Value: "v"}), d.CodeInvalidParameterValue,
		"'Param key' exceeds the maximum length of 250 characters…")
}

// manyParams holds 60 MB of params in one run.
func manyParams(b bundle) {
	const batch = 100
	total := b.longParams / batch * batch
	run := b.run("0", 1)
	value := strings.Repeat("v", 5990)
	param := func(i int) d.Param {
		return d.Param{Key: fmt.Sprintf("param-%05d", i), Value: fmt.Sprintf("%s%d", value, i)}
	}
	for i := 0; i < total; i += batch {
		p := d.LogBatchParams{RunID: run}
		for k := i; k < i+batch; k++ {
			p.Params = append(p.Params, param(k))
		}
		b.ok(b.LogBatch(b.ctx(), p))
	}
	clash := param(total - 1)
	clash.Value = "other"
	require.ErrorIs(b.t, b.LogParam(b.ctx(), run, clash), d.ErrInvalid)
	b.ok(b.LogParam(b.ctx(), run, param(total-1)))
	b.finish(run)
	r := b.get(run)
	require.Len(b.t, r.Params, total)
	for i, p := range r.Params {
		require.Equal(b.t, param(i), p)
	}
	require.Equal(b.t, []string{run}, b.search(d.SearchRunsParams{
		ExperimentIDs: []string{"0"}, Filter: fmt.Sprintf("params.`%s` LIKE '%%v%d'", param(total-1).Key, total-1),
	}))
}

// manyTags grows tags of one run far past what one item holds.
func manyTags(b bundle) {
	const total = 200
	run := b.run("0", 1)
	tag := func(i int, value string) d.Tag { return d.Tag{Key: fmt.Sprintf("tag-%03d", i), Value: value} }
	for _, value := range []string{"short", strings.Repeat("x", 8000), "again"} {
		for i := 0; i < total; i += 100 {
			p := d.LogBatchParams{RunID: run}
			for k := i; k < i+100; k++ {
				p.Tags = append(p.Tags, tag(k, value))
			}
			b.ok(b.LogBatch(b.ctx(), p))
		}
		r := b.get(run)
		require.Len(b.t, r.Tags, total+1)
		for i := range total {
			require.Equal(b.t, tag(i, value), r.Tags[i+1])
		}
	}
	for i := range total {
		b.ok(b.DeleteTag(b.ctx(), run, tag(i, "").Key))
	}
	require.Len(b.t, b.get(run).Tags, 1)
	b.fails(b.DeleteTag(b.ctx(), run, "tag-000"), d.CodeResourceDoesNotExist, "No tag with name: tag-000 in run with id "+run)
}

func absentRun(b bundle) {
	const id = "0123456789abcdef0123456789abcdef"
	missing := "Run with id=" + id + " not found"
	_, err := b.GetRun(b.ctx(), id)
	b.fails(err, d.CodeResourceDoesNotExist, missing)
	_, err = b.UpdateRun(b.ctx(), d.UpdateRunParams{RunID: id, Status: d.StatusFinished})
	b.fails(err, d.CodeResourceDoesNotExist, missing)
	page, err := b.MetricHistory(b.ctx(), d.MetricHistoryParams{RunID: id, Key: "m"})
	b.ok(err)
	require.Empty(b.t, page.Items)
	for _, err := range []error{
		b.DeleteRun(b.ctx(), id), b.RestoreRun(b.ctx(), id),
		b.LogMetric(b.ctx(), id, d.Metric{Key: "m"}), b.LogParam(b.ctx(), id, d.Param{Key: "p", Value: "v"}),
		b.SetTag(b.ctx(), id, d.Tag{Key: "t"}), b.DeleteTag(b.ctx(), id, "t"),
		b.LogBatch(b.ctx(), d.LogBatchParams{RunID: id}), b.LogInputs(b.ctx(), d.LogInputsParams{RunID: id}),
	} {
		b.fails(err, d.CodeResourceDoesNotExist, missing)
	}
}

func refusedBatch(b bundle) {
	run := b.run("0", 1)
	before := b.get(run)
	for _, p := range []d.LogBatchParams{
		{Metrics: []d.Metric{{Key: "ok", Value: 1}, {Key: "../bad", Value: 1}}, Tags: []d.Tag{{Key: "t"}}},
		{Params: []d.Param{{Key: "p", Value: "1"}}, Tags: []d.Tag{{Key: "bad\x00key"}}},
		{Tags: make([]d.Tag, 101)},
		{Params: make([]d.Param, 101)},
		{Metrics: make([]d.Metric, 1001)},
		{Metrics: []d.Metric{{Key: "m", Timestamp: -1}}, Params: []d.Param{{Key: "p", Value: "1"}}},
	} {
		p.RunID = run
		require.ErrorIs(b.t, b.LogBatch(b.ctx(), p), d.ErrInvalid)
	}
	require.Equal(b.t, before, b.get(run))
}
