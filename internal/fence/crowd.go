package fence

import (
	"context"
	"math"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

const (
	// Crowd is how many open runs a search may meet before all idle ones of
	// the experiment are settled, after a part of the usual time,
	// 1/crowdedPart.
	Crowd       = 100
	crowdedPart = 4
	// crowdSettlers is how many of them are settled at a time.
	crowdSettlers = 4
	// crowdTimeout bounds the clearing of one crowd.
	crowdTimeout = 10 * time.Minute
)

// crowdState says when the crowd of an experiment may be cleared again.
type crowdState struct {
	next time.Time
	gap  time.Duration // doubles when few of the runs that were read were idle
}

// ClearCrowd settles the idle runs of an experiment in the background, unless that
// is under way or has been done lately.
func (s *Store) ClearCrowd(ctx context.Context, exp string) {
	q, e := s.settling, s.Own(exp)
	q.crowded.Lock()
	defer q.crowded.Unlock()
	now, least := s.Clock(), s.SettleAfter/crowdedPart
	state, known := q.crowds[e]
	if known && now.Before(state.next) {
		return
	}
	ctx = context.WithoutCancel(ctx)
	begun := q.Aside(func() {
		ctx, cancel := context.WithTimeout(ctx, crowdTimeout)
		defer cancel()
		read, settled, err := s.settleCrowd(table.DeferSync(ctx), exp)
		if err != nil {
			s.Logger.WarnContext(ctx, "settle idle runs", "experiment_id", exp, "error", err)
		}
		gap := least
		if settled*10 < read {
			gap = min(2*max(state.gap, least), time.Minute)
		}
		q.crowded.Lock()
		defer q.crowded.Unlock()
		q.crowds[e] = crowdState{s.Clock().Add(gap), gap}
	})
	if begun {
		q.crowds[e] = crowdState{now.Add(crowdTimeout), max(state.gap, least)}
	}
}

// settleCrowd settles all idle runs of an experiment, and returns how many it
// has read and settled. It can end at any time: each run is settled by itself.
func (s *Store) settleCrowd(ctx context.Context, exp string) (read, settled int, err error) {
	q := table.Query{PK: s.Keys.OpenPK(exp), Limit: OpenBatch}
	q.From, q.To = keys.OpenRange(math.MaxInt64)
	for !s.settling.IsClosed() {
		page, err := s.Table.Query(ctx, q)
		if err != nil {
			return read, settled, err
		}
		r, n, err := s.settleBatch(ctx, exp, page.Items)
		read, settled = read+r, settled+n
		if err != nil {
			return read, settled, err
		}
		if q.After = page.Next; page.Next == "" {
			break
		}
	}
	return read, settled, nil
}

// settleBatch settles the idle ones of the runs of some open rows. A run that
// was opened just now cannot be idle, and is not read.
func (s *Store) settleBatch(ctx context.Context, exp string, rows []table.Item) (read, settled int, err error) {
	var open []IdleRun
	var ids []string
	idleSince := s.NowMillis() - s.idleAfter(1).Milliseconds()/crowdedPart
	for _, row := range rows {
		o, err := keys.ParseOpenSK(row.Key.SK)
		if err != nil {
			return 0, 0, err
		}
		if row.Num(keys.Changed) <= idleSince && !slices.Contains(ids, o.Run) {
			ids = append(ids, o.Run)
			open = append(open, IdleRun{Exp: exp, ID: o.Run, Gen: o.Gen, Part: crowdedPart, Start: row.Num(keys.Start)})
		}
	}
	runs, err := s.ReadRuns(ctx, ids)
	if err != nil {
		return 0, 0, err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(crowdSettlers)
	for i, l := range runs {
		if l != nil && s.IsIdle(l, crowdedPart) {
			settled++
			g.Go(func() error { return s.SettleLoaded(gctx, open[i], l) })
		}
	}
	return len(ids), settled, g.Wait()
}
