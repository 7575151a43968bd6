package dynamodbstore_test

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/dynamo"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
)

// A process may be stopped between any two of its calls for longer than
// anything waits, and then go on. Meanwhile another one deletes for good what
// it works on. Whatever the stopped one does then, nothing of it comes back:
// no read shows it, no answer is an internal error, and what it has written is
// garbage that the next collection removes.

// ending is how what an act works on is deleted for good, by a Store of another
// process. It may be gone already.
type ending struct {
	name string
	// late says that even the tombstones are gone when the act goes on.
	late bool
	end  func(ctx context.Context, w *stopWorld, s *dynamodbstore.Store) error
	gone func(sc scene) gone
}

// gone is what must not be seen any more; "" is nothing.
type gone struct{ exp, run, logged, model string }

func onlyRun(sc scene) gone { return gone{run: sc.run} }

func wholeExperiment(sc scene) gone { return gone{exp: sc.exp, run: sc.run, logged: sc.model} }

func onlyLoggedModel(sc scene) gone { return gone{logged: sc.model} }

func onlyModel(scene) gone { return gone{model: "vision"} }

const (
	afterCreation  = 3 * time.Hour  // nothing is taken to be under creation any more
	afterTombstone = 49 * time.Hour // tombstones of runs and models are gone
	afterRetention = 100 * day
)

// runEndings end a run, alone or with its experiment: on request, or because
// their retention is over.
var runEndings = []ending{
	{"run", false, deleteRunForGood, onlyRun},
	{"experiment", false, deleteExperimentForGood, wholeExperiment},
	{"expired run", false, func(ctx context.Context, w *stopWorld, s *dynamodbstore.Store) error {
		err := s.DeleteRun(ctx, w.sc.run)
		w.clock.Advance(afterRetention)
		return collected(ctx, s, dynamodbstore.GCParams{}, err)
	}, onlyRun},
	{"expired experiment", false, func(ctx context.Context, w *stopWorld, s *dynamodbstore.Store) error {
		err := s.DeleteExperiment(ctx, w.sc.exp)
		w.clock.Advance(afterRetention)
		return collected(ctx, s, dynamodbstore.GCParams{}, err)
	}, wholeExperiment},
	{"run, late", true, deleteRunForGood, onlyRun},
	{"experiment, late", true, deleteExperimentForGood, wholeExperiment},
}

func deleteRunForGood(ctx context.Context, w *stopWorld, s *dynamodbstore.Store) error {
	err := s.DeleteRun(ctx, w.sc.run)
	w.clock.Advance(afterCreation)
	return collected(ctx, s, dynamodbstore.GCParams{RunIDs: []string{w.sc.run}}, err)
}

func deleteExperimentForGood(ctx context.Context, w *stopWorld, s *dynamodbstore.Store) error {
	err := s.DeleteExperiment(ctx, w.sc.exp)
	w.clock.Advance(afterCreation)
	return collected(ctx, s, dynamodbstore.GCParams{ExperimentIDs: []string{w.sc.exp}}, err)
}

// collected collects garbage after something was deleted, or found not to be
// there any more: then only what is left of it.
func collected(ctx context.Context, s *dynamodbstore.Store, p dynamodbstore.GCParams, deleted error) error {
	if deleted != nil && !isNotFound(deleted) {
		return deleted
	}
	_, err := s.CollectGarbage(ctx, p)
	if isNotFound(err) {
		_, err = s.CollectGarbage(ctx, dynamodbstore.GCParams{})
	}
	return err
}

// loggedModelEndings end a logged model, alone or with its experiment.
var loggedModelEndings = append([]ending{
	{"logged model", false, deleteLoggedModelForGood, onlyLoggedModel},
	{"logged model, late", true, deleteLoggedModelForGood, onlyLoggedModel},
}, runEndings...)

func deleteLoggedModelForGood(ctx context.Context, w *stopWorld, s *dynamodbstore.Store) error {
	err := s.DeleteLoggedModel(ctx, w.sc.model)
	w.clock.Advance(afterCreation)
	return collected(ctx, s, dynamodbstore.GCParams{OlderThan: new(time.Duration(0))}, err)
}

