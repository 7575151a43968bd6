package upkeep

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pass"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/pebbletable"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scene is a workspace on a table in memory, whose passes read three items at a
// time, and the log of what they do.
type scene struct {
	*Store
	now    *time.Time
	waited *[]time.Duration

	mu  *sync.Mutex
	log *[]string
}

// newScene makes a scene that is filled.
func newScene(t *testing.T) scene {
	t.Helper()
	tab, err := pebbletable.OpenMemory(pebbletable.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tab.Close()) })
	require.NoError(t, tab.Init(t.Context(), true))
	s := scene{now: new(time.Unix(1_700_000_000, 0)), waited: new([]time.Duration), mu: new(sync.Mutex), log: new([]string)}
	v := workspace.Defaults()
	v.PassPage = 3
	v.Clock = func() time.Time { return *s.now }
	v.Wait = func(_ context.Context, d time.Duration) error {
		*s.waited = append(*s.waited, d)
		*s.now = s.now.Add(d)
		return nil
	}
	s = s.on(t, v.Of(tab))
	s.fill(t)
	return s
}

// fill makes experiments 1, 2 and 3, which are listed from the last to the first,
// with one, none and five runs.
func (s scene) fill(t *testing.T) {
	t.Helper()
	for id, runs := range map[string][]string{"1": {"a"}, "2": nil, "3": {"e", "d", "c", "b", "a"}} {
		s.makeExperiment(t, id, runs...)
	}
}

// elsewhere returns another workspace, with as much in it.
func (s scene) elsewhere(t *testing.T) scene {
	t.Helper()
	v, err := s.In("other")
	require.NoError(t, err)
	s = s.on(t, v)
	s.fill(t)
	return s
}

// on returns another process, on a view.
func (s scene) on(t *testing.T, v *workspace.View, areas ...Area) scene {
	t.Helper()
	shared, err := settings.NewShared()
	require.NoError(t, err)
	s.Store = New(v, settings.New(v, shared), areas...)
	return s
}

// with returns another process, whose areas are the given ones.
func (s scene) with(t *testing.T, areas ...Area) scene { t.Helper(); return s.on(t, s.View, areas...) }

// makeExperiment lists an experiment, and its runs from the last to the first.
func (s scene) makeExperiment(t *testing.T, id string, runs ...string) {
	t.Helper()
	key := s.Keys.ExperimentCreated(int64(id[0]), id)
	require.NoError(t, s.Table.Put(t.Context(), table.Put{Item: table.NewItem(key, table.Attr{Name: keys.ExpID, Value: table.String(id)})}))
	for i, run := range runs {
		require.NoError(t, s.Table.Put(t.Context(), table.Put{Item: table.NewItem(s.Keys.RunRow(id, int64(i), id+run))}))
	}
}

func (s scene) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*s.log = append(*s.log, fmt.Sprintf(format, args...))
}

// did returns the log and begins a new one. What is done beside each other is
// sorted.
func (s scene) did() []string {
	log := *s.log
	*s.log = nil
	begun := -1 // where the runs of a page do
	for i, line := range append(log, "") {
		switch isRun := strings.HasPrefix(line, "run "); {
		case isRun && begun < 0:
			begun = i
		case !isRun && begun >= 0:
			slices.Sort(log[begun:i])
			begun = -1
		}
	}
	return log
}

// work notes what it is given under a name. It changes every experiment, and of
// runs those that end with a.
func (s scene) work(name string) Work {
	return Work{
		Experiment: func(_ context.Context, _ *pass.Pass, id string) (int64, error) {
			s.note("experiment %s %s", id, name)
			return 1, nil
		},
		Runs: func(_ context.Context, exp string, rows []table.Item) (Run, error) {
			ids := make([]string, len(rows))
			for i, row := range rows {
				_, id, err := keys.ParseRunRowSK(row.Key.SK)
				if err != nil {
					return nil, err
				}
				ids[i] = id
			}
			s.note("page %s %v %s", exp, ids, name)
			return func(_ context.Context, id string, row table.Item) (int64, error) {
				s.note("run %s %s %s", id, row.Key.SK[strings.Index(row.Key.SK, "#")+1:], name)
				return Count(strings.HasSuffix(id, "a")), nil
			}, nil
		},
	}
}

// failAt fails at a run, in place of bringing it up to date.
func failAt(w Work, run string, err error) Work {
	inner := w.Runs
	w.Runs = func(ctx context.Context, exp string, rows []table.Item) (Run, error) {
		do, prepareErr := inner(ctx, exp, rows)
		return func(ctx context.Context, id string, row table.Item) (int64, error) {
			if id == run {
				return 0, err
			}
			return do(ctx, id, row)
		}, prepareErr
	}
	return w
}

// fields is a pass over everything beside nobody.
func (s scene) fields(t *testing.T) (BackfillReport, error) {
	t.Helper()
	return s.BackfillTrigrams(t.Context(), BackfillParams{NoServers: true})
}

var errBroken = errors.New("broken")

// TestWalk: experiments come in the order of their list, each before its runs,
// and each page of runs before those; in each the areas work in their order, and
// what one has not to do it is not asked.
func TestWalk(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s = s.with(t,
		Area{Trigrams: s.work("x"), Tags: s.work("tags")}, Area{}, Area{Trigrams: Work{Experiment: s.work("y").Experiment}},
		Area{Trigrams: Work{Runs: s.work("z").Runs}})
	report, err := s.fields(t)
	require.NoError(t, err)
	require.Equal(t, []string{
		"experiment 3 x", "experiment 3 y", "page 3 [3a 3b 3c] x", "page 3 [3a 3b 3c] z",
		"run 3a 3a x", "run 3a 3a z", "run 3b 3b x", "run 3b 3b z", "run 3c 3c x", "run 3c 3c z",
		"page 3 [3d 3e] x", "page 3 [3d 3e] z", "run 3d 3d x", "run 3d 3d z", "run 3e 3e x", "run 3e 3e z",
		"experiment 2 x", "experiment 2 y",
		"experiment 1 x", "experiment 1 y", "page 1 [1a] x", "page 1 [1a] z", "run 1a 1a x", "run 1a 1a z",
	}, s.did())
	require.Equal(t, int64(3+6), report.Seen)
	require.Equal(t, int64(3*2+2*2), report.Changed, "experiments by two areas, two runs by two areas")
}

