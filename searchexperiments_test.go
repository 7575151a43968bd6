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

// experimentFilters are filters with what they mean.
var experimentFilters = []struct {
	where   string
	matches func(e *dynamodbstore.Experiment) bool
}{
	{"", func(*dynamodbstore.Experiment) bool { return true }},
	{"name LIKE '%vision%'", func(e *dynamodbstore.Experiment) bool { return strings.Contains(e.Name, "vision") }},
	{"name ILIKE '%VISION-1%'", func(e *dynamodbstore.Experiment) bool { return strings.Contains(e.Name, "vision-1") }},
	{"name LIKE 'é%7'", func(e *dynamodbstore.Experiment) bool {
		return strings.HasPrefix(e.Name, "é") && strings.HasSuffix(e.Name, "7")
	}},
	{"name LIKE '%n%'", func(e *dynamodbstore.Experiment) bool { return strings.Contains(e.Name, "n") }},
	{"name = 'vision-11'", func(e *dynamodbstore.Experiment) bool { return e.Name == "vision-11" }},
	{"name = 'none'", func(*dynamodbstore.Experiment) bool { return false }},
	{"experiment_id IN ('1', '5', '70')", func(e *dynamodbstore.Experiment) bool { return e.ID == "1" || e.ID == "5" }},
	{"tags.team = 'a'", func(e *dynamodbstore.Experiment) bool {
		return slices.Contains(e.Tags, dynamodbstore.Tag{Key: "team", Value: "a"})
	}},
	{"tags.`mlflow.note.content` LIKE '%about 3%'", func(e *dynamodbstore.Experiment) bool {
		return slices.ContainsFunc(e.Tags, func(x dynamodbstore.Tag) bool { return strings.Contains(x.Value, "about 3") })
	}},
}

// TestExperimentPlansAgree draws searches of experiments and compares them,
// page by page, with what they mean.
func TestExperimentPlansAgree(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		now := clock.Now()
		at := func() time.Time { return now }
		stores := []*dynamodbstore.Store{open(t, tab, clock, dynamodbstore.WithClock(at))}
		stores = append(stores, open(t, tab, clock, dynamodbstore.WithClock(at), dynamodbstore.WithSmallSearches()))
		require.NoError(t, stores[0].SetTrigramFields(t.Context(), []string{"description"}))
		_, err := stores[0].BackfillTrigrams(t.Context(), dynamodbstore.BackfillParams{NoServers: true})
		require.NoError(t, err)
		for i := range 40 {
			name := fmt.Sprintf("vision-%d", i)
			if i%5 == 0 {
				name = strings.Repeat("é", 250+i%2*20) + name
			}
			id, err := stores[0].CreateExperiment(t.Context(), dynamodbstore.CreateExperimentParams{Name: name, Tags: []dynamodbstore.Tag{
				{Key: "team", Value: string(rune('a' + i%3))}, {Key: "mlflow.note.content", Value: fmt.Sprintf("about %d", i)},
			}})
			require.NoError(t, err)
			switch {
			case i%7 == 0:
				require.NoError(t, stores[0].DeleteExperiment(t.Context(), id))
			case i%4 == 0:
				now = now.Add(time.Second)
				require.NoError(t, stores[0].RenameExperiment(t.Context(), id, fmt.Sprintf("renamed-%d", i)))
			}
		}
		var all []*dynamodbstore.Experiment
		for e, err := range stores[0].AllExperiments(t.Context(), dynamodbstore.SearchExperimentsParams{
			View: dynamodbstore.ViewAll, OrderBy: []string{"experiment_id ASC"},
		}) {
			require.NoError(t, err)
			all = append(all, e)
		}
		require.Len(t, all, 41)
		check := func(rt *rapid.T) int { checkExperimentSearch(rt, stores, all); return 0 }
		for seed := range 150 {
			rapid.Custom(check).Example(seed)
		}
	})
}