// modelEndings end a registered model, or its versions. It may be renamed by
// now.
var modelEndings = []ending{
	{"registered model", false, deleteModelForGood, onlyModel},
	{"registered model, late", true, deleteModelForGood, onlyModel},
	{"versions", false, func(ctx context.Context, w *stopWorld, s *dynamodbstore.Store) error {
		for _, name := range []string{"vision", "new"} {
			for v := 1; v <= 5; v++ {
				if err := s.DeleteModelVersion(ctx, name, v); err != nil && !isNotFound(err) {
					return err
				}
			}
		}
		w.clock.Advance(afterCreation)
		return collected(ctx, s, dynamodbstore.GCParams{}, nil)
	}, func(scene) gone { return gone{} }},
}

func deleteModelForGood(ctx context.Context, w *stopWorld, s *dynamodbstore.Store) error {
	for _, name := range []string{"vision", "new"} {
		if err := s.DeleteRegisteredModel(ctx, name); err != nil && !isNotFound(err) {
			return err
		}
	}
	w.clock.Advance(afterCreation)
	return collected(ctx, s, dynamodbstore.GCParams{}, nil)
}

func isNotFound(err error) bool {
	known, ok := err.(*dynamodbstore.Error) //nolint:errorlint // as methods return it
	return ok && known.Code == dynamodbstore.CodeResourceDoesNotExist
}

// stopGroup is a kind of things with the states that they are in, the acts that
// are stopped, and what happens to them meanwhile.
type stopGroup struct {
	states  map[string]func(t tester, s *dynamodbstore.Store) scene
	acts    []act
	endings []ending
}

func stopGroups() map[string]stopGroup {
	return map[string]stopGroup{
		"runs":          {scenes, slices.Concat(acts, stopActs, readActs), runEndings},
		"logged models": {loggedModelScenes, slices.Concat(loggedModelActs, readsOfLoggedModels), loggedModelEndings},
		"models":        {modelScenes, slices.Concat(modelActs, readsOfModels), modelEndings},
	}
}

// TestStopCoversEveryMethod fails when a Store gets a method that is not
// stopped while what it works on is deleted for good.
func TestStopCoversEveryMethod(t *testing.T) {
	t.Parallel()
	var stopped []act
	for _, g := range stopGroups() {
		stopped = append(stopped, g.acts...)
	}
	for m := range reflect.TypeFor[*dynamodbstore.Store]().Methods() {
		if slices.Contains([]string{"Close", "Health", "Workspace", "Workspaces"}, m.Name) { // they make no table calls
			continue
		}
		require.True(t, slices.ContainsFunc(stopped, func(a act) bool { return a.method == m.Name }), "method %s", m.Name)
	}
}

// TestStopThenCollect stops every method, pass and read at its table calls,
// lets another Store delete for good what it works on, and lets it go on.
func TestStopThenCollect(t *testing.T) {
	t.Parallel()
	for name, g := range stopGroups() {
		for state := range g.states {
			if !everything() && !slices.Contains([]string{"open", "full logged model"}, state) {
				continue
			}
			t.Run(name+", "+state, func(t *testing.T) {
				t.Parallel()
				schedules := 0
				for _, a := range g.acts {
					if !relevantWhenStopped(state, a) {
						continue
					}
					w := &stopWorld{group: g, state: state, clock: newStillClock()}
					tab, drop := briefTable(t, w.clock)
					w.tab = configured(t, tab, w.clock)
					schedules += w.sweep(t, a)
					drop()
				}
				t.Logf("%d schedules", schedules)
			})
		}
	}
}

// relevantWhenStopped reports whether an act is stopped in a state: what does
// there the same as elsewhere, many calls long, is left out.
func relevantWhenStopped(state string, a act) bool {
	switch state {
	case "wide", "wide settled", "growing":
		return relevant(state, a) || a.method == "settle" || a.method == "GetRun"
	case "long tags":
		return relevant(state, a)
	}
	return a.label != "wide"
}

