package main

import (
	"context"
	"fmt"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// outcome is what a call has found.
type outcome struct {
	results int
	more    bool // there is a token to go on with
	plan    dynamodbstore.Explanation
}

// figure says what a workload has to meet.
type figure int

const (
	measured figure = iota // nothing
	// bounded: what it costs does not grow with the experiment, in units, and
	// stays small in CPU.
	bounded
	// topTen is bounded, and has a budget of its own.
	topTen
	// pass looks at all runs; it has to end in time.
	pass
)

// workload is one kind of call.
type workload struct {
	name   string
	page   int // results asked for; 0: no search
	want   int // results to be found
	figure figure
	call   func(ctx context.Context) (outcome, error)
}

// search is a search of the runs of an experiment.
type search struct {
	name, filter, order string
	pages               []int
	figure              figure
	matching            int
}

func searches(d *dataset) []search {
	top := fmt.Sprintf("metrics.accuracy > %v", d.selective())
	both := top + fmt.Sprintf(" AND params.learning_rate = '%s'", learningRate(0))
	isTop := func(i int) bool { return d.rank[i] >= d.size-hits }
	return []search{
		{"top by metric, highest first", "", "metrics.accuracy DESC", []int{10}, topTen, d.size},
		{"top by metric, lowest first", "", "metrics.accuracy ASC", []int{10}, topTen, d.size},
		{"metric filter, 100 hits", top, "", []int{10, 100}, bounded, hits},
		{"param equality, 100 hits", "params.model = '" + rareModel + "'", "", []int{10, 100}, bounded, hits},
		{"name LIKE, 100 hits", "attributes.run_name LIKE '%" + rareWord + "%'", "", []int{10, 100}, bounded, hits},
		{
			"metric filter and param equality", both, "",
			[]int{10},
			measured,
			d.count(func(i int) bool { return isTop(i) && learningRate(i) == learningRate(0) }),
		},
		{"page 1", "", "", []int{10, 100}, bounded, d.size},
		{"nothing found, no index: status", "attributes.status = 'FAILED'", "", []int{10}, pass, 0},
		{"nothing found, no index: artifact_uri LIKE", "attributes.artifact_uri LIKE '%nowhere%'", "", []int{10}, pass, 0},
	}
}

// deepPage is the number of the page that is measured besides the first.
const deepPage = 500

// runCases returns what is measured of the runs of a dataset.
func runCases(ctx context.Context, s *dynamodbstore.Store, d *dataset, exp string) ([]workload, error) {
	var out []workload
	for _, q := range searches(d) {
		for _, page := range q.pages {
			p := dynamodbstore.SearchRunsParams{ExperimentIDs: []string{exp}, Filter: q.filter, MaxResults: page}
			if q.order != "" {
				p.OrderBy = []string{q.order}
			}
			out = append(out, workload{q.name, page, min(page, q.matching), q.figure, searchRuns(s, p)})
		}
	}
	for _, order := range []string{"", "metrics.accuracy DESC"} {
		for _, page := range []int{1, 10, 100} {
			if d.size <= deepPage*page { // the last page is another matter
				continue
			}
			p := dynamodbstore.SearchRunsParams{ExperimentIDs: []string{exp}, MaxResults: page}
			name := fmt.Sprintf("page %d", deepPage)
			if order != "" {
				p.OrderBy = []string{order}
				name += " by metric"
			}
			token, err := turnPages(ctx, s, p, deepPage-1)
			if err != nil {
				return nil, err
			}
			p.PageToken = token
			out = append(out, workload{name, page, page, bounded, searchRuns(s, p)})
		}
	}
	page, err := s.SearchRuns(ctx, dynamodbstore.SearchRunsParams{ExperimentIDs: []string{exp}, MaxResults: 1})
	if err != nil {
		return nil, err
	}
	return append(out, workload{name: "get_run", want: 1, call: getRun(s, page.Items[0].Info.RunID)}), nil
}

// turnPages returns the token behind so many pages.
func turnPages(ctx context.Context, s *dynamodbstore.Store, p dynamodbstore.SearchRunsParams, pages int) (string, error) {
	for range pages {
		page, err := s.SearchRuns(ctx, p)
		if err != nil {
			return "", err
		}
		p.PageToken = page.NextPageToken
	}
	return p.PageToken, nil
}

func searchRuns(s *dynamodbstore.Store, p dynamodbstore.SearchRunsParams) func(context.Context) (outcome, error) {
	return func(ctx context.Context) (outcome, error) {
		var e dynamodbstore.Explanation
		page, err := s.SearchRuns(dynamodbstore.WithExplanation(ctx, &e), p)
		return outcome{len(page.Items), page.NextPageToken != "", e}, err
	}
}

func getRun(s *dynamodbstore.Store, id string) func(context.Context) (outcome, error) {
	return func(ctx context.Context) (outcome, error) {
		_, err := s.GetRun(ctx, id)
		return outcome{results: 1}, err
	}
}
