package dynamodbstore_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/dynamo"
)

// TestPlansAgree draws searches and compares what they find through indexes,
// read in pages of any size and a few rows at a time, with what the run list
// alone shows.
func TestPlansAgree(t *testing.T) {
	t.Parallel()
	for name, tab := range map[string]func(t *testing.T, clock *stillClock) table.Table{
		"embedded": func(t *testing.T, clock *stillClock) table.Table { t.Helper(); return memoryTable(t, clock) },
		"dynamodb": func(t *testing.T, clock *stillClock) table.Table {
			t.Helper()
			return ddblocal.NewTableWith(t, dynamo.Options{Clock: clock.Now})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newStillClock()
			w := newSearchWorld(t, configured(t, tab(t, clock), clock), clock)
			if name == "dynamodb" {
				for seed := range 40 {
					rapid.Custom(func(rt *rapid.T) int { w.check(rt); return 0 }).Example(seed)
				}
				return
			}
			rapid.Check(t, w.check)
		})
	}
}

// searchWorld is two experiments of runs in every state.
type searchWorld struct {
	stores []*dynamodbstore.Store
	plain  *dynamodbstore.Store // without indexes
	exps   []string
	ids    []string
}

var (
	worldValues = []float64{0, math.Copysign(0, -1), 1, 1, 1, 2.5, -3, math.Inf(1), math.Inf(-1), math.NaN()}
	worldTexts  = []string{
		"", "a", "ab", "abc", "abcd", "ABC", "x abc y", "été", "日本語テキスト", "a\x00b", "a\x01b", "\x7f", "\U0010FFFF",
		strings.Repeat("long", 80), strings.Repeat("long", 80) + "z", strings.Repeat("é", 200) + "1", strings.Repeat("é", 200) + "2",
	}
)

func newSearchWorld(t *testing.T, tab table.Table, clock *stillClock) *searchWorld {
	t.Helper()
	w := &searchWorld{}
	for i := range 2 {
		w.stores = append(w.stores, view(t, tab, clock.Now, "world", smallSearches(i)...))
	}
	w.plain = dynamodbstore.ListOnly(w.stores[0])
	t.Cleanup(func() {
		for _, s := range w.stores {
			require.NoError(t, s.Close())
		}
	})
	for e := range 2 {
		w.exps = append(w.exps, experiment(t, w.stores[0], fmt.Sprintf("experiment %d", e)))
	}
	for i := range 60 {
		w.addRun(t, i)
	}
	clock.Advance(time.Hour) // what has settled lately is found without its index rows
	return w
}

// addRun makes the i-th run: most are settled, some open, reopened, deleted.
func (w *searchWorld) addRun(t *testing.T, i int) {
	t.Helper()
	s := w.stores[0]
	name := worldTexts[(i*7)%len(worldTexts)]
	r, err := s.CreateRun(t.Context(), dynamodbstore.CreateRunParams{
		ExperimentID: w.exps[i%2], Name: name, StartTime: int64(i % 9),
		Tags: []dynamodbstore.Tag{{Key: "t0", Value: worldTexts[i%len(worldTexts)]}, {Key: "own", Value: "abc"}},
	})
	require.NoError(t, err)
	id := r.Info.RunID
	w.ids = append(w.ids, id)
	if i%5 > 0 {
		require.NoError(t, s.LogMetric(t.Context(), id, dynamodbstore.Metric{Key: "m", Value: worldValues[i%len(worldValues)]}))
	}
	if i%4 > 0 {
		require.NoError(t, s.LogParam(t.Context(), id, dynamodbstore.Param{Key: "p", Value: worldTexts[(i*3)%len(worldTexts)]}))
	}
	if i%3 > 0 {
		w.addInputs(t, i, id)
	}
	if i%6 == 0 {
		return
	}
	finish(t, s, id)
	switch i % 7 {
	case 1:
		require.NoError(t, s.SetTag(t.Context(), id, dynamodbstore.Tag{Key: "t0", Value: "reopened"}))
	case 2:
		require.NoError(t, s.LogMetric(t.Context(), id, dynamodbstore.Metric{Key: "m", Value: 7, Step: 1}))
		finish(t, s, id)
	case 3:
		require.NoError(t, s.DeleteRun(t.Context(), id))
	case 4:
		w.addInputs(t, i+1, id)
	}
}

// addInputs gives a run two datasets, one of them in a context, and both in
// some runs of one name.
func (w *searchWorld) addInputs(t *testing.T, i int, id string) {
	t.Helper()
	name := func(n int) string { // which is never empty
		text := worldTexts[n%len(worldTexts)]
		switch {
		case n%3 == 0:
			return "common"
		case text == "":
			return "unnamed"
		default:
			return text
		}
	}
	contexts := []string{"", "train", "test", worldTexts[13], worldTexts[14]}
	input := func(name, digest string, tags ...dynamodbstore.Tag) dynamodbstore.DatasetInput {
		d := dynamodbstore.Dataset{Name: name, Digest: digest, SourceType: "local", Source: "x"}
		return dynamodbstore.DatasetInput{Dataset: d, Tags: tags}
	}
	require.NoError(t, w.stores[0].LogInputs(t.Context(), dynamodbstore.LogInputsParams{RunID: id, Datasets: []dynamodbstore.DatasetInput{
		input(name(i), fmt.Sprint(i%4), dynamodbstore.Tag{Key: "mlflow.data.context", Value: contexts[i%len(contexts)]}),
		input(name(i*i), "abcd"),
	}}))
}