// TestStopThenCollectRemote is TestStopThenCollect for some acts on DynamoDB
// Local, and on one whose requests fail now and then beneath the SDK's retries.
func TestStopThenCollectRemote(t *testing.T) {
	t.Parallel()
	for name, with := range map[string]func(t *testing.T, clock *stillClock) table.Table{
		"dynamodb": func(t *testing.T, clock *stillClock) table.Table {
			t.Helper()
			return ddblocal.NewTableWith(t, dynamo.Options{Clock: clock.Now})
		},
		"faulty": func(t *testing.T, clock *stillClock) table.Table {
			t.Helper()
			in := faulty.New(3, faulty.Rates{Throttle: 0.03, ServerError: 0.03, Conflict: 0.05, Lost: 0.05, Unprocessed: 0.2})
			return ddblocal.NewTableWith(t, faulty.Options(clock.Now), in.Configure)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &stopWorld{clock: newStillClock()}
			w.tab = configured(t, with(t, w.clock), w.clock)
			schedules := 0
			for kind, some := range map[string]map[string][]string{
				"runs": {
					"open":    {"UpdateRun end", "LogBatch ", "CreateRun ", "LogInputs "},
					"settled": {"SetTag ", "DeleteRun ", "RestoreRun ", "settle "},
				},
				"logged models": {"full logged model": {"SetLoggedModelTags ", "CreateLoggedModel with long tags"}},
				"models":        {"full models": {"CreateModelVersion large"}},
			} {
				w.group = stopGroups()[kind]
				for state, names := range some {
					w.state = state
					for _, a := range w.group.acts {
						if slices.Contains(names, a.method+" "+a.label) {
							schedules += w.sweep(t, a)
						}
					}
				}
			}
			t.Logf("%d schedules", schedules)
		})
	}
}

// stopWorld is a table on which one schedule runs after the other.
type stopWorld struct {
	group stopGroup
	state string
	tab   table.Table
	clock *stillClock
	sc    scene // of the schedule under way
	turn  int
}

// sweep stops an act at its calls, and returns how many schedules there were.
func (w *stopWorld) sweep(t *testing.T, a act) int {
	t.Helper()
	schedules := 0
	for k := 1; ; k = nextCall(k) {
		for _, e := range w.endings() {
			if !w.schedule(t, a, k, e) {
				return schedules
			}
			schedules++
		}
	}
}

// endings are what happens at the next call: one thing after the other; two of
// them with the variable everyCall, and each with its value "all".
func (w *stopWorld) endings() []ending {
	all := w.group.endings
	n := 1
	switch {
	case os.Getenv(everyCall) == "all":
		n = len(all)
	case everything():
		n = 2
	}
	w.turn += n
	next := slices.Concat(all, all)[w.turn%len(all):]
	return next[:n]
}

// schedule stops an act at call k, before it is made, or behind it when even
// tombstones are to be gone. It reports whether there was such a call.
func (w *stopWorld) schedule(t *testing.T, a act, k int, e ending) bool {
	t.Helper()
	w.wipe(t)
	ft := faulty.Wrap(w.tab, nil)
	w.sc = w.group.states[w.state](t, view(t, ft, w.clock.Now, gcSpace))
	ids := w.modelIDs(t)
	rival := view(t, w.tab, w.clock.Now, gcSpace)
	var ended error
	ft.SetPlan(stopAt(k, e.late, func(ctx context.Context) {
		if ended = e.end(context.WithoutCancel(ctx), w, rival); e.late {
			w.clock.Advance(afterTombstone)
		}
	}))
	err := a.do(t.Context(), w.sc.s, w.sc)
	reached := ft.Calls() >= k
	ft.SetPlan(nil)
	require.NoError(t, rival.Close())
	dynamodbstore.WaitSettled(w.sc.s)
	dynamodbstore.WaitRolledUp(w.sc.s)
	if reached {
		name := fmt.Sprintf("%s %s, %s, %s, stopped at call %d (%v)", a.method, a.label, w.state, e.name, k, err)
		require.NoError(t, ended, name)
		w.check(t, name, e.gone(w.sc), err, ids)
	}
	require.NoError(t, w.sc.s.Close())
	return reached
}

// stopAt does something right before the k-th call, or right behind it.
func stopAt(k int, behind bool, do func(ctx context.Context)) faulty.Plan {
	return func(c faulty.Call) faulty.Fault {
		switch {
		case c.N != k:
			return faulty.Fault{}
		case behind:
			return faulty.Fault{Then: do}
		}
		return faulty.Fault{Wait: func(ctx context.Context) error { do(ctx); return nil }}
	}
}

