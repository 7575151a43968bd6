package upkeep

import (
	"context"

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
	s *Store
	p *pass.Pass
	// only is the one experiment to look at; "": all.
	only string
	// experiment brings one experiment up to date.
	experiment func(ctx context.Context, id string) (changed int64, err error)
	// page is called before the runs of a page of the list of one experiment.
	page func(ctx context.Context, exp string, rows []table.Item) error
	// run brings one run up to date. Called from several goroutines.
	run func(ctx context.Context, exp, id string, row table.Item) (changed int64, err error)
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

// runs looks at one page of runs, some at a time.
func (w *walk) runs(ctx context.Context, exp string, rows []table.Item) error {
	if len(rows) == 0 {
		return nil
	}
	if err := w.page(ctx, exp, rows); err != nil {
		return err
	}
	for len(rows) > 0 {
		n := min(len(rows), passWorkers)
		changed := make([]int64, n)
		g, gctx := errgroup.WithContext(ctx)
		for i, row := range rows[:n] {
			g.Go(func() error {
				_, id, err := keys.ParseRunRowSK(row.Key.SK)
				if err == nil {
					changed[i], err = w.run(gctx, exp, id, row)
				}
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
		if err := w.p.Step(ctx, int64(n), total); err != nil {
			return err
		}
		rows = rows[n:]
		w.since += n
	}
	return nil
}

// remember writes a place down now and then.
func (w *walk) remember(ctx context.Context, at place) error {
	if w.since < w.s.PassPage {
		return nil
	}
	w.since = 0
	return w.reached(ctx, at)
}

// headItems reads the items of the heads of a page of runs, by partition key.
// 1 request, 1 RCU for each 4 KB of a head.
func (s *Store) headItems(ctx context.Context, rows []table.Item) (map[string]table.Item, error) {
	wanted := make([]table.Key, 0, len(rows))
	for _, row := range rows {
		_, id, err := keys.ParseRunRowSK(row.Key.SK)
		if err != nil {
			return nil, err
		}
		wanted = append(wanted, s.Keys.Run(id))
	}
	items, err := s.Table.BatchGet(ctx, wanted, table.Strong)
	if err != nil {
		return nil, err
	}
	out := make(map[string]table.Item, len(items))
	for _, it := range items {
		out[it.Key.PK] = it
	}
	return out, nil
}
