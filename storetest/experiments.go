package storetest

import (
	"strings"

	"github.com/stretchr/testify/require"

	d "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

func experimentCases() []testCase {
	return []testCase{
		{"default exists", defaultExperiment},
		{"create and get", createExperiment},
		{"names are unique", uniqueNames},
		{"rename", renameExperiment},
		{"delete and restore", deleteExperiment},
		{"tags", experimentTags},
		{"many long tags", manyExperimentTags},
		{"bad input", badExperiments},
		{"search", searchExperiments},
		{"search pages", searchExperimentPages},
	}
}

func defaultExperiment(b bundle) {
	e, err := b.GetExperiment(b.ctx(), "0")
	b.ok(err)
	require.Equal(b.t, "Default", e.Name)
	require.Equal(b.t, d.StageActive, e.LifecycleStage)
}

func createExperiment(b bundle) {
	id, err := b.CreateExperiment(b.ctx(), d.CreateExperimentParams{
		Name: "vision", ArtifactLocation: "s3://bucket/x", Tags: []d.Tag{{Key: "team", Value: "b"}, {Key: "a", Value: ""}},
	})
	b.ok(err)
	require.Equal(b.t, "1", id)
	e, err := b.GetExperiment(b.ctx(), id)
	b.ok(err)
	require.Equal(b.t, "vision", e.Name)
	require.Equal(b.t, "s3://bucket/x", e.ArtifactLocation)
	require.Equal(b.t, []d.Tag{{Key: "a", Value: ""}, {Key: "team", Value: "b"}}, e.Tags)
	require.Equal(b.t, e.CreationTime, e.LastUpdateTime)
	byName, err := b.GetExperimentByName(b.ctx(), "vision")
	b.ok(err)
	require.Equal(b.t, e, byName)
	require.Equal(b.t, "2", b.experiment("second"))
}

func uniqueNames(b bundle) {
	id := b.experiment("a")
	_, err := b.CreateExperiment(b.ctx(), d.CreateExperimentParams{Name: "a"})
	b.fails(err, d.CodeResourceAlreadyExists, "Experiment(name=a) already exists…")
	b.ok(b.DeleteExperiment(b.ctx(), id))
	_, err = b.CreateExperiment(b.ctx(), d.CreateExperimentParams{Name: "a"})
	b.fails(err, d.CodeResourceAlreadyExists, "Experiment(name=a) already exists…")
	b.experiment("A") // names differ by case
	long := strings.Repeat("é", 500)
	b.experiment(long)
	_, err = b.CreateExperiment(b.ctx(), d.CreateExperimentParams{Name: long})
	require.ErrorIs(b.t, err, d.ErrAlreadyExists)
}

func renameExperiment(b bundle) {
	id, other := b.experiment("a"), b.experiment("b")
	b.ok(b.RenameExperiment(b.ctx(), id, "c"))
	e, err := b.GetExperimentByName(b.ctx(), "c")
	b.ok(err)
	require.Equal(b.t, id, e.ID)
	_, err = b.GetExperimentByName(b.ctx(), "a")
	require.ErrorIs(b.t, err, d.ErrNotFound)
	b.fails(b.RenameExperiment(b.ctx(), id, "b"), d.CodeResourceAlreadyExists, "Experiment(name=b) already exists…")
	b.ok(b.RenameExperiment(b.ctx(), id, "c"))
	b.ok(b.RenameExperiment(b.ctx(), other, "a"))
	b.ok(b.DeleteExperiment(b.ctx(), id))
	b.fails(b.RenameExperiment(b.ctx(), id, "x"), d.CodeInvalidState, "Cannot rename a non-active experiment.")
	b.fails(b.RenameExperiment(b.ctx(), "77", "x"), d.CodeResourceDoesNotExist, "No Experiment with id=77 exists")
}

func deleteExperiment(b bundle) {
	id := b.experiment("a")
	b.ok(b.DeleteExperiment(b.ctx(), id))
	e, err := b.GetExperiment(b.ctx(), id)
	b.ok(err)
	require.Equal(b.t, d.StageDeleted, e.LifecycleStage)
	byName, err := b.GetExperimentByName(b.ctx(), "a")
	b.ok(err)
	require.Equal(b.t, e, byName)
	b.fails(b.DeleteExperiment(b.ctx(), id), d.CodeResourceDoesNotExist, "No Experiment with id=1 exists")
	_, err = b.CreateRun(b.ctx(), d.CreateRunParams{ExperimentID: id})
	b.fails(err, d.CodeInvalidParameterValue,
		"The experiment 1 must be in the 'active' state. Current state is deleted.")
	b.fails(b.SetExperimentTag(b.ctx(), id, d.Tag{Key: "k"}), d.CodeInvalidParameterValue,
		"The experiment 1 must be in the 'active' state. Current state is deleted.")
	b.ok(b.RestoreExperiment(b.ctx(), id))
	e, err = b.GetExperiment(b.ctx(), id)
	b.ok(err)
	require.Equal(b.t, d.StageActive, e.LifecycleStage)
	b.fails(b.RestoreExperiment(b.ctx(), id), d.CodeResourceDoesNotExist, "No Experiment with id=1 exists")
}

func experimentTags(b bundle) {
	id := b.experiment("a")
	before, err := b.GetExperiment(b.ctx(), id)
	b.ok(err)
	b.ok(b.SetExperimentTag(b.ctx(), id, d.Tag{Key: "k", Value: "1"}))
	b.ok(b.SetExperimentTag(b.ctx(), id, d.Tag{Key: "k", Value: "2"}))
	b.ok(b.SetExperimentTag(b.ctx(), id, d.Tag{Key: "mlflow.note.content", Value: strings.Repeat("n", 20000)}))
	e, err := b.GetExperiment(b.ctx(), id)
	b.ok(err)
	require.Equal(b.t, d.Tag{Key: "k", Value: "2"}, e.Tags[0])
	require.Len(b.t, e.Tags[1].Value, 20000)
	require.Equal(b.t, before.LastUpdateTime, e.LastUpdateTime, "tagging is no update")
	b.ok(b.DeleteExperimentTag(b.ctx(), id, "k"))
	b.fails(b.DeleteExperimentTag(b.ctx(), id, "k"), d.CodeResourceDoesNotExist,
		"No tag with name: k in experiment with id 1")
	b.fails(b.SetExperimentTag(b.ctx(), id, d.Tag{Key: "k", Value: strings.Repeat("x", 20001)}),
		d.CodeInvalidParameterValue, "'value' exceeds the maximum length of 20000 characters…")
}

// manyExperimentTags holds 2 MB of tags, five times what one item can.
func manyExperimentTags(b bundle) {
	id := b.experiment("a")
	value := strings.Repeat("v", 20000)
	key := func(i int) string { return "k" + strings.Repeat("0", i%3) + string(rune('a'+i/3)) }
	for i := range 60 {
		b.ok(b.SetExperimentTag(b.ctx(), id, d.Tag{Key: key(i), Value: value}))
	}
	b.ok(b.SetExperimentTag(b.ctx(), id, d.Tag{Key: key(59), Value: "short"}))
	b.ok(b.DeleteExperimentTag(b.ctx(), id, key(0)))
	b.ok(b.DeleteExperimentTag(b.ctx(), id, key(30)))
	e, err := b.GetExperiment(b.ctx(), id)
	b.ok(err)
	require.Len(b.t, e.Tags, 58)
	page, err := b.SearchExperiments(b.ctx(), d.SearchExperimentsParams{
		Filter: "tags." + key(59) + " = 'short'", MaxResults: 10,
	})
	b.ok(err)
	require.Len(b.t, page.Items, 1)
	require.Len(b.t, page.Items[0].Tags, 58)
}

func badExperiments(b bundle) {
	_, err := b.CreateExperiment(b.ctx(), d.CreateExperimentParams{})
	b.fails(err, d.CodeInvalidParameterValue, "Invalid experiment name: ''…")
	_, err = b.CreateExperiment(b.ctx(), d.CreateExperimentParams{Name: strings.Repeat("x", 501)})
	b.fails(err, d.CodeInvalidParameterValue, "'name' exceeds the maximum length of 500 characters…")
	_, err = b.GetExperiment(b.ctx(), "abc")
	b.fails(err, d.CodeInvalidParameterValue, "Invalid experiment ID 'abc'. Experiment ID must be a valid integer.")
	_, err = b.GetExperiment(b.ctx(), "77")
	b.fails(err, d.CodeResourceDoesNotExist, "No Experiment with id=77 exists")
	_, err = b.GetExperimentByName(b.ctx(), "absent")
	require.ErrorIs(b.t, err, d.ErrNotFound)
	page, err := b.SearchExperiments(b.ctx(), d.SearchExperimentsParams{View: d.ViewAll, MaxResults: 10})
	b.ok(err)
	require.Len(b.t, page.Items, 1, "a refused request changed something")
}

func (b bundle) experimentNames(p d.SearchExperimentsParams) []string {
	b.t.Helper()
	names := []string{}
	for {
		page, err := b.SearchExperiments(b.ctx(), p)
		b.ok(err)
		for _, e := range page.Items {
			names = append(names, e.Name)
		}
		if p.PageToken = page.NextPageToken; p.PageToken == "" {
			return names
		}
	}
}

func searchExperiments(b bundle) {
	a, gone := b.experiment("alpha"), b.experiment("gone")
	b.experiment("Alpine")
	b.ok(b.SetExperimentTag(b.ctx(), a, d.Tag{Key: "team", Value: "x"}))
	b.ok(b.DeleteExperiment(b.ctx(), gone))
	for _, c := range []struct {
		filter string
		order  []string
		view   d.ViewType
		want   []string
	}{
		{"", []string{"name ASC"}, d.ViewActiveOnly, []string{"Alpine", "Default", "alpha"}},
		{"", []string{"name DESC"}, d.ViewAll, []string{"gone", "alpha", "Default", "Alpine"}},
		{"", []string{"experiment_id ASC"}, d.ViewAll, []string{"Default", "alpha", "gone", "Alpine"}},
		{"", nil, d.ViewDeletedOnly, []string{"gone"}},
		{"name LIKE 'al%'", nil, d.ViewActiveOnly, []string{"alpha"}},
		{"name ILIKE 'al%'", []string{"name ASC"}, d.ViewActiveOnly, []string{"Alpine", "alpha"}},
		{"tags.team = 'x'", nil, d.ViewActiveOnly, []string{"alpha"}},
		{"tags.team != 'x'", nil, d.ViewActiveOnly, []string{}},
		{"tags.team IS NULL", []string{"name"}, d.ViewActiveOnly, []string{"Alpine", "Default"}},
		{"name = 'alpha' AND tags.team = 'y'", nil, d.ViewAll, []string{}},
	} {
		got := b.experimentNames(d.SearchExperimentsParams{Filter: c.filter, OrderBy: c.order, View: c.view, MaxResults: 10})
		require.Equal(b.t, c.want, got, "%q by %v", c.filter, c.order)
	}
	_, err := b.SearchExperiments(b.ctx(), d.SearchExperimentsParams{Filter: "nam = 'x'", MaxResults: 1})
	require.ErrorIs(b.t, err, d.ErrInvalid)
}

func searchExperimentPages(b bundle) {
	want := []string{"Default"}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		b.experiment(name)
		want = append(want, name)
	}
	for _, size := range []int{1, 3, 8, 100} {
		require.ElementsMatch(b.t, want, b.experimentNames(d.SearchExperimentsParams{MaxResults: size}))
		require.Equal(b.t, want, b.experimentNames(d.SearchExperimentsParams{
			MaxResults: size, OrderBy: []string{"name ASC"},
		}))
	}
	page, err := b.SearchExperiments(b.ctx(), d.SearchExperimentsParams{MaxResults: 3})
	b.ok(err)
	_, err = b.SearchExperiments(b.ctx(), d.SearchExperimentsParams{
		MaxResults: 3, Filter: "name = 'a'", PageToken: page.NextPageToken,
	})
	b.fails(err, d.CodeInvalidParameterValue, "Invalid page token…")
	_, err = b.SearchExperiments(b.ctx(), d.SearchExperimentsParams{MaxResults: 3, PageToken: "%%"})
	b.fails(err, d.CodeInvalidParameterValue, "Invalid page token, could not base64-decode")
}
