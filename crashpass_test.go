package dynamodbstore_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
)

// crashPass is a pass that is stopped at every call while a server writes.
type crashPass struct {
	name string
	// prepare changes the settings of a full table.
	prepare func(t *testing.T, s *dynamodbstore.Store)
	do      func(ctx context.Context, s *dynamodbstore.Store) error
	// drops are ends of partition keys whose items may differ: their rows say where to look; some
	// are of abandoned generations.
	drops []string
	// volatile are attributes that count writes, or tell their time.
	volatile []string
}

var crashPasses = []crashPass{
	{
		name: "tags",
		prepare: func(t *testing.T, s *dynamodbstore.Store) {
			t.Helper()
			require.NoError(t, s.SetTagPatterns(t.Context(), "", []string{"team"}))
		},
		do: func(ctx context.Context, s *dynamodbstore.Store) error {
			_, err := s.BackfillTags(ctx, dynamodbstore.BackfillParams{})
			return err
		},
		drops:    []string{"#OPEN"},
		volatile: []string{keys.Rev, keys.Writes, "changed"},
	},
	{
		name: "trigrams",
		prepare: func(t *testing.T, s *dynamodbstore.Store) {
			t.Helper()
			require.NoError(t, s.SetTrigramFields(t.Context(), []string{"description", "tags.team"}))
		},
		do: func(ctx context.Context, s *dynamodbstore.Store) error {
			_, err := s.BackfillTrigrams(ctx, dynamodbstore.BackfillParams{})
			return err
		},
		drops:    []string{"#OPEN"},
		volatile: []string{keys.Rev, keys.Writes, "changed"},
	},
	{
		name: "ttl policy",
		prepare: func(t *testing.T, s *dynamodbstore.Store) {
			t.Helper()
			retain(t, s, 200, 20)
		},
		do: func(ctx context.Context, s *dynamodbstore.Store) error {
			_, err := s.ApplyTTLPolicy(ctx, dynamodbstore.ApplyTTLParams{})
			return err
		},
		drops:    []string{"#OPEN", "#DELETED"},
		volatile: []string{keys.Rev, keys.Writes, keys.Gen, keys.Changed},
	},
}

// TestStopPasses stops passes at every table call, with and without the effect
// of that call, while a server writes, and then repeats them: the table is
// what it is after a pass that nothing has happened to.
func TestStopPasses(t *testing.T) {
	t.Parallel()
	for _, p := range crashPasses {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			clock := newStillClock()
			full, runs := fullTable(t, clock, p)
			w := passWorld{p, clock, full, runs}
			want, _ := w.run(t, 0, false)
			points := 0
			for k := 1; ; k = nextCallOfPass(k) {
				_, reached := w.check(t, want, k, false)
				if !reached {
					break
				}
				w.check(t, want, k, true)
				points += 2
			}
			t.Logf("%d crash points", points)
		})
	}
}

// nextCallOfPass is the call at which a pass is stopped next: every one with
// the variable everyCall, else every fifth, since a pass does the same for
// each run, in fewer or more calls.
func nextCallOfPass(k int) int {
	if everything() {
		return k + 1
	}
	return k + 5
}

// fullTable returns the items of a table with runs in every state, and the
// runs by name.
func fullTable(t *testing.T, clock *stillClock, p crashPass) ([]table.Item, map[string]string) {
	t.Helper()
	tab := memoryTable(t, clock)
	s := configStoreOf(t, tab, clock.Now)
	require.NoError(t, s.Init(t.Context()))
	_, runs := library(t, s)
	clock.Advance(24 * time.Hour)
	p.prepare(t, s)
	require.NoError(t, s.Close())
	return allItems(t, tab), runs
}

func allItems(t *testing.T, tab table.Table) []table.Item {
	t.Helper()
	var out []table.Item
	for it, err := range table.ScanItems(t.Context(), tab, table.Scan{}) {
		require.NoError(t, err)
		out = append(out, it)
	}
	slices.SortFunc(out, func(a, b table.Item) int { return cmp.Or(a.Key.Compare(b.Key), 0) })
	return out
}

// passWorld is a table on which a pass and a server work.
type passWorld struct {
	crashPass
	clock *stillClock
	full  []table.Item
	runs  map[string]string
}

func (w passWorld) check(t *testing.T, want []string, k int, applied bool) ([]string, bool) {
	t.Helper()
	got, reached := w.run(t, k, applied)
	differ := func(a, b []string) []string {
		return slices.DeleteFunc(slices.Clone(a), func(line string) bool { return slices.Contains(b, line) })
	}
	name := fmt.Sprintf("%s, stopped at call %d, applied %t", w.name, k, applied)
	require.Empty(t, differ(want, got), "%s: missing", name)
	require.Empty(t, differ(got, want), "%s: too many", name)
	return got, reached
}

