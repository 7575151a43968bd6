package storetest

import (
	"math/rand/v2"
	"strings"

	"github.com/stretchr/testify/require"

	d "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

func inputCases() []testCase {
	return []testCase{
		{"log and read", logInputs},
		{"the first one stays", firstDatasetStays},
		{"large bodies", largeDatasets},
		{"search", searchByDataset},
		{"bad input", badInputs},
	}
}

func input(name, digest, context string) d.DatasetInput {
	return d.DatasetInput{
		Dataset: d.Dataset{Name: name, Digest: digest, SourceType: "local", Source: "{}", Schema: "s", Profile: "p"},
		Tags:    []d.Tag{{Key: "mlflow.data.context", Value: context}},
	}
}

func logInputs(b bundle) {
	run := b.run("0", 1)
	in := input("iris", "abc", "training")
	b.ok(b.LogInputs(b.ctx(), d.LogInputsParams{RunID: run, Datasets: []d.DatasetInput{in}, Models: []string{"m-1"}}))
	r := b.get(run)
	require.Equal(b.t, []d.DatasetInput{in}, r.Inputs.Datasets)
	require.Equal(b.t, []string{"m-1"}, r.Inputs.Models)
	for range 2 { // open, then settled
		page, err := b.SearchRuns(b.ctx(), d.SearchRunsParams{ExperimentIDs: []string{"0"}})
		b.ok(err)
		require.Equal(b.t, []d.DatasetInput{in}, page.Items[0].Inputs.Datasets)
		b.finish(run)
	}
}

func firstDatasetStays(b bundle) {
	run, other := b.run("0", 1), b.run("0", 2)
	first, second := input("iris", "abc", "training"), input("iris", "abc", "eval")
	second.Dataset.Profile = "another"
	b.ok(b.LogInputs(b.ctx(), d.LogInputsParams{RunID: run, Datasets: []d.DatasetInput{first, second}}))
	b.ok(b.LogInputs(b.ctx(), d.LogInputsParams{RunID: run, Datasets: []d.DatasetInput{second}}))
	require.Equal(b.t, []d.DatasetInput{first}, b.get(run).Inputs.Datasets)
	b.ok(b.LogInputs(b.ctx(), d.LogInputsParams{RunID: other, Datasets: []d.DatasetInput{second}}))
	second.Dataset.Profile = first.Dataset.Profile
	require.Equal(b.t, []d.DatasetInput{second}, b.get(other).Inputs.Datasets)
}

// largeDatasets keeps a profile and a schema of MLflow's limits that do not
// compress.
func largeDatasets(b bundle) {
	random := rand.New(rand.NewPCG(1, 2))
	noise := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"[random.IntN(64)]
		}
		return string(b)
	}
	in := input("big", "1", "training")
	in.Dataset.Profile, in.Dataset.Schema, in.Dataset.Source = noise(16777215), noise(1048575), noise(65535)
	run := b.run("0", 1)
	b.ok(b.LogInputs(b.ctx(), d.LogInputsParams{RunID: run, Datasets: []d.DatasetInput{in}}))
	got := b.get(run).Inputs.Datasets
	require.Len(b.t, got, 1)
	require.Equal(b.t, in.Dataset, got[0].Dataset)
}

func searchByDataset(b bundle) {
	one, two := b.run("0", 2), b.run("0", 1)
	b.ok(b.LogInputs(b.ctx(), d.LogInputsParams{RunID: one, Datasets: []d.DatasetInput{input("iris", "1", "training")}}))
	b.ok(b.LogInputs(b.ctx(), d.LogInputsParams{RunID: two, Datasets: []d.DatasetInput{input("wine", "2", "eval"), input("iris", "3", "eval")}}))
	b.finish(two)
	for filter, want := range map[string][]string{
		"dataset.name = 'iris'":                            {one, two},
		"dataset.name LIKE 'w%'":                           {two},
		"dataset.digest IN ('1', '2')":                     {one, two},
		"dataset.context = 'eval' AND dataset.name='iris'": {two},
		"dataset.name = 'absent'":                          {},
	} {
		require.Equal(b.t, want, b.search(d.SearchRunsParams{ExperimentIDs: []string{"0"}, Filter: filter}), filter)
	}
}

func badInputs(b bundle) {
	run := b.run("0", 1)
	for _, change := range []func(in *d.DatasetInput){
		func(in *d.DatasetInput) { in.Dataset.Name = strings.Repeat("n", 501) },
		func(in *d.DatasetInput) { in.Dataset.Digest = strings.Repeat("n", 37) },
		func(in *d.DatasetInput) { in.Dataset.Source = strings.Repeat("n", 65536) },
		func(in *d.DatasetInput) { in.Tags[0].Value = strings.Repeat("n", 501) },
		func(in *d.DatasetInput) { in.Tags[0].Key = strings.Repeat("n", 256) },
	} {
		in := input("iris", "1", "training")
		change(&in)
		err := b.LogInputs(b.ctx(), d.LogInputsParams{RunID: run, Datasets: []d.DatasetInput{input("ok", "1", ""), in}})
		require.ErrorIs(b.t, err, d.ErrInvalid)
	}
	require.Empty(b.t, b.get(run).Inputs.Datasets)
}
