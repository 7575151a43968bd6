package dynamodbstore_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// modelFilters are filters with what they mean.
var modelFilters = []struct {
	filter  string
	matches func(r *modelRun) bool
}{
	{"", func(*modelRun) bool { return true }},
	{"metrics.m0 > 1", func(r *modelRun) bool { m, ok := r.latest["m0"]; return ok && m.Value > 1 }},
	{"metrics.m0 != 2", func(r *modelRun) bool { m, ok := r.latest["m0"]; return ok && m.Value != 2 }},
	{"metrics.m1 <= 0", func(r *modelRun) bool { m, ok := r.latest["m1"]; return ok && m.Value <= 0 }},
	{"params.p0 = 'a'", func(r *modelRun) bool { return r.params["p0"] == "a" }},
	{"params.p1 != 'a'", func(r *modelRun) bool { v, ok := r.params["p1"]; return ok && v != "a" }},
	{"tags.t0 LIKE 'a%'", func(r *modelRun) bool { return strings.HasPrefix(r.tags["t0"], "a") }},
	{"tags.t1 ILIKE 'A%'", func(r *modelRun) bool { return strings.HasPrefix(r.tags["t1"], "a") }},
	{"tags.t0 IS NULL", func(r *modelRun) bool { _, ok := r.tags["t0"]; return !ok }},
	{"tags.t1 IS NOT NULL", func(r *modelRun) bool { _, ok := r.tags["t1"]; return ok }},
	{"attributes.status = 'FINISHED'", func(r *modelRun) bool { return r.status == dynamodbstore.StatusFinished }},
	{"attributes.run_name LIKE '%ore%'", func(r *modelRun) bool { return strings.Contains(r.name, "ore") }},
	{"attributes.run_name ILIKE 'MORE_' AND metrics.m0 < 3", func(r *modelRun) bool {
		m, ok := r.latest["m0"]
		return ok && m.Value < 3 && len(r.name) == 5 && strings.HasPrefix(r.name, "more")
	}},
	{"params.p0 = 'a' AND metrics.m1 > 0", func(r *modelRun) bool {
		m, ok := r.latest["m1"]
		return ok && m.Value > 0 && r.params["p0"] == "a"
	}},
	{"attributes.run_name = 'n1'", func(r *modelRun) bool { return r.name == "n1" }},
	{"attributes.start_time >= 2 AND tags.t0 = 'b'", func(r *modelRun) bool { return r.start >= 2 && r.tags["t0"] == "b" }},
	{"attributes.end_time < 5", func(r *modelRun) bool { return r.end != nil && *r.end < 5 }},
	{"datasets.name = 'd0'", func(r *modelRun) bool { _, ok := r.data["d0"]; return ok }},
	{"datasets.context = 'train'", func(r *modelRun) bool { return r.data["d0"] == "train" || r.data["d1"] == "train" }},
}

// modelOrders are orders with what they mean, before ties are broken.
var modelOrders = []struct {
	by      string
	compare func(a, b *modelRun) int
}{
	{"", func(*modelRun, *modelRun) int { return 0 }},
	{"metrics.m0 ASC", func(a, b *modelRun) int { return compareMetrics(a, b, "m0", 1) }},
	{"metrics.m0 DESC", func(a, b *modelRun) int { return compareMetrics(a, b, "m0", -1) }},
	{"attributes.run_name DESC", func(a, b *modelRun) int { return -cmp.Compare(a.name, b.name) }},
	{"params.p0 ASC", func(a, b *modelRun) int { return compareStrings(a.params, b.params, "p0", 1) }},
	{"tags.t0 DESC", func(a, b *modelRun) int { return compareStrings(a.tags, b.tags, "t0", -1) }},
	{"attributes.start_time ASC", func(a, b *modelRun) int { return cmp.Compare(a.start, b.start) }},
	{"attributes.status ASC", func(a, b *modelRun) int { return cmp.Compare(a.status, b.status) }},
	{"attributes.end_time DESC", compareEnds},
}