// TestPlaces: a walk remembers a place once it has looked at as many items as a page
// has since the last one, and from any place does what is behind it.
func TestPlaces(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	walkFrom := func(at place) (places []place) {
		p, ctx, err := pass.New(t.Context(), pass.Options{})
		require.NoError(t, err)
		w := &walk{s: s.Store, p: p, works: []Work{s.work("x")}, reached: func(_ context.Context, at place) error {
			places = append(places, at)
			return nil
		}}
		require.NoError(t, w.do(ctx, at))
		return places
	}
	of := func(id string) string { return s.Keys.ExperimentCreated(int64(id[0]), id).SK }
	places := walkFrom(place{})
	require.Equal(t, everything, s.did())
	require.Equal(t, []place{{of("3"), s.Keys.RunRow("3", 2, "3c").SK}, {of("2"), keys.Last}}, places)

	require.Equal(t, places[1:], walkFrom(places[0]))
	require.Equal(t, everything[5:], s.did())
	require.Empty(t, walkFrom(places[1]))
	require.Equal(t, everything[9:], s.did())
}

// TestAreasInARun: the areas work on a run one after the other, in their order,
// and an error keeps the next ones from it.
func TestAreasInARun(t *testing.T) {
	t.Parallel()
	ctx, row := t.Context(), table.NewItem(keys.Workspace("w").RunRow("1", 7, "r"))
	var order []string
	does := func(name string, changed int64, err error) Run {
		return func(context.Context, string, table.Item) (int64, error) {
			order = append(order, name)
			return changed, err
		}
	}
	changed, err := one(ctx, []Run{does("a", 2, nil), does("b", 0, nil), does("c", 3, nil)}, row)
	require.NoError(t, err)
	require.Equal(t, int64(5), changed)
	require.Equal(t, []string{"a", "b", "c"}, order)

	order = nil
	_, err = one(ctx, []Run{does("a", 1, nil), does("b", 1, errBroken), does("c", 1, nil)}, row)
	require.ErrorIs(t, err, errBroken)
	require.Equal(t, []string{"a", "b"}, order)

	_, err = one(ctx, []Run{does("a", 1, nil)}, table.NewItem(table.Key{PK: row.Key.PK, SK: "no run"}))
	require.ErrorIs(t, err, keys.ErrMalformed)
	require.Equal(t, []string{"a", "b"}, order)
}

// TestWorkers: no more than passWorkers runs are worked on at a time, and as many
// are; the pass steps after each such group.
func TestWorkers(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	var runs []string
	for i := range 2*passWorkers + 1 {
		runs = append(runs, fmt.Sprintf("%02d", i))
	}
	s.makeExperiment(t, "4", runs...)
	v := *s.View
	v.PassPage = 100
	var mu sync.Mutex
	var begun int
	var groups []int // how many had begun when a run was the last of its group
	all := make(chan struct{})
	work := Work{Runs: func(context.Context, string, []table.Item) (Run, error) {
		return func(_ context.Context, id string, _ table.Item) (int64, error) {
			if !strings.HasPrefix(id, "4") {
				return 0, nil
			}
			mu.Lock()
			begun++
			mine := all
			if begun%passWorkers == 0 || begun == len(runs) {
				groups = append(groups, begun)
				close(all)
				all = make(chan struct{})
			}
			mu.Unlock()
			<-mine // nobody goes on before the group is there
			return 0, nil
		}, nil
	}}
	s = s.on(t, &v, Area{Trigrams: work})
	var seen []int64
	_, err := s.BackfillTrigrams(t.Context(), BackfillParams{NoServers: true, Options: pass.Options{
		Report: func(p pass.Progress) { seen = append(seen, p.Seen) },
	}})
	require.NoError(t, err)
	require.Equal(t, []int{8, 16, 17}, groups)
	require.Equal(t, []int64{1, 9, 17, 18, 19, 24, 25, 26, 27}, seen)
}

// TestFailedWork: an error of an area ends the pass, as it is.
func TestFailedWork(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	broken := Work{Experiment: func(context.Context, *pass.Pass, string) (int64, error) { return 7, errBroken }}
	report, err := s.with(t, Area{Trigrams: broken}, Area{Trigrams: s.work("x")}).fields(t)
	require.Equal(t, errBroken, err)
	require.Empty(t, s.did())
	require.Zero(t, report.Seen+report.Changed)
	require.Empty(t, report.Complete)

	broken = Work{Runs: func(context.Context, string, []table.Item) (Run, error) { return nil, errBroken }}
	_, err = s.with(t, Area{Trigrams: broken}, Area{Trigrams: s.work("x")}).fields(t)
	require.Equal(t, errBroken, err)
	require.Equal(t, []string{"experiment 3 x"}, s.did())

	report, err = s.with(t, Area{Trigrams: failAt(s.work("x"), "3d", errBroken)}).fields(t)
	require.Equal(t, errBroken, err)
	require.Equal(t, int64(1+3), report.Seen)
	require.Equal(t, int64(1+1), report.Changed)
}
