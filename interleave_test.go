package dynamodbstore_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// rivals are acts that meet each other on one run, beside those of acts.
var rivals = map[string]func(ctx context.Context, s *dynamodbstore.Store, sc scene) error{
	"settle": func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return dynamodbstore.SettleIdle(ctx, s, sc.run)
	},
	"set other tag": func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.SetTag(ctx, sc.run, dynamodbstore.Tag{Key: "other", Value: "1"})
	},
	"log other depth": func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.LogParam(ctx, sc.run, dynamodbstore.Param{Key: "depth", Value: "4"})
	},
	"freeze": func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.LogParam(ctx, sc.run, dynamodbstore.Param{Key: "freeze", Value: strings.Repeat("f", 5900)})
	},
	"grow": func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.LogBatch(ctx, dynamodbstore.LogBatchParams{RunID: sc.run, Metrics: manyMetrics(8, 58)})
	},
	"beat": func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.LogMetric(ctx, sc.run, point("acc", 7, 0.95))
	},
	"long tag": func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.SetExperimentTag(ctx, sc.exp, dynamodbstore.Tag{Key: "team", Value: strings.Repeat("t", 19000)})
	},
	"log other model": func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.LogModel(ctx, sc.run, `{"artifact_path": "other"}`)
	},
	"take name": func(ctx context.Context, s *dynamodbstore.Store, _ scene) error {
		_, err := s.CreateExperiment(ctx, dynamodbstore.CreateExperimentParams{Name: "renamed"})
		return err
	},
}

// rivalOf finds an act by its name.
func rivalOf(name string) func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
	for _, a := range slices.Concat(acts, modelActs, loggedModelActs) {
		if strings.TrimSpace(a.method+" "+a.label) == name {
			return a.do
		}
	}
	return rivals[name]
}

// ofRuns are acts that are tried against each other on one run.
var ofRuns = []string{
	"UpdateRun end", "UpdateRun resume", "DeleteRun", "RestoreRun", "LogMetric", "beat", "LogParam", "log other depth",
	"SetTag", "set other tag", "DeleteTag", "LogInputs", "settle", "DeleteExperiment", "RestoreExperiment",
}

// loggingModels are acts that LogModel is tried against.
var loggingModels = []string{"LogModel", "log other model", "UpdateRun end", "DeleteRun", "SetTag", "settle"}

// matches are the acts that meet in a state: all of the first list with all of
// the second.
var matches = []struct {
	state         string
	first, second []string
}{
	{"open", ofRuns, ofRuns},
	{"settled", ofRuns, ofRuns},
	{"deleted", ofRuns, []string{"RestoreRun", "RestoreExperiment", "DeleteExperiment", "DeleteRun", "settle"}},
	{"both deleted", ofRuns, []string{"RestoreExperiment", "RestoreRun", "DeleteRun"}},
	{"run restored in deleted", ofRuns, []string{"RestoreExperiment", "DeleteRun", "RestoreRun"}},
	{"filling", []string{"freeze"}, append([]string{"SetTag elsewhere"}, ofRuns...)},
	{"frozen", []string{"LogParam", "SetTag elsewhere", "DeleteTag elsewhere", "UpdateRun end"}, append([]string{"DeleteTag elsewhere"}, ofRuns...)},
	{"frozen settled", []string{"LogParam", "SetTag elsewhere"}, []string{"log other depth", "LogMetric", "SetTag", "settle", "DeleteTag elsewhere", "DeleteRun"}},
	{"growing", []string{"grow"}, []string{"grow", "UpdateRun end", "settle", "SetTag", "LogMetric"}},
	{"settled", []string{"LogModel"}, loggingModels},
	{"filling", []string{"LogModel"}, append([]string{"freeze"}, loggingModels...)},
	{"frozen settled", []string{"LogModel"}, loggingModels},
	{"wide settled", []string{"LogMetric"}, []string{"beat", "UpdateRun end", "SetTag", "settle"}},
	{
		"settled",
		[]string{"RenameExperiment", "take name", "DeleteExperiment", "long tag"},
		[]string{"RenameExperiment", "take name", "SetExperimentTag", "DeleteExperimentTag", "DeleteExperiment", "CreateRun", "long tag"},
	},
}