// check looks at what is left when an act has gone on.
func (w *stopWorld) check(t *testing.T, name string, g gone, err error, ids map[string]bool) {
	t.Helper()
	var known *dynamodbstore.Error
	if err != nil {
		require.ErrorAs(t, err, &known, name)
		require.NotEqual(t, dynamodbstore.CodeInternalError, known.Code, name)
	}
	fresh := view(t, w.tab, w.clock.Now, gcSpace, dynamodbstore.WithSmallSearches())
	for _, s := range []*dynamodbstore.Store{w.sc.s, fresh} {
		requireUnseen(t, name, s, g, w.sc)
	}
	look(t, fresh)
	w.requireListed(t, name, fresh)
	dynamodbstore.WaitSettled(fresh)
	w.clock.Advance(3 * time.Hour)
	collect(t, fresh, dynamodbstore.GCParams{})
	for _, it := range allItems(t, w.tab) {
		c := keys.Classify(it.Key)
		of := g.run != "" && c.Run == g.run || g.exp != "" && c.Experiment == g.exp || g.logged != "" && c.Logged == g.logged ||
			g.model != "" && ids[c.Model]
		require.False(t, of && !isTombstone(it), "%s: left %q %v", name, it.Key, it.Attrs)
	}
	again := collect(t, fresh, dynamodbstore.GCParams{})
	require.Empty(t, again.Removed, "%s: a second collection", name)
	require.NoError(t, fresh.Close())
}

// requireUnseen asserts that no read shows what is gone.
func requireUnseen(t *testing.T, name string, s *dynamodbstore.Store, g gone, sc scene) {
	t.Helper()
	if sc.exp != "" {
		for _, order := range [][]string{nil, {"metrics.acc DESC"}, {"attributes.end_time"}} {
			found := runIDs(allRuns(t, s, dynamodbstore.SearchRunsParams{
				ExperimentIDs: []string{sc.exp}, View: dynamodbstore.ViewAll, OrderBy: order,
			}))
			require.NotContains(t, found, g.run, "%s: search of runs in the order %v", name, order)
		}
	}
	if g.run != "" {
		_, err := s.GetRun(t.Context(), g.run)
		require.ErrorIs(t, err, dynamodbstore.ErrNotFound, name)
		require.Empty(t, history(t, s, g.run, "acc"), name)
	}
	if g.exp != "" {
		_, err := s.GetExperiment(t.Context(), g.exp)
		require.ErrorIs(t, err, dynamodbstore.ErrNotFound, name)
		uses, err := s.SearchDatasets(t.Context(), []string{g.exp})
		require.NoError(t, err, name)
		require.Empty(t, uses, name)
		for _, found := range allExperiments(t, s, dynamodbstore.ViewAll) {
			require.NotEqual(t, g.exp, found.ID, name)
		}
	}
	if g.logged != "" {
		_, err := s.GetAnyLoggedModel(t.Context(), g.logged)
		require.ErrorIs(t, err, dynamodbstore.ErrNotFound, name)
		for m, err := range s.AllLoggedModels(t.Context(), dynamodbstore.SearchLoggedModelsParams{ExperimentIDs: []string{sc.exp}}) {
			require.NoError(t, err, name)
			require.NotEqual(t, g.logged, m.ID, name)
		}
	}
}

// requireListed asserts that searches show every run that can be read: what is
// gone in part must not come back in part.
func (w *stopWorld) requireListed(t *testing.T, name string, s *dynamodbstore.Store) {
	t.Helper()
	for _, it := range allItems(t, w.tab) {
		c := keys.Classify(it.Key)
		if c.Kind != keys.KindRun || isTombstone(it) {
			continue
		}
		r, err := s.GetRun(t.Context(), c.Run)
		if isNotFound(err) { // expired, or with its experiment
			continue
		}
		require.NoError(t, err, name)
		found := allRuns(t, s, dynamodbstore.SearchRunsParams{ExperimentIDs: []string{r.Info.ExperimentID}, View: dynamodbstore.ViewAll})
		require.Contains(t, runIDs(found), c.Run, "%s: run %s can be read", name, r.Info.Name)
	}
}

// modelIDs are the ids of the registered models of the scene.
func (w *stopWorld) modelIDs(t *testing.T) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	for _, it := range allItems(t, w.tab) {
		if id := keys.Classify(it.Key).Model; id != "" && it.Str(keys.Name) == "vision" {
			ids[id] = true
		}
	}
	return ids
}

// wipe removes everything but the configuration.
func (w *stopWorld) wipe(t *testing.T) {
	t.Helper()
	var old []table.Key
	for _, it := range allItems(t, w.tab) {
		if keys.Classify(it.Key).Workspace != "" {
			old = append(old, it.Key)
		}
	}
	require.NoError(t, w.tab.BatchWrite(t.Context(), nil, old))
}

func isTombstone(it table.Item) bool {
	return it.Str(keys.Stage) == "TOMBSTONE" || it.Str(keys.Status) == "TOMBSTONE" ||
		keys.Classify(it.Key).Kind == keys.KindModelPointer && it.Str(keys.Name) == ""
}
