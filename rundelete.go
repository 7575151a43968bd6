package dynamodbstore

import (
	"context"
	"errors"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// DeleteRun marks a run as deleted; deleting a deleted one changes nothing.
// It expires after the retention of soft-deleted entities, in a deleted
// experiment with that: whoever restores an experiment need not look for runs
// that were deleted meanwhile.
//
// The run is settled with its mark, the head in one transaction with the row
// that lists deleted runs and a check that its experiment is in the generation
// that the mark counts in: a run never gets an expiry that a restored
// experiment does not know of. 7 requests, 10 WCU for a small open run,
// whatever its history.
func (s *Store) DeleteRun(ctx context.Context, id string) error {
	for attempt := 0; ; attempt++ {
		h, e, err := s.headAndState(ctx, id)
		if err != nil {
			return failure(err)
		}
		deleted := h.mark == markDeleted && h.markGen == e.gen || e.stage == StageDeleted
		if deleted && h.stage(e) == StageDeleted && !h.open {
			return failure(table.Sync(ctx, s.t))
		}
		h, err = s.deleteIn(ctx, h, e)
		if err == nil {
			return failure(s.stampRegisters(table.DeferSync(ctx), h))
		}
		if _, lost := errors.AsType[*table.CanceledError](err); !lost {
			return failure(err)
		}
		s.forgetState(e.id) // it was deleted or restored meanwhile
		if err := backOff(ctx, attempt); err != nil {
			return err
		}
	}
}

// headAndState reads a run's head and its experiment's state anew.
func (s *Store) headAndState(ctx context.Context, id string) (*runHead, *expState, error) {
	h, err := s.readHead(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if h == nil {
		return nil, nil, errRunNotFound(id)
	}
	e, err := s.freshState(ctx, h.exp)
	if err == nil && e == nil {
		err = errRunNotFound(id)
	}
	return h, e, err
}

// deleteIn marks a run as deleted in the experiment's generation.
func (s *Store) deleteIn(ctx context.Context, h *runHead, e *expState) (*runHead, error) {
	cfg, err := s.settings.current(ctx)
	if err != nil {
		return nil, err
	}
	var expiry int64
	if e.stage == StageActive {
		expiry = s.expiryIn(cfg.policy.softDeleted)
	}
	deleted := s.nowMillis()
	return s.transition(ctx, h.id, s.checkedWriter(e), func(h *runHead) error {
		h.mark, h.markGen, h.expiry, h.deleted = markDeleted, e.gen, expiry, deleted
		return nil
	})
}

// deletedRow adds a run to the deleted ones of its experiment. The row only
// says where to look for expiries to take away; it stays when the run is
// restored, and goes a day after the run would have gone.
func (s *Store) deletedRow(h *runHead) table.Put {
	return table.Put{Item: table.NewItem(s.ks.DeletedRow(h.exp, h.start, h.id),
		table.Attr{Name: keys.Version, Value: table.Number(schemaVersion)},
		table.Attr{Name: table.TTLAttr, Value: table.Number(h.expiry + secondsADay)})}
}

// checkedWriter changes heads in a transaction that checks the generation of
// the experiment, and lists a run that gets an expiry among the deleted ones.
func (s *Store) checkedWriter(e *expState) headWriter {
	return s.loneWriter(func(ctx context.Context, cur, next *runHead) error {
		put, err := s.headPut(ctx, cur, next)
		if err != nil {
			return err
		}
		ops := []table.Op{put, table.Check{
			Key:  s.ks.Experiment(e.id),
			Cond: table.Equal(table.Attr{Name: keys.Gen, Value: table.Number(e.gen)}),
		}}
		if next.expiry != 0 {
			ops = append(ops, s.deletedRow(next))
		}
		return s.transactHead(ctx, ops...)
	})
}

// loneWriter changes heads by a write of its own, without the changes that
// wait for the next one.
func (s *Store) loneWriter(write func(ctx context.Context, cur, next *runHead) error) headWriter {
	return func(ctx context.Context, id string, apply func(h *runHead) (bool, error)) (*runHead, error) {
		d := s.headDocument(id)
		d.write = write
		return s.mutateHead(ctx, id, d, func(cur *runHead) (*runHead, bool, error) {
			next := cur.clone()
			next.changed = s.nowMillis()
			if _, err := apply(next); err != nil {
				return nil, false, err
			}
			return next, false, nil
		})
	}
}

// stampRegisters gives the first register item of a deleted run the expiry of
// its head. Whoever changes the run after that closes the item in a newer
// generation, and takes the expiry away with the same write.
func (s *Store) stampRegisters(ctx context.Context, h *runHead) error {
	if h.expiry == 0 {
		return nil
	}
	_, err := s.t.Update(ctx, table.Update{
		Key:  s.ks.RunMetrics(h.id, 0),
		Cond: table.Equal(table.Attr{Name: keys.Gen, Value: table.Number(h.gen)}),
		Set:  []table.Attr{{Name: table.TTLAttr, Value: table.Number(h.expiry)}},
	})
	return ignoreLost(err)
}

// RestoreRun brings a deleted run back; restoring an active one changes
// nothing. Steps as transition says. 8 requests, 6 WCU for a small run.
func (s *Store) RestoreRun(ctx context.Context, id string) error {
	h, e, err := s.headAndState(ctx, id)
	if err != nil {
		return failure(err)
	}
	if h.stage(e) == StageActive && h.expiry == 0 {
		return failure(table.Sync(ctx, s.t))
	}
	_, err = s.transition(ctx, id, s.changeHead, func(h *runHead) error {
		h.mark, h.markGen, h.expiry, h.deleted = markActive, e.gen, 0, 0
		return nil
	})
	return failure(err)
}

// freeDeletedRuns takes the expiry from the runs of an experiment that were
// deleted one by one before it got to the generation that e shows. Their marks
// stay: they count until the experiment is in another generation.
func (s *Store) freeDeletedRuns(ctx context.Context, e *experimentDoc) error {
	q := table.Query{PK: s.ks.DeletedPK(e.id), From: "0", To: keys.Last}
	for it, err := range table.Items(ctx, s.t, q) {
		if err != nil {
			return err
		}
		_, id, err := keys.ParseRunRowSK(it.Key.SK)
		if err != nil {
			return err
		}
		h, err := s.readHead(ctx, id)
		if err != nil {
			return err
		}
		if h == nil || h.expiry == 0 { // gone, restored, or never marked
			continue
		}
		_, err = s.transition(ctx, id, s.changeHead, func(h *runHead) error {
			if h.markGen <= e.gen { // else somebody else has restored the experiment
				h.expiry = 0
			}
			return nil
		})
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return nil
}
