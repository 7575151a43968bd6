package dynamodbstore_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/dynamo"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
)

// readers are the methods that change nothing.
var readers = []string{
	"AllExperiments", "AllLoggedModels", "AllModelVersions", "AllRegisteredModels", "AllRuns", "Close", "GetAnyLoggedModel", "GetExperiment",
	"GetExperimentByName", "GetLoggedModel", "GetModelVersion",
	"GetModelVersionByAlias", "GetRegisteredModel", "GetRun", "Health", "LatestVersions", "MetricHistory",
	"MetricHistoryBulk", "MetricHistoryBulkInterval", "ModelVersionDownloadURI",
	"SearchDatasets", "SearchExperiments", "SearchLoggedModels", "SearchModelVersions", "SearchRegisteredModels", "SearchRuns", "TTLPolicy", "TagPatterns",
	"TrigramFields", "VisitMetricHistory", "VisitRuns", "Workspace", "Workspaces",
}

// sweptElsewhere are methods that work on all workspaces of a table, and have
// a sweep of their own.
var sweptElsewhere = []string{"CollectGarbage"} // TestStopCollection

// TestEveryMethodIsSwept fails when a Store gets a method that no sweep stops.
func TestEveryMethodIsSwept(t *testing.T) {
	t.Parallel()
	for m := range reflect.TypeFor[*dynamodbstore.Store]().Methods() {
		swept := slices.ContainsFunc(slices.Concat(acts, configActs, modelActs, loggedModelActs), func(a act) bool { return a.method == m.Name }) ||
			slices.Contains(sweptElsewhere, m.Name)
		require.NotEqual(t, slices.Contains(readers, m.Name), swept, "method %s", m.Name)
	}
}

// sweep stops acts at every table call, from one starting state.
type sweep struct {
	tab    table.Table
	clock  *stillClock
	state  string
	prefix string // of the names of workspaces
	spaces int
	points []crashPoint
}

// crashPoint is a workspace in which an act was stopped and then repeated.
type crashPoint struct {
	name      string
	workspace string
	want      sight
}

// TestStopEverywhere stops every method after its table calls (each of them, or
// those that nextCall names), with and without that call's effect, from many
// states.
func TestStopEverywhere(t *testing.T) {
	t.Parallel()
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		for _, state := range sweptStates(scenes) {
			t.Run(state, func(t *testing.T) {
				t.Parallel()
				sweepState(t, state, slices.DeleteFunc(slices.Clone(acts), func(a act) bool { return !relevant(state, a) }))
			})
		}
	})
	if raced() {
		return
	}
	t.Run("dynamodb", func(t *testing.T) {
		t.Parallel()
		for state, some := range map[string][]string{
			"settled": {"SetTag ", "DeleteRun "}, "open": {"UpdateRun end"}, "both deleted": {"RestoreExperiment "},
		} {
			t.Run(state, func(t *testing.T) {
				t.Parallel()
				sweepDynamo(t, state, acts, some...)
			})
		}
	})
}

// raced reports whether sweeps look for races only: from a state for each way
// of storing things, and on the embedded table, as the many tests on both
// tables race the client of the other one. What acts leave when they are
// stopped is found without the detector.
func raced() bool { return raceDetector && !everything() }

// racedStates are the states whose acts differ in what they do at once: few
// items or many, one register item or shards, a list row or none.
var racedStates = []string{"open", "wide settled", "frozen settled", "long tags", "growing", "full models", "full logged model"}

// sweptStates are the names of the scenes that acts are swept from.
func sweptStates(scenes map[string]func(t tester, s *dynamodbstore.Store) scene) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(scenes)), func(state string) bool {
		return raced() && !slices.Contains(racedStates, state)
	})
}

// sweepState sweeps acts from one state, each on an embedded table of its own.
func sweepState(t *testing.T, state string, acts []act) {
	t.Helper()
	points := 0
	for _, a := range acts {
		t.Run(a.method+" "+a.label, func(t *testing.T) {
			clock := newStillClock()
			points += (&sweep{tab: configured(t, memoryTable(t, clock), clock), clock: clock, state: state}).run(t, a)
		})
	}
	t.Logf("%d crash points", points)
}

// sweepDynamo sweeps some of the acts from one state on DynamoDB Local.
func sweepDynamo(t *testing.T, state string, acts []act, some ...string) {
	t.Helper()
	clock := newStillClock()
	tab := configured(t, ddblocal.NewTableWith(t, dynamo.Options{Clock: clock.Now}), clock)
	points, swept := 0, 0
	for i, a := range acts {
		if slices.Contains(some, a.method+" "+a.label) {
			swept++
			points += (&sweep{tab: tab, clock: clock, state: state, prefix: fmt.Sprint("act", i)}).run(t, a)
		}
	}
	require.Equal(t, len(some), swept)
	t.Logf("%d crash points", points)
}

// memoryTable is an embedded table for a few megabytes.
func memoryTable(t *testing.T, clock *stillClock) table.Table {
	t.Helper()
	tab, drop := briefTable(t, clock)
	t.Cleanup(drop)
	return tab
}