// datasetClause draws a condition on datasets.
func datasetClause(t *rapid.T) string {
	field := rapid.SampledFrom([]string{"name", "digest", "context"}).Draw(t, "field")
	texts := rapid.SampledFrom(map[string][]string{
		"name":    append([]string{"unnamed", "common"}, worldTexts...),
		"digest":  {"0", "1", "2", "3", "abcd", "none"},
		"context": {"", "train", "test", "none", worldTexts[13], worldTexts[14]},
	}[field])
	switch op := rapid.SampledFrom([]string{"=", "!=", "LIKE", "ILIKE", "IN", "NOT IN"}).Draw(t, "dataset op"); op {
	case "IN", "NOT IN":
		list := rapid.SliceOfN(texts, 1, 4).Draw(t, "dataset list")
		return fmt.Sprintf("datasets.%s %s ('%s')", field, op, strings.Join(list, "', '"))
	case "LIKE", "ILIKE":
		pattern := rapid.SampledFrom([]string{"abc%", "%abc%", "a%", "long%", "é%", "a_c", "%", "t%", "te%", "co_mon"}).Draw(t, "dataset pattern")
		return fmt.Sprintf("datasets.%s %s '%s'", field, op, pattern)
	default:
		return fmt.Sprintf("datasets.%s %s '%s'", field, op, texts.Draw(t, "dataset text"))
	}
}

// clause draws a condition.
func (w *searchWorld) clause(t *rapid.T) string {
	text := rapid.SampledFrom(worldTexts)
	quoted := func() string { return "'" + text.Draw(t, "text") + "'" }
	key := rapid.SampledFrom([]string{"params.p", "tags.t0", "tags.own", "attributes.run_name", "tags.`mlflow.runName`", "params.none"}).Draw(t, "key")
	switch rapid.IntRange(0, 9).Draw(t, "clause") {
	case 0:
		op := rapid.SampledFrom([]string{"=", "!=", "<", "<=", ">", ">="}).Draw(t, "op")
		return fmt.Sprintf("metrics.m %s %s", op, rapid.SampledFrom([]string{"0", "1", "2.5", "-3", "7", "1e999"}).Draw(t, "number"))
	case 1, 2:
		return key + " = " + quoted()
	case 3, 4:
		pattern := rapid.SampledFrom([]string{"%abc%", "abc%", "%bcd", "a_c", "%LONGlong%", "long%", "%x%", "été", "%日本語%", "ABC", "%%", "é%", "%ope%d", "\U0010FFFF%"})
		return key + rapid.SampledFrom([]string{" LIKE '", " ILIKE '"}).Draw(t, "like") + pattern.Draw(t, "pattern") + "'"
	case 5:
		return "attributes.run_id IN ('" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(w.ids), 1, 4).Draw(t, "ids"), "','") + "')"
	case 6:
		return rapid.SampledFrom([]string{"params.p", "tags.t0", "tags.none"}).Draw(t, "nullable") +
			rapid.SampledFrom([]string{" IS NULL", " IS NOT NULL"}).Draw(t, "null")
	case 7, 8:
		return datasetClause(t)
	default:
		return rapid.SampledFrom([]string{"attributes.status = 'FINISHED'", "attributes.start_time > 4"}).Draw(t, "attribute")
	}
}

func (w *searchWorld) check(t *rapid.T) {
	var clauses []string
	for range rapid.IntRange(0, 3).Draw(t, "clauses") {
		clauses = append(clauses, w.clause(t))
	}
	p := dynamodbstore.SearchRunsParams{
		ExperimentIDs: w.exps[:rapid.IntRange(1, 2).Draw(t, "experiments")],
		Filter:        strings.Join(clauses, " AND "),
		MaxResults:    rapid.SampledFrom([]int{1, 2, 3, 7, 100}).Draw(t, "page"),
		View: rapid.SampledFrom([]dynamodbstore.ViewType{
			dynamodbstore.ViewActiveOnly, dynamodbstore.ViewDeletedOnly, dynamodbstore.ViewAll,
		}).Draw(t, "view"),
	}
	for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{
		"metrics.m", "params.p", "tags.t0", "tags.own", "attributes.run_name", "attributes.start_time", "attributes.status", "metrics.none",
	}), 0, 2, rapid.ID).Draw(t, "order") {
		p.OrderBy = append(p.OrderBy, key+rapid.SampledFrom([]string{" ASC", " DESC"}).Draw(t, "direction"))
	}
	want := allRuns(t, w.plain, withPage(p, 1000))
	for i, s := range w.stores {
		got := allRuns(t, s, p)
		require.Equal(t, texts(want), texts(got), "store %d, filter %q, order %v, view %d", i, p.Filter, p.OrderBy, p.View)
	}
}

func withPage(p dynamodbstore.SearchRunsParams, n int) dynamodbstore.SearchRunsParams {
	p.MaxResults = n
	return p
}

func texts(runs []*dynamodbstore.Run) []string {
	out := make([]string, len(runs))
	for i, r := range runs {
		out[i] = runText(r)
	}
	return slices.Clip(out)
}
