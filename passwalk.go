package dynamodbstore

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

const (
	// passPage is how many items a pass reads at a time, and looks at before it
	// remembers how far it has come.
	passPage = 100
	// passWorkers bounds the runs that a pass works on at a time.
	passWorkers = 8
)

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
type cursor dict

func (c cursor) part(name string) string {
	v, _ := dict(c).get(name)
	return v
}

func (c cursor) place() place { return place{c.part(cursorExperiment), c.part(cursorRun)} }

// walk looks at every experiment of a workspace, and at the runs of each,
// deleted ones included, in the order of the lists. What is made or begun
// while it goes on may be left out.
type walk struct {
	s *Store
	p *pass
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
		PK: w.s.ks.ExperimentsPK(), From: keys.CreatedPrefix, To: table.PrefixEnd(keys.CreatedPrefix), Limit: w.s.passPage,
	}
	if from.exp != "" {
		q.From = from.exp
	}
	for row, err := range table.Items(ctx, w.s.t, q) {
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
		if err := w.p.step(ctx, 1, changed); err != nil {
			return err
		}
	}
	for after != keys.Last {
		page, err := w.s.t.Query(ctx, table.Query{
			PK: w.s.ks.RunsPK(id), From: "0", To: keys.Last, After: after, Limit: w.s.passPage,
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
		if err := w.p.step(ctx, int64(n), total); err != nil {
			return err
		}
		rows = rows[n:]
		w.since += n
	}
	return nil
}

// remember writes a place down now and then.
func (w *walk) remember(ctx context.Context, at place) error {
	if w.since < w.s.passPage {
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
		wanted = append(wanted, s.ks.Run(id))
	}
	items, err := s.t.BatchGet(ctx, wanted, table.Strong)
	if err != nil {
		return nil, err
	}
	out := make(map[string]table.Item, len(items))
	for _, it := range items {
		out[it.Key.PK] = it
	}
	return out, nil
}

// sleep waits for a time that has to pass for everybody.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
