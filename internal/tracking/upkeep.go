package tracking

import (
	"context"
	"errors"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/upkeep"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Upkeep is what passes do with runs and their histories; backfills are those of
// the fence.
func (s *Store) Upkeep() upkeep.Area {
	return upkeep.Area{Policy: func(p settings.Policy) upkeep.Work {
		return upkeep.Work{Runs: func(ctx context.Context, _ string, rows []table.Item) (upkeep.Run, error) {
			return s.restampRuns(ctx, rows, p)
		}}
	}}
}

// restampRuns gives a page of runs and their histories the expiry that a policy
// says.
func (s *Store) restampRuns(ctx context.Context, rows []table.Item, p settings.Policy) (upkeep.Run, error) {
	heads, err := s.fence.HeadItems(ctx, rows)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, id string, _ table.Item) (int64, error) {
		head, ok := heads[s.Keys.RunPK(id)]
		if !ok {
			return 0, nil // its creation was not finished
		}
		return s.restamp(ctx, id, head, p)
	}, nil
}

// restamp restamps one run, as its head was read, and its history.
func (s *Store) restamp(ctx context.Context, id string, head table.Item, p settings.Policy) (int64, error) {
	if err := document.CheckVersion(head); err != nil {
		return 0, err
	}
	restamped := false
	if head.Str(keys.Mark) == run.MarkDeleted || head.Num(table.TTLAttr) != 0 {
		var err error
		if restamped, err = s.restampDeleted(ctx, id, p.SoftDeleted); err != nil {
			return 0, err
		}
	}
	points, err := s.histories.Restamp(ctx, id, p.MetricHistory)
	return upkeep.Count(restamped) + points, err
}

// restampDeleted gives a run that was deleted by itself the expiry of what is kept
// for the given days.
//
// The run is settled anew with its expiry, as when it was deleted: the head
// and the row that lists deleted runs in one transaction with a check of the
// generation of the experiment, then the other items. After a crash in between
// the rows say open and do not expire, until this is repeated or somebody
// settles the run.
func (s *Store) restampDeleted(ctx context.Context, id string, days int64) (bool, error) {
	for attempt := 0; ; attempt++ {
		h, e, err := s.fence.HeadAndState(ctx, id)
		if errors.Is(err, mlflow.ErrNotFound) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		restamped, err := s.restampIn(ctx, h, e, days)
		_, moved := errors.AsType[*table.CanceledError](err)
		switch {
		case errors.Is(err, mlflow.ErrNotFound), errors.Is(err, errRestored):
			return false, nil
		case !moved: // else the experiment was deleted or restored meanwhile
			return restamped, err
		}
		s.experiments.ForgetState(e.ID)
		if err := document.BackOff(ctx, attempt); err != nil {
			return false, err
		}
	}
}

// errRestored says that a run is not deleted any more as it was.
var errRestored = errors.New("run was restored meanwhile")

// restampIn restamps a run of an experiment in the generation of e.
func (s *Store) restampIn(ctx context.Context, h *run.Head, e *experiment.State, days int64) (bool, error) {
	deleted := h.Deleted
	if deleted == 0 { // by a version that did not keep it
		deleted = h.Changed
	}
	want := int64(0)
	switch own := h.Mark == run.MarkDeleted && h.MarkGen == e.Gen; {
	case own && e.Stage == mlflow.StageActive, e.Stage == mlflow.StageDeleted && h.Expiry != 0:
		want = s.ExpiryFrom(deleted, days, h.Expiry)
	case h.Expiry == 0: // it lives, or expires with its experiment
		return false, nil
	}
	if done, err := s.isStamped(ctx, h, want); done || err != nil {
		return false, err
	}
	was := *h
	next, err := s.fence.Transition(ctx, h.ID, s.checkedWriter(e), func(h *run.Head) error {
		if h.Mark != was.Mark || h.MarkGen != was.MarkGen || h.Expiry != was.Expiry {
			return errRestored
		}
		h.Deleted, h.Expiry = deleted, want
		return nil
	})
	if err != nil {
		return false, err
	}
	return true, s.fence.StampRegisters(ctx, next)
}

// isStamped reports whether a run and its rows have an expiry, 0 for none.
// 1 request, 2 RCU for a small run.
func (s *Store) isStamped(ctx context.Context, h *run.Head, expiry int64) (bool, error) {
	if h.Expiry != expiry || h.Open {
		return false, nil
	}
	items, err := s.Table.BatchGet(ctx, []table.Key{s.Keys.RunRow(h.Exp, h.Start, h.ID), s.Keys.RunMetrics(h.ID, 0)}, table.Strong)
	if err != nil {
		return false, err
	}
	stamped := 0
	for _, it := range items {
		if it.Num(table.TTLAttr) == expiry && it.Str(keys.State) == keys.StateClosed {
			stamped++
		}
	}
	return stamped == 2, nil
}
