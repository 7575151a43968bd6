package storetest

import (
	"fmt"
	"math"
	"slices"

	"github.com/stretchr/testify/require"

	d "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

func searchCases() []testCase {
	return []testCase{
		{"filters", filters},
		{"orders", orders},
		{"pages", pages},
		{"several experiments", severalExperiments},
		{"tokens belong to their query", foreignTokens},
		{"bad input", badSearches},
	}
}

// seed makes runs 0..n-1, newest last, every other one finished; run i has
// metric m = i (run 3 NaN, run 4 none), param p = v<i%3>, tag t = x<i>.
func (b bundle) seed(exp string, n int) []string {
	b.t.Helper()
	ids := make([]string, n)
	for i := range ids {
		ids[i] = b.run(exp, int64(100+i))
		p := d.LogBatchParams{
			RunID:  ids[i],
			Params: []d.Param{{Key: "p", Value: fmt.Sprintf("v%d", i%3)}},
			Tags:   []d.Tag{{Key: "t", Value: fmt.Sprintf("x%d", i)}},
		}
		m := d.Metric{Key: "m", Value: float64(i)}
		if i == 3 {
			m.Value = math.NaN()
		}
		if i != 4 {
			p.Metrics = []d.Metric{m}
		}
		b.ok(b.LogBatch(b.ctx(), p))
		if i%2 == 0 {
			b.finish(ids[i])
		}
	}
	return ids
}

func pick(ids []string, at ...int) []string {
	out := []string{}
	for _, i := range at {
		out = append(out, ids[i])
	}
	return out
}

func filters(b bundle) {
	ids := b.seed("0", 6)
	for filter, want := range map[string][]int{
		"":                                      {5, 4, 3, 2, 1, 0},
		"metrics.m > 1":                         {5, 2},
		"metrics.m != 5":                        {3, 2, 1, 0},
		"params.p = 'v1'":                       {4, 1},
		"params.p != 'v1' AND metrics.m <= 2":   {2, 0},
		"tags.t LIKE 'x%'":                      {5, 4, 3, 2, 1, 0},
		"tags.t ILIKE 'X4'":                     {4},
		"tags.absent IS NULL AND metrics.m = 0": {0},
		"params.p IS NOT NULL":                  {5, 4, 3, 2, 1, 0},
		"attributes.status = 'FINISHED'":        {4, 2, 0},
		"status != 'finished'":                  {5, 4, 3, 2, 1, 0},
		"start_time >= 104":                     {5, 4},
		"end_time > 0":                          {4, 2, 0},
		"run_name = 'run-103'":                  {3},
		"run_id IN ('" + ids[1] + "', 'x')":     {1},
		"run_id NOT IN ('" + ids[1] + "')":      {5, 4, 3, 2, 0},
		"user_id = 'u' AND tags.t = 'x2'":       {2},
		"tags.`mlflow.runName` = 'run-100'":     {0},
	} {
		got := b.search(d.SearchRunsParams{ExperimentIDs: []string{"0"}, Filter: filter})
		require.Equal(b.t, pick(ids, want...), got, filter)
	}
}

func orders(b bundle) {
	ids := b.seed("0", 6)
	for _, c := range []struct {
		order []string
		want  []int
	}{
		{[]string{"start_time ASC"}, []int{0, 1, 2, 3, 4, 5}},
		{[]string{"metrics.m DESC"}, []int{5, 2, 1, 0, 3, 4}},
		{[]string{"metrics.m ASC"}, []int{0, 1, 2, 5, 3, 4}},
		{[]string{"params.p ASC", "metrics.m DESC"}, []int{0, 3, 1, 4, 5, 2}},
		{[]string{"params.p DESC"}, []int{5, 2, 4, 1, 3, 0}},
		{[]string{"tags.t DESC"}, []int{5, 4, 3, 2, 1, 0}},
		{[]string{"end_time ASC", "start_time ASC"}, []int{0, 2, 4, 1, 3, 5}},
		{[]string{"attributes.status"}, []int{4, 2, 0, 5, 3, 1}},
	} {
		for _, size := range []int{1, 2, 5, 100} {
			got := b.search(d.SearchRunsParams{ExperimentIDs: []string{"0"}, OrderBy: c.order, MaxResults: size})
			require.Equal(b.t, pick(ids, c.want...), got, "%v by pages of %d", c.order, size)
		}
	}
}

func pages(b bundle) {
	ids := b.seed("0", 25)
	want := []string{}
	for _, id := range slices.Backward(ids) {
		want = append(want, id)
	}
	for _, size := range []int{1, 7, 24, 25, 26} {
		require.Equal(b.t, want, b.search(d.SearchRunsParams{ExperimentIDs: []string{"0"}, MaxResults: size}))
	}
	first, err := b.SearchRuns(b.ctx(), d.SearchRunsParams{ExperimentIDs: []string{"0"}, MaxResults: 10})
	b.ok(err)
	b.run("0", 1000) // newer than all that was seen
	rest := b.search(d.SearchRunsParams{ExperimentIDs: []string{"0"}, MaxResults: 10, PageToken: first.NextPageToken})
	require.Equal(b.t, want[10:], rest, "a run made meanwhile shifts nothing")
	last, err := b.SearchRuns(b.ctx(), d.SearchRunsParams{ExperimentIDs: []string{"0"}, MaxResults: 26})
	b.ok(err)
	require.Empty(b.t, last.NextPageToken)
}

func severalExperiments(b bundle) {
	one, two := b.experiment("one"), b.experiment("two")
	a, c := b.seed(one, 4), b.seed(two, 4)
	want := []string{}
	for i := 3; i >= 0; i-- {
		want = append(want, min(a[i], c[i]), max(a[i], c[i]))
	}
	for _, size := range []int{1, 3, 100} {
		p := d.SearchRunsParams{ExperimentIDs: []string{two, one, "77", one}, MaxResults: size}
		require.Equal(b.t, want, b.search(p))
		p.Filter, p.OrderBy = "params.p = 'v0'", []string{"metrics.m ASC", "start_time DESC"}
		require.ElementsMatch(b.t, []string{a[0], c[0], a[3], c[3]}, b.search(p))
	}
	require.Empty(b.t, b.search(d.SearchRunsParams{}))
	require.Empty(b.t, b.search(d.SearchRunsParams{ExperimentIDs: []string{"77"}}))
}

func foreignTokens(b bundle) {
	b.seed("0", 3)
	p := d.SearchRunsParams{ExperimentIDs: []string{"0"}, MaxResults: 1}
	page, err := b.SearchRuns(b.ctx(), p)
	b.ok(err)
	for _, change := range []func(p *d.SearchRunsParams){
		func(p *d.SearchRunsParams) { p.Filter = "metrics.m = 1" },
		func(p *d.SearchRunsParams) { p.OrderBy = []string{"metrics.m"} },
		func(p *d.SearchRunsParams) { p.View = d.ViewAll },
		func(p *d.SearchRunsParams) { p.ExperimentIDs = []string{"1"} },
		func(p *d.SearchRunsParams) { p.PageToken = p.PageToken[:len(p.PageToken)-4] },
		func(p *d.SearchRunsParams) { p.PageToken = "eyJvZmZzZXQiOiAxfQ==" },
	} {
		q := p
		q.PageToken = page.NextPageToken
		change(&q)
		_, err := b.SearchRuns(b.ctx(), q)
		b.fails(err, d.CodeInvalidParameterValue, "Invalid page token…")
	}
	p.PageToken = "not base64!"
	_, err = b.SearchRuns(b.ctx(), p)
	b.fails(err, d.CodeInvalidParameterValue, "Invalid page token, could not base64-decode")
}

func badSearches(b bundle) {
	for _, p := range []d.SearchRunsParams{
		{ExperimentIDs: []string{"abc"}},
		{ExperimentIDs: []string{"0"}, Filter: "metrics.m > 'x'"},
		{ExperimentIDs: []string{"0"}, Filter: "a = 1 OR b = 2"},
		{ExperimentIDs: []string{"0"}, OrderBy: []string{"nonsense.x"}},
		{ExperimentIDs: []string{"0"}, OrderBy: []string{"metrics.m", "metrics.m DESC"}},
		{ExperimentIDs: []string{"0"}, MaxResults: -1},
		{ExperimentIDs: []string{"0"}, MaxResults: 50001},
	} {
		_, err := b.SearchRuns(b.ctx(), p)
		require.ErrorIs(b.t, err, d.ErrInvalid, "%+v", p)
	}
}