// interleavings is how many orders of its calls are tried for each pair: half
// of them with warm caches.
func interleavings() uint64 {
	if everything() {
		return 8
	}
	return 2
}

// TestInterleavedPairs runs two operations of two Stores with their table
// calls in random orders: whatever the order, it must look as if one had been
// after the other.
func TestInterleavedPairs(t *testing.T) {
	t.Parallel()
	for i, m := range matches {
		t.Run(fmt.Sprint(m.state, i), func(t *testing.T) {
			t.Parallel()
			n := 0
			seen := map[[2]string]bool{}
			for _, a := range m.first {
				clock := newStillClock()
				tab, drop := briefTable(t, clock)
				mt := &match{sweep: sweep{tab: configured(t, tab, clock), clock: clock, state: m.state}, sch: newScheduler()}
				for _, b := range m.second {
					if !seen[[2]string{b, a}] {
						seen[[2]string{a, b}] = true
						mt.meet(t, a, b)
					}
				}
				clock.Advance(3 * time.Hour)
				for _, p := range mt.points {
					mt.settle(t, p)
				}
				n += len(mt.points)
				drop()
			}
			t.Logf("%d interleavings", n)
		})
	}
}

type match struct {
	sweep
	sch *scheduler
}

// result is how two acts ended.
type result struct {
	errs [2]string
	seen sight
}

// meet tries one pair of acts.
func (mt *match) meet(t *testing.T, a, b string) {
	t.Helper()
	want := []result{mt.inTurn(t, a, b, false), mt.inTurn(t, a, b, true)}
	for seed := range interleavings() {
		name := fmt.Sprintf("%s and %s, %s, seed %d", a, b, mt.state, seed)
		tab := scheduled{mt.tab, mt.sch}
		workspace, first := mt.workspace(t, tab)
		second := first
		second.s = mt.idle(t, workspace)
		first.s = mt.idle(t, workspace)
		if seed%2 == 0 { // with what it knows of the run
			mt.warm(t, first, second)
		}
		errs := interleave(t, seed, mt.sch,
			func(ctx context.Context) error { return rivalOf(a)(ctx, first.s, first) },
			func(ctx context.Context) error { return rivalOf(b)(ctx, second.s, second) })
		got := result{errs: [2]string{code(t, errs[0]), code(t, errs[1])}, seen: mt.look(t, workspace)}
		if !reflect.DeepEqual(got, want[0]) && !reflect.DeepEqual(got, want[1]) {
			t.Logf("%s: %s", name, strings.Join(mt.sch.trace, "\n"))
			require.Equal(t, want[0], got, "%s (or the other way round: %v)", name, want[1].errs)
		}
		require.NoError(t, first.s.Close())
		require.NoError(t, second.s.Close())
		mt.points = append(mt.points, crashPoint{name, workspace, got.seen})
	}
}

// idle is a Store for which runs are idle at once.
func (mt *match) idle(t *testing.T, workspace string) *dynamodbstore.Store {
	t.Helper()
	return view(t, scheduled{mt.tab, mt.sch}, mt.clock.Now, workspace, dynamodbstore.WithSettleAfter(0))
}

// warm lets Stores learn of the run.
func (mt *match) warm(t *testing.T, all ...scene) {
	t.Helper()
	for _, sc := range all {
		require.Error(t, sc.s.DeleteTag(t.Context(), sc.run, "missing"))
	}
}

// inTurn runs the acts one after the other.
func (mt *match) inTurn(t *testing.T, a, b string, swapped bool) result {
	t.Helper()
	workspace, sc := mt.workspace(t, mt.tab)
	sc.s = mt.idle(t, workspace)
	var r result
	for i := range 2 {
		if swapped {
			i = 1 - i
		}
		r.errs[i] = code(t, rivalOf([]string{a, b}[i])(t.Context(), sc.s, sc))
	}
	r.seen = mt.look(t, workspace)
	require.NoError(t, sc.s.Close())
	return r
}

// code is the code of an error that a client can mend.
func code(t *testing.T, err error) string {
	t.Helper()
	requireNoFault(t, err)
	if err == nil {
		return ""
	}
	known, _ := err.(*dynamodbstore.Error) //nolint:errorlint // requireNoFault has seen to it
	return string(known.Code)
}
