package upkeep

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pass"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// passWorkers bounds the runs that a pass works on at a time.
const passWorkers = 8

// place is how far a walk has come: sort keys in the list of experiments and
// in the run list of that one. Everything up to it is done.
type place struct{ exp, run string }

// Parts of a cursor. Stored, must not change.
const (
	cursorChanged    = "changed"
	cursorExperiment = "experiment"
	cursorFinal      = "final"
	cursorRun        = "run"
	cursorWorkspace  = "workspace"
)

// cursor is the attribute with the place that an unfinished pass has reached:
// a map of parts, sorted by their names.
type cursor packed.Dict

func (c cursor) part(name string) string {
	v, _ := packed.Dict(c).Get(name)
	return v
}

func (c cursor) place() place { return place{c.part(cursorExperiment), c.part(cursorRun)} }

// walk looks at every experiment of a workspace, and at the runs of each,
// deleted ones included, in the order of the lists. What is made or begun
// while it goes on may be left out.
type walk struct {
	s     *Store
	p     *pass.Pass
	only  string // the one experiment to look at; "": all
	works []Work // what there is to do, in its order
	// reached remembers a place.
	reached func(ctx context.Context, at place) error

	since int // items looked at since a place was remembered
}

// do walks from a place to the end.
func (w *walk) do(ctx context.Context, from place) error {
	if w.only != "" {
		return w.runsOf(ctx, w.only, w.only, from.run)
	}
	q := table.Query{
		PK: w.s.Keys.ExperimentsPK(), From: keys.CreatedPrefix, To: table.PrefixEnd(keys.CreatedPrefix), Limit: w.s.PassPage,
	}
	if from.exp != "" {
		q.From = from.exp
	}
	for row, err := range table.Items(ctx, w.s.Table, q) {
		if err != nil {
			return err
		}
		after := ""
		if row.Key.SK == from.exp {
			after = from.run
		}
		if err := w.runsOf(ctx, row.Key.SK, row.Str(keys.ExpID), after); err != nil {
			return err
		}
	}
	return nil
}

// runsOf looks at an experiment, unless some of its runs are done, and at its
// runs behind a sort key.
func (w *walk) runsOf(ctx context.Context, sk, id, after string) error {
	if after == "" {
		changed, err := w.experiment(ctx, id)
		if err != nil {
			return err
		}
		w.since++
		if err := w.p.Step(ctx, 1, changed); err != nil {
			return err
		}
	}
	for after != keys.Last {
		page, err := w.s.Table.Query(ctx, table.Query{
			PK: w.s.Keys.RunsPK(id), From: "0", To: keys.Last, After: after, Limit: w.s.PassPage,
		})
		if err != nil {
			return err
		}
		if err := w.runs(ctx, id, page.Items); err != nil {
			return err
		}
		if after = page.Next; after == "" {
			after = keys.Last
		}
		if err := w.remember(ctx, place{sk, after}); err != nil {
			return err
		}
	}
	return nil
}

// experiment does what there is to do with one experiment.
func (w *walk) experiment(ctx context.Context, id string) (changed int64, err error) {
	for _, work := range w.works {
		if work.Experiment == nil {
			continue
		}
		n, err := work.Experiment(ctx, w.p, id)
		if err != nil {
			return 0, err
		}
		changed += n
	}
	return changed, nil
}

// prepare shows a page of runs to all who have something to do with them.
func (w *walk) prepare(ctx context.Context, exp string, rows []table.Item) ([]Run, error) {
	var todo []Run
	for _, work := range w.works {
		if work.Runs == nil {
			continue
		}
		run, err := work.Runs(ctx, exp, rows)
		if err != nil {
			return nil, err
		}
		todo = append(todo, run)
	}
	return todo, nil
}

// runs looks at one page of runs, some at a time.
func (w *walk) runs(ctx context.Context, exp string, rows []table.Item) error {
	if len(rows) == 0 {
		return nil
	}
	todo, err := w.prepare(ctx, exp, rows)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(rows, passWorkers) {
		changed := make([]int64, len(some))
		g, gctx := errgroup.WithContext(ctx)
		for i, row := range some {
			g.Go(func() (err error) {
				changed[i], err = one(gctx, todo, row)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		total := int64(0)
		for _, c := range changed {
			total += c
		}
		if err := w.p.Step(ctx, int64(len(some)), total); err != nil {
			return err
		}
		w.since += len(some)
	}
	return nil
}

// one does what there is to do with one run.
func one(ctx context.Context, todo []Run, row table.Item) (changed int64, err error) {
	_, id, err := keys.ParseRunRowSK(row.Key.SK)
	if err != nil {
		return 0, err
	}
	for _, run := range todo {
		n, err := run(ctx, id, row)
		if err != nil {
			return 0, err
		}
		changed += n
	}
	return changed, nil
}

// remember writes a place down now and then.
func (w *walk) remember(ctx context.Context, at place) error {
	if w.since < w.s.PassPage {
		return nil
	}
	w.since = 0
	return w.reached(ctx, at)
}