// briefTable is memoryTable for tests with a table for each of many points:
// a table keeps its megabytes until it is dropped.
func briefTable(t testing.TB, clock *stillClock) (empty table.Table, drop func()) {
	t.Helper()
	tab, err := pebbletable.OpenMemory(pebbletable.Options{Clock: clock.Now})
	require.NoError(t, err)
	require.NoError(t, tab.Init(t.Context(), true))
	return tab, func() { require.NoError(t, tab.Close()) }
}

// configured makes the configuration of a table that is empty: all indexes are
// complete, those of the scenes' tags too.
func configured(t *testing.T, tab table.Table, clock *stillClock) table.Table {
	t.Helper()
	s := view(t, tab, clock.Now, "configuration", dynamodbstore.WithEnvironment(func(name string) (string, bool) {
		if name == "MLFLOW_DYNAMODB_DENORMALIZE_TAGS" {
			return "t*", true
		}
		return "", false
	}))
	require.NoError(t, s.Init(t.Context()))
	require.NoError(t, s.Close())
	return tab
}

// relevant reports whether an act does from a state what it does from no other
// one that is swept.
func relevant(state string, a act) bool {
	ofExperiment := strings.Contains(a.method, "Experiment") || a.method == "CreateRun"
	switch state {
	case "open", "experiment deleted", "both deleted":
		return true
	case "long tags":
		return ofExperiment
	case "growing":
		return a.label == "wide"
	case "wide", "wide settled":
		return slices.Contains([]string{"LogMetric", "UpdateRun", "DeleteRun"}, a.method) || a.label == "wide" || a.label == "models"
	default:
		return !ofExperiment && a.label != "wide"
	}
}

// run sweeps one act, and returns how often it was stopped.
func (sw *sweep) run(t *testing.T, a act) int {
	t.Helper()
	sw.act(t, a)
	// All runs have been idle for long: whoever searches settles them.
	sw.clock.Advance(3 * time.Hour)
	for _, p := range sw.points {
		sw.settle(t, p)
	}
	return len(sw.points)
}

// workspace makes a workspace in the starting state.
func (sw *sweep) workspace(t *testing.T, through table.Table) (string, scene) {
	t.Helper()
	sw.spaces++
	name := strings.ToLower(fmt.Sprintf("%sw%d", sw.prefix, sw.spaces))
	prepare := scenes[sw.state]
	for _, more := range []map[string]func(t tester, s *dynamodbstore.Store) scene{modelScenes, loggedModelScenes} {
		if prepare == nil {
			prepare = more[sw.state]
		}
	}
	return name, prepare(t, view(t, through, sw.clock.Now, name))
}

func (sw *sweep) look(t *testing.T, workspace string) sight {
	t.Helper()
	s := view(t, sw.tab, sw.clock.Now, workspace, dynamodbstore.WithSmallSearches())
	defer func() { require.NoError(t, s.Close()) }()
	checkTable(t, sw.tab, s, workspace, false)
	return look(t, s)
}

// outcome is what an act does when nothing happens to it: once, and again.
type outcome struct {
	before, after, again sight
	err, errAgain        error
}

func (sw *sweep) outcome(t *testing.T, a act) outcome {
	t.Helper()
	workspace, sc := sw.workspace(t, sw.tab)
	o := outcome{before: sw.look(t, workspace)}
	o.err = a.do(t.Context(), sc.s, sc)
	requireNoFault(t, o.err)
	o.after = sw.look(t, workspace)
	o.errAgain = a.do(t.Context(), sc.s, sc)
	requireNoFault(t, o.errAgain)
	o.again = sw.look(t, workspace)
	require.NoError(t, sc.s.Close())
	return o
}

// requireNoFault fails unless err is one that a client can mend.
func requireNoFault(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	var known *dynamodbstore.Error
	require.ErrorAs(t, err, &known)
	require.NotEqual(t, dynamodbstore.CodeInternalError, known.Code, "%v", err)
	require.NotEqual(t, dynamodbstore.CodeTemporarilyUnavailable, known.Code, "%v", err)
}

// act stops one act at every call: the process ends there, or it goes on
// without the reply.
func (sw *sweep) act(t *testing.T, a act) {
	t.Helper()
	o := sw.outcome(t, a)
	for k := 1; ; k = nextCall(k) {
		reached := true
		for _, applied := range []bool{false, true} {
			reached = sw.stopAt(t, a, o, k, applied)
			if reached && (applied || everything()) {
				sw.failAt(t, a, o, k, applied)
				sw.abandon(t, a, o, k, applied)
			}
		}
		if !reached {
			return
		}
	}
}

// everyCall is the variable that has acts stopped at every call in every way,
// and pairs of acts meet in more orders. Without it, ever fewer of an act's
// calls are tried, since the later ones repeat themselves shard by shard or
// item by item; and only calls that were made are followed by something else
// than the repetition by a new process. With the race detector, which takes
// fifteen times as long, acts are swept from fewer states too, see raced.
const everyCall = "SWEEP_EVERY_CALL"

func everything() bool { return os.Getenv(everyCall) != "" }

