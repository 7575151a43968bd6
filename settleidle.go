package dynamodbstore

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

const (
	// maxSettleAfter bounds how long a run must have been idle.
	maxSettleAfter = time.Hour
)

// settleQueue settles idle runs that searches came across, one at a time, so
// that abandoned runs cost later searches nothing more.
type settleQueue struct {
	*workQueue

	crowded sync.Mutex
	crowds  map[scoped]crowdState // by experiment
}

type idleRun struct {
	exp    string
	id     string
	start  int64
	orphan bool  // a row without a head
	gen    int64 // of the row that led to it
	part   int64
}

func newSettleQueue(logger *slog.Logger) *settleQueue {
	return &settleQueue{workQueue: newWorkQueue("settle run", 1, logger), crowds: map[scoped]crowdState{}}
}

// settleLater queues a run.
func (s *Store) settleLater(ctx context.Context, r idleRun) {
	s.settling.add(ctx, s.workspace, r.id, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, writeTimeout)
		defer cancel()
		if r.orphan {
			return s.removeOrphan(ctx, r)
		}
		return s.settleIdle(ctx, r)
	})
}

// idleAfter is how long a run in that generation must have been idle: it
// doubles with each reopening, so a run that logs slowly is not settled and
// reopened for ever.
func (s *Store) idleAfter(gen int64) time.Duration {
	return min(s.settleAfter<<min(max(gen-1, 0), 16), maxSettleAfter)
}

// isIdle reports whether a run has not changed for long enough, a part of the
// usual time.
func (s *Store) isIdle(l *loadedRun, part int64) bool {
	return s.nowMillis()-l.active >= s.idleAfter(l.head.gen).Milliseconds()/part
}

// settleIdle settles a run if it is still idle. A run that closed without its
// rows is covered; if a crash has left registers or row ahead of the closed
// head, so that nothing of its generation can be written, it is settled in the
// next one. Nobody waits for it, so nothing is synced.
func (s *Store) settleIdle(ctx context.Context, r idleRun) error {
	l, err := s.loadRun(ctx, r.id)
	if err != nil || l == nil || !s.isIdle(l, r.part) {
		return err
	}
	return s.settleLoaded(table.DeferSync(ctx), r, l)
}

// settleLoaded settles a run that is idle.
func (s *Store) settleLoaded(ctx context.Context, r idleRun, l *loadedRun) error {
	if l.closed {
		row, err := s.listRow(ctx, l.head)
		if err != nil {
			return err
		}
		if covered, err := s.cover(ctx, l, row, true); covered || err != nil {
			return errors.Join(err, s.dropOpenRow(ctx, r, l.head.gen))
		}
	}
	rev := l.head.rev
	h, err := s.transition(ctx, r.id, s.loneWriter(s.writeHead), func(h *runHead) error {
		if h.rev != rev {
			return errBusy
		}
		return nil
	})
	if errors.Is(err, errBusy) || errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.dropOpenRow(ctx, r, h.gen); err != nil {
		return err
	}
	return s.stampRegisters(ctx, h)
}

// dropOpenRow removes an open row that a late writer has left in a generation
// before the one that has been covered: nobody opens the run in it any more.
func (s *Store) dropOpenRow(ctx context.Context, r idleRun, covered int64) error {
	if r.gen >= covered {
		return nil
	}
	return s.t.Delete(ctx, table.Delete{Key: s.ks.OpenRow(r.exp, r.id, r.gen)})
}

// errBusy says that a run is not idle any more.
var errBusy = errors.New("run is busy")

// removeOrphan removes the rows of a run whose creation crashed. A tombstone
// head, put if absent, comes first: should the creator be alive after all, its
// own head finds the place taken and fails.
func (s *Store) removeOrphan(ctx context.Context, r idleRun) error {
	if buried, err := s.buryRun(ctx, r.id); err != nil || !buried {
		return err
	}
	return s.t.BatchWrite(ctx, nil, []table.Key{
		s.ks.RunMetrics(r.id, 0), s.ks.OpenRow(r.exp, r.id, 1), s.ks.RunRow(r.exp, r.start, r.id),
	})
}