func checkExperimentSearch(t *rapid.T, stores []*dynamodbstore.Store, all []*dynamodbstore.Experiment) {
	f := rapid.SampledFrom(experimentFilters).Draw(t, "filter")
	key := rapid.SampledFrom([]string{"", "creation_time", "last_update_time", "name", "experiment_id"}).Draw(t, "order")
	sign := rapid.SampledFrom([]int{1, -1}).Draw(t, "direction")
	p := dynamodbstore.SearchExperimentsParams{
		Filter: f.where, MaxResults: rapid.SampledFrom([]int{1, 2, 7, 1000}).Draw(t, "page"),
		View: rapid.SampledFrom([]dynamodbstore.ViewType{
			dynamodbstore.ViewActiveOnly, dynamodbstore.ViewDeletedOnly, dynamodbstore.ViewAll,
		}).Draw(t, "view"),
	}
	compare := func(a, b *dynamodbstore.Experiment) int {
		by := map[string]int{
			"creation_time": cmp.Compare(a.CreationTime, b.CreationTime), "name": strings.Compare(a.Name, b.Name),
			"last_update_time": cmp.Compare(a.LastUpdateTime, b.LastUpdateTime), "experiment_id": cmp.Compare(idOf(a), idOf(b)),
		}
		if key == "" {
			return cmp.Or(-by["creation_time"], by["experiment_id"])
		}
		return cmp.Or(sign*by[key], -by["experiment_id"])
	}
	if key != "" {
		p.OrderBy = []string{key + map[int]string{1: " ASC", -1: " DESC"}[sign]}
	}
	want := []string{}
	for _, e := range slices.SortedFunc(slices.Values(all), compare) {
		if inView(p.View, e.LifecycleStage == dynamodbstore.StageDeleted) && f.matches(e) {
			want = append(want, e.Name)
		}
	}
	for _, s := range stores {
		got := []string{}
		for e, err := range s.AllExperiments(t.Context(), p) {
			require.NoError(t, err)
			got = append(got, e.Name)
		}
		require.Equal(t, want, got, "%+v", p)
	}
}

// TestExperimentSearchBudgets holds pages of a long list to what they show.
func TestExperimentSearchBudgets(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		now := clock.Now()
		s := open(t, tab, clock, dynamodbstore.WithClock(func() time.Time { return now }))
		for i := range 300 {
			experiment(t, s, fmt.Sprintf("experiment-%03d", i))
			now = now.Add(time.Millisecond)
		}
		for _, c := range []struct {
			filter, order, plan string
			found               int
			budget              budget
		}{
			{"", "", "list by creation", 10, budget{1, 2, 0}},
			{"", "creation_time ASC", "list by creation", 10, budget{1, 2, 0}},
			{"", "last_update_time DESC", "list by update", 10, budget{1, 2, 0}},
			{"", "last_update_time ASC", "list by update", 10, budget{1, 2, 0}},
			{"", "name ASC", "names in order", 10, budget{3, 14, 0}},
			{"", "name DESC", "names in order", 10, budget{3, 14, 0}},
			{"name = 'experiment-111'", "", "experiment name", 1, budget{2, 2, 0}},
			{"name LIKE '%-111%'", "", "few candidates from indexes", 1, budget{5, 9, 0}},
		} {
			p := dynamodbstore.SearchExperimentsParams{Filter: c.filter, MaxResults: 10}
			if c.order != "" {
				p.OrderBy = []string{c.order}
			}
			var e dynamodbstore.Explanation
			for token := range 2 {
				u := cost(t, func(ctx context.Context) error {
					page, err := s.SearchExperiments(dynamodbstore.WithExplanation(ctx, &e), p)
					require.Len(t, page.Items, c.found)
					p.PageToken = page.NextPageToken
					return err
				})
				within(t, fmt.Sprintf("%s %s, page %d", c.filter, c.order, token+1), u, c.budget)
				require.Equal(t, c.plan, e.Plan)
				if p.PageToken == "" {
					break
				}
			}
		}
	})
}