// run does the pass on a copy of the table, stops it at call k (0: nowhere)
// and repeats it. It returns the table then, and whether the call was reached.
func (w passWorld) run(t *testing.T, k int, applied bool) ([]string, bool) {
	t.Helper()
	clock := &stillClock{}
	clock.at.Store(w.clock.at.Load())
	tab, drop := briefTable(t, clock)
	defer drop()
	require.NoError(t, tab.BatchWrite(t.Context(), w.full, nil))
	server := configStoreOf(t, tab, clock.Now)
	pending := w.serverActs(t, server)
	stop := noFault
	if k > 0 {
		stop = faulty.StopAt(k, applied)
	}
	ft := faulty.Wrap(tab, beside(&pending, stop))
	err := w.pass(t, ft, clock)
	reached := k > 0 && ft.Calls() >= k
	require.Equal(t, reached, err != nil, "%v", err)
	if err != nil {
		require.ErrorIs(t, err, faulty.ErrStopped)
		ft.SetPlan(beside(&pending, noFault))
		require.NoError(t, w.pass(t, ft, clock))
	}
	for _, act := range pending {
		act()
	}
	ft.SetPlan(nil)
	require.NoError(t, w.pass(t, ft, clock)) // what the server did last was before it
	items := allItems(t, tab)
	text := w.text(items)
	requireFindable(t, items)
	clock.Advance(3 * time.Hour)
	for range 2 {
		look(t, server)
		dynamodbstore.WaitSettled(server)
	}
	checkTable(t, tab, server, "default", true)
	require.NoError(t, server.Close())
	return text, reached
}

func noFault(faulty.Call) faulty.Fault { return faulty.Fault{} }

// beside is a plan that does the next of the pending acts at every seventh
// call.
func beside(pending *[]func(), plan faulty.Plan) faulty.Plan {
	return func(c faulty.Call) faulty.Fault {
		if todo := *pending; c.N%7 == 0 && len(todo) > 0 {
			todo[0]()
			*pending = todo[1:]
		}
		return plan(c)
	}
}

func (w passWorld) pass(t *testing.T, tab table.Table, clock *stillClock) error {
	t.Helper()
	s := configStoreOf(t, tab, clock.Now, dynamodbstore.WithPass(2, func(context.Context, time.Duration) error { return nil }))
	err := w.do(t.Context(), s)
	return errors.Join(err, s.Close())
}

// serverActs are what the server does while the pass is under way.
func (w passWorld) serverActs(t *testing.T, s *dynamodbstore.Store) []func() {
	t.Helper()
	ctx := t.Context()
	tag := func(run, key, value string) func() {
		return func() {
			require.NoError(t, s.SetTag(ctx, w.runs[run], dynamodbstore.Tag{Key: key, Value: value}))
		}
	}
	return []func(){
		tag("one settled", "team", "sound"),
		tag("one open", "extra", "1"),
		func() { require.NoError(t, s.DeleteRun(ctx, w.runs["one reopened"])) },
		func() { require.NoError(t, endRun(ctx, s, w.runs["one settled"])) },
		func() { require.NoError(t, s.LogMetric(ctx, w.runs["one open"], point("acc", 5, 0.75))) },
		func() { require.NoError(t, s.RestoreRun(ctx, w.runs["one deleted"])) },
		tag("one frozen", "note", "late"),
		func() { require.NoError(t, endRun(ctx, s, w.runs["one open"])) },
		func() { require.NoError(t, s.RestoreExperiment(ctx, w.experiment(t, s, "two"))) }, //nolint:contextcheck // the test's own
		tag("two settled", "team", "sound"),
		func() { require.NoError(t, endRun(ctx, s, w.runs["two settled"])) },
	}
}

func (w passWorld) experiment(t *testing.T, s *dynamodbstore.Store, name string) string {
	t.Helper()
	e, err := s.GetExperimentByName(t.Context(), name)
	require.NoError(t, err)
	return e.ID
}

// requireFindable asserts that the row by which the restoration of an
// experiment finds a run outlives every run that expires.
func requireFindable(t *testing.T, items []table.Item) {
	t.Helper()
	byKey := map[table.Key]table.Item{}
	for _, it := range items {
		byKey[it.Key] = it
	}
	for _, it := range items {
		c := keys.Classify(it.Key)
		if expiry := it.Num(table.TTLAttr); c.Kind == keys.KindRun && expiry != 0 {
			row := byKey[keys.Workspace("default").DeletedRow(it.Str(keys.ExpID), it.Num(keys.Start), c.Run)]
			require.Greater(t, row.Num(table.TTLAttr), expiry, "row of run %s", it.Str(keys.Name))
		}
	}
}

// text is what the items say, without what may differ. Index rows are left
// out: a crash leaves rows too many, and checkTable looks for all that have to
// be there.
func (w passWorld) text(items []table.Item) []string {
	var out []string
	for _, it := range items {
		kind := keys.Classify(it.Key).Kind
		if kind == keys.KindRunIndex || kind == keys.KindRunTrigram ||
			slices.ContainsFunc(w.drops, func(end string) bool { return strings.HasSuffix(it.Key.PK, end) }) {
			continue
		}
		line := fmt.Sprintf("%q", it.Key)
		for _, a := range it.Attrs {
			if !slices.Contains(w.volatile, a.Name) && !isTrace(it, a.Name) {
				line += fmt.Sprintf(" %s=%v", a.Name, a.Value)
			}
		}
		out = append(out, line)
	}
	return out
}

// isTrace reports whether an attribute is what a reopened run's list row
// covered before.
func isTrace(it table.Item, name string) bool {
	return keys.Classify(it.Key).Kind == keys.KindRunList && it.Str(keys.State) == keys.StateOpen &&
		(name == keys.Packed || name == keys.Indexed)
}
