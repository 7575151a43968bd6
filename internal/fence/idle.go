package fence

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workqueue"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

const (
	// maxSettleAfter bounds how long a run must have been idle.
	maxSettleAfter = time.Hour
)

// settleQueue settles idle runs that searches came across, one at a time, so
// that abandoned runs cost later searches nothing more.
type settleQueue struct {
	*workqueue.Queue

	crowded sync.Mutex
	crowds  map[workspace.ID]crowdState // by experiment
}

// IdleRun is a run whose rows lag behind, and what led to it.
type IdleRun struct {
	Exp    string
	ID     string
	Start  int64
	Orphan bool  // a row without a head
	Gen    int64 // of the row that led to it
	Part   int64
}

func newSettleQueue(logger *slog.Logger) *settleQueue {
	return &settleQueue{Queue: workqueue.New("settle run", 1, logger), crowds: map[workspace.ID]crowdState{}}
}

// SettleLater queues a run.
func (s *Store) SettleLater(ctx context.Context, r IdleRun) {
	s.settling.Add(ctx, s.Workspace, r.ID, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, workspace.WriteTimeout)
		defer cancel()
		if r.Orphan {
			return s.removeOrphan(ctx, r)
		}
		return s.SettleIdle(ctx, r)
	})
}

// idleAfter is how long a run in that generation must have been idle: it
// doubles with each reopening, so a run that logs slowly is not settled and
// reopened for ever.
func (s *Store) idleAfter(gen int64) time.Duration {
	return min(s.SettleAfter<<min(max(gen-1, 0), 16), maxSettleAfter)
}

// IsIdle reports whether a run has not changed for long enough, a part of the
// usual time.
func (s *Store) IsIdle(l *run.Loaded, part int64) bool {
	return s.NowMillis()-l.Active >= s.idleAfter(l.Head.Gen).Milliseconds()/part
}

// SettleIdle settles a run if it is still idle. A run that closed without its
// rows is covered; if a crash has left registers or row ahead of the closed
// head, so that nothing of its generation can be written, it is settled in the
// next one. Nobody waits for it, so nothing is synced.
func (s *Store) SettleIdle(ctx context.Context, r IdleRun) error {
	l, err := s.Load(ctx, r.ID)
	if err != nil || l == nil || !s.IsIdle(l, r.Part) {
		return err
	}
	return s.SettleLoaded(table.DeferSync(ctx), r, l)
}

// SettleLoaded settles a run that is idle.
func (s *Store) SettleLoaded(ctx context.Context, r IdleRun, l *run.Loaded) error {
	if l.Closed {
		row, err := s.ListRow(ctx, l.Head)
		if err != nil {
			return err
		}
		if covered, err := s.cover(ctx, l, row, true); covered || err != nil {
			return errors.Join(err, s.dropOpenRow(ctx, r, l.Head.Gen))
		}
	}
	rev := l.Head.Rev
	h, err := s.Transition(ctx, r.ID, s.LoneWriter(s.writeHead), func(h *run.Head) error {
		if h.Rev != rev {
			return errBusy
		}
		return nil
	})
	if errors.Is(err, errBusy) || errors.Is(err, mlflow.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.dropOpenRow(ctx, r, h.Gen); err != nil {
		return err
	}
	return s.StampRegisters(ctx, h)
}

// dropOpenRow removes an open row that a late writer has left in a generation
// before the one that has been covered: nobody opens the run in it any more.
func (s *Store) dropOpenRow(ctx context.Context, r IdleRun, covered int64) error {
	if r.Gen >= covered {
		return nil
	}
	return s.Table.Delete(ctx, table.Delete{Key: s.Keys.OpenRow(r.Exp, r.ID, r.Gen)})
}

// errBusy says that a run is not idle any more.
var errBusy = errors.New("run is busy")

// removeOrphan removes the rows of a run whose creation crashed. A tombstone
// head, put if absent, comes first: should the creator be alive after all, its
// own head finds the place taken and fails.
func (s *Store) removeOrphan(ctx context.Context, r IdleRun) error {
	if buried, err := s.Bury(ctx, r.ID); err != nil || !buried {
		return err
	}
	return s.Table.BatchWrite(ctx, nil, []table.Key{
		s.Keys.RunMetrics(r.ID, 0), s.Keys.OpenRow(r.Exp, r.ID, 1), s.Keys.RunRow(r.Exp, r.Start, r.ID),
	})
}