// nextCall is the call to stop at after the k-th: 1, 3, 7, 15, 31, ...
func nextCall(k int) int {
	if everything() {
		return k + 1
	}
	return 2*k + 1
}

func (sw *sweep) stopAt(t *testing.T, a act, o outcome, k int, applied bool) bool {
	t.Helper()
	ft := faulty.Wrap(sw.tab, nil)
	workspace, sc := sw.workspace(t, ft)
	ft.SetPlan(faulty.StopAt(k, applied))
	err := a.do(t.Context(), sc.s, sc)
	require.NoError(t, sc.s.Close())
	if ft.Calls() < k {
		return false
	}
	name := fmt.Sprintf("%s %s, %s, stopped at call %d, applied %t (%v)", a.method, a.label, sw.state, k, applied, err)
	fresh := view(t, sw.tab, sw.clock.Now, workspace, dynamodbstore.WithSmallSearches())
	defer func() { require.NoError(t, fresh.Close()) }()
	sw.checkPoint(t, name, workspace, a, o, scene{s: fresh, exp: sc.exp, run: sc.run, model: sc.model})
	return true
}

// abandon stops an act that nobody repeats.
func (sw *sweep) abandon(t *testing.T, a act, _ outcome, k int, applied bool) {
	t.Helper()
	ft := faulty.Wrap(sw.tab, nil)
	workspace, sc := sw.workspace(t, ft)
	ft.SetPlan(faulty.StopAt(k, applied))
	err := a.do(t.Context(), sc.s, sc)
	require.NoError(t, sc.s.Close())
	name := fmt.Sprintf("%s %s, %s, abandoned at call %d, applied %t (%v)", a.method, a.label, sw.state, k, applied, err)
	sw.points = append(sw.points, crashPoint{name, workspace, sw.look(t, workspace)})
}

func (sw *sweep) failAt(t *testing.T, a act, o outcome, k int, applied bool) {
	t.Helper()
	ft := faulty.Wrap(sw.tab, nil)
	workspace, sc := sw.workspace(t, ft)
	ft.SetPlan(faulty.FailAt(k, applied, faulty.ErrStopped))
	err := a.do(t.Context(), sc.s, sc)
	ft.SetPlan(nil) // this time it may have needed fewer calls
	name := fmt.Sprintf("%s %s, %s, reply %d lost, applied %t (%v)", a.method, a.label, sw.state, k, applied, err)
	sw.checkPoint(t, name, workspace, a, o, sc)
	require.NoError(t, sc.s.Close())
}

// checkPoint looks at what a stopped act left, then does it again with s.
func (sw *sweep) checkPoint(t *testing.T, name, workspace string, a act, o outcome, sc scene) {
	t.Helper()
	seen := sw.look(t, workspace)
	if a.partial {
		requireMix(t, name, seen, o)
	} else {
		requireOneOf(t, name, seen, o.before, o.after)
	}
	err := a.do(context.WithoutCancel(t.Context()), sc.s, sc)
	require.Condition(t, func() bool { return sameError(err, o.err) || sameError(err, o.errAgain) },
		"%s: repeated: %v, want %v or %v", name, err, o.err, o.errAgain)
	seen = sw.look(t, workspace)
	requireOneOf(t, name+", repeated", seen, o.after, o.again)
	sw.points = append(sw.points, crashPoint{name, workspace, seen})
}

// settle lets searches settle what the crash left behind. Another look is for
// what the last one has had settled; without such writes it would see the same.
func (sw *sweep) settle(t *testing.T, p crashPoint) {
	t.Helper()
	written := 0
	watched := faulty.Wrap(sw.tab, func(c faulty.Call) faulty.Fault {
		if c.Writes() {
			written++
		}
		return faulty.Fault{}
	})
	s := view(t, watched, sw.clock.Now, p.workspace, dynamodbstore.WithSmallSearches())
	for round := range 3 {
		written = 0
		require.Equal(t, p.want, look(t, s), "%s: long after, look %d", p.name, round)
		dynamodbstore.WaitSettled(s)
		if written == 0 {
			break
		}
	}
	checkTable(t, sw.tab, s, p.workspace, true)
	require.NoError(t, s.Close())
}

func sameError(a, b error) bool {
	var x, y *dynamodbstore.Error
	if errors.As(a, &x) && errors.As(b, &y) {
		return x.Code == y.Code
	}
	return a == nil && b == nil
}

func requireOneOf(t *testing.T, name string, got sight, want ...sight) {
	t.Helper()
	for _, w := range want {
		if reflect.DeepEqual(got, w) {
			return
		}
	}
	require.Equal(t, want[len(want)-1], got, "%s", name)
}

// requireMix asserts that each fact is as it was before or after.
func requireMix(t *testing.T, name string, got sight, o outcome) {
	t.Helper()
	for _, facts := range []sight{got, o.before, o.after} {
		for fact := range facts {
			value, ok := got[fact]
			was, wasThere := o.before[fact]
			is, isThere := o.after[fact]
			require.True(t, value == was && ok == wasThere || value == is && ok == isThere,
				"%s: %s is %.100q (%t), not %.100q or %.100q", name, fact, value, ok, was, is)
		}
	}
}