// compareMetrics puts NaN behind numbers and what is missing last, either way.
func compareMetrics(a, b *modelRun, key string, sign int) int {
	x, okX := a.latest[key]
	y, okY := b.latest[key]
	class := func(m dynamodbstore.Metric, ok bool) int {
		switch {
		case !ok:
			return 2
		case math.IsNaN(m.Value):
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(class(x, okX), class(y, okY)), sign*cmp.Compare(x.Value, y.Value))
}

func compareStrings(a, b map[string]string, key string, sign int) int {
	x, okX := a[key]
	y, okY := b[key]
	switch {
	case okX && okY:
		return sign * cmp.Compare(x, y)
	case okX:
		return -1
	case okY:
		return 1
	}
	return 0
}

func compareEnds(a, b *modelRun) int {
	switch {
	case a.end != nil && b.end != nil:
		return -cmp.Compare(*a.end, *b.end)
	case a.end != nil:
		return -1
	case b.end != nil:
		return 1
	}
	return 0
}

// checkRuns compares one drawn search of runs, page by page, with the model.
func (m *machine) checkRuns(t *rapid.T, s *dynamodbstore.Store) {
	t.Helper()
	f := rapid.SampledFrom(modelFilters).Draw(t, "filter")
	o := rapid.SampledFrom(modelOrders).Draw(t, "order")
	view := rapid.SampledFrom([]dynamodbstore.ViewType{
		dynamodbstore.ViewActiveOnly, dynamodbstore.ViewDeletedOnly, dynamodbstore.ViewAll,
	}).Draw(t, "view")
	p := dynamodbstore.SearchRunsParams{
		Filter: f.filter, View: view, MaxResults: rapid.SampledFrom([]int{1, 3, 1000}).Draw(t, "page"),
	}
	if o.by != "" {
		p.OrderBy = []string{o.by}
	}
	for _, e := range m.model.experiments {
		p.ExperimentIDs = append(p.ExperimentIDs, e.id)
	}
	want := slices.DeleteFunc(m.model.shown(view), func(r *modelRun) bool { return !f.matches(r) })
	slices.SortFunc(want, func(a, b *modelRun) int {
		return cmp.Or(o.compare(a, b), -cmp.Compare(a.start, b.start), cmp.Compare(a.id, b.id))
	})
	got := allRuns(t, s, p)
	require.Equal(t, idsOf(want), runIDs(got), "filter %q, order %q, view %d", f.filter, o.by, view)
	for i, r := range got {
		requireRun(t, want[i], r, "searched")
	}
}

func idsOf(runs []*modelRun) []string {
	var ids []string
	for _, r := range runs {
		ids = append(ids, r.id)
	}
	return ids
}

// requireRun compares a run with that of the model.
func requireRun(t *rapid.T, want *modelRun, got *dynamodbstore.Run, how string) {
	t.Helper()
	data := map[string]string{}
	for _, in := range got.Inputs.Datasets {
		data[in.Dataset.Name] = in.Tags[0].Value
	}
	require.Equal(t, want.data, data, "datasets of a %s run", how)
	bare := *got
	bare.Inputs = dynamodbstore.RunInputs{}
	require.Equal(t, runText(want.entity()), runText(&bare), "%s run", how)
	require.Equal(t, want.entity().Info, got.Info, "%s run", how)
}

// check compares everything that can be read with the model.
func (m *machine) check(t *rapid.T) {
	t.Helper()
	s := m.store(t)
	m.checkExperiments(t, s)
	for range 3 {
		m.checkRuns(t, s)
	}
	for _, r := range m.model.runs {
		got, err := s.GetRun(t.Context(), r.id)
		require.NoError(t, err)
		requireRun(t, r, got, "got")
		for _, key := range []string{"m0", "m1", "m2"} {
			require.Equal(t, fmt.Sprint(r.history[key]), fmt.Sprint(history(t, s, r.id, key)), "history of %s", key)
		}
	}
}

func (m *machine) checkExperiments(t *rapid.T, s *dynamodbstore.Store) {
	t.Helper()
	view := rapid.SampledFrom([]dynamodbstore.ViewType{
		dynamodbstore.ViewActiveOnly, dynamodbstore.ViewDeletedOnly, dynamodbstore.ViewAll,
	}).Draw(t, "view of experiments")
	p := dynamodbstore.SearchExperimentsParams{View: view, MaxResults: rapid.SampledFrom([]int{1, 3, 1000}).Draw(t, "page of experiments")}
	compare := func(a, b *dynamodbstore.Experiment) int {
		return cmp.Or(-cmp.Compare(a.CreationTime, b.CreationTime), cmp.Compare(idOf(a), idOf(b)))
	}
	if rapid.Bool().Draw(t, "by update") {
		p.OrderBy = []string{"last_update_time ASC"}
		compare = func(a, b *dynamodbstore.Experiment) int {
			return cmp.Or(cmp.Compare(a.LastUpdateTime, b.LastUpdateTime), -cmp.Compare(idOf(a), idOf(b)))
		}
	}
	var want, got []*dynamodbstore.Experiment
	for _, e := range m.model.experiments {
		if inView(view, e.deleted) {
			want = append(want, e.entity())
		}
		byName, err := s.GetExperimentByName(t.Context(), e.name)
		require.NoError(t, err)
		require.Equal(t, e.entity(), byName)
	}
	slices.SortFunc(want, compare)
	for e, err := range s.AllExperiments(t.Context(), p) {
		require.NoError(t, err)
		got = append(got, e)
	}
	require.Equal(t, want, got, "experiments of view %d by %v", view, p.OrderBy)
	for _, name := range machineNames {
		if m.model.named(name) == nil {
			_, err := s.GetExperimentByName(t.Context(), name)
			require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
		}
	}
}

func idOf(e *dynamodbstore.Experiment) int {
	n, _ := strconv.Atoi(e.ID)
	return n
}
