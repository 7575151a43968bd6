package tracking

import (
	"context"
	"errors"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/fence"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Delete marks a run as deleted.
func (s *Store) Delete(ctx context.Context, id string) error {
	for attempt := 0; ; attempt++ {
		h, e, err := s.fence.HeadAndState(ctx, id)
		if err != nil {
			return err
		}
		deleted := h.Mark == run.MarkDeleted && h.MarkGen == e.Gen || e.Stage == mlflow.StageDeleted
		if deleted && h.Stage(e) == mlflow.StageDeleted && !h.Open {
			return table.Sync(ctx, s.Table)
		}
		h, err = s.deleteIn(ctx, h, e)
		if err == nil {
			return s.fence.StampRegisters(table.DeferSync(ctx), h)
		}
		if _, lost := errors.AsType[*table.CanceledError](err); !lost {
			return err
		}
		s.experiments.ForgetState(e.ID) // it was deleted or restored meanwhile
		if err := document.BackOff(ctx, attempt); err != nil {
			return err
		}
	}
}

// deleteIn marks a run as deleted in the experiment's generation.
func (s *Store) deleteIn(ctx context.Context, h *run.Head, e *experiment.State) (*run.Head, error) {
	cfg, err := s.settings.Current(ctx)
	if err != nil {
		return nil, err
	}
	var expiry int64
	if e.Stage == mlflow.StageActive {
		expiry = s.ExpiryIn(cfg.Policy.SoftDeleted)
	}
	deleted := s.NowMillis()
	return s.fence.Transition(ctx, h.ID, s.checkedWriter(e), func(h *run.Head) error {
		h.Mark, h.MarkGen, h.Expiry, h.Deleted = run.MarkDeleted, e.Gen, expiry, deleted
		return nil
	})
}

// checkedWriter changes heads in a transaction that checks the generation of
// the experiment, and lists a run that gets an expiry among the deleted ones.
func (s *Store) checkedWriter(e *experiment.State) fence.HeadWriter {
	return s.fence.LoneWriter(func(ctx context.Context, cur, next *run.Head) error {
		put, err := s.fence.HeadPut(ctx, cur, next)
		if err != nil {
			return err
		}
		ops := []table.Op{put, table.Check{
			Key:  s.Keys.Experiment(e.ID),
			Cond: table.Equal(table.Attr{Name: keys.Gen, Value: table.Number(e.Gen)}),
		}}
		if next.Expiry != 0 {
			ops = append(ops, s.rows.Deleted(next))
		}
		return s.fence.TransactHead(ctx, ops...)
	})
}

// Restore brings a deleted run back.
func (s *Store) Restore(ctx context.Context, id string) error {
	h, e, err := s.fence.HeadAndState(ctx, id)
	if err != nil {
		return err
	}
	if h.Stage(e) == mlflow.StageActive && h.Expiry == 0 {
		return table.Sync(ctx, s.Table)
	}
	_, err = s.fence.Transition(ctx, id, s.fence.ChangeHead, func(h *run.Head) error {
		h.Mark, h.MarkGen, h.Expiry, h.Deleted = run.MarkActive, e.Gen, 0, 0
		return nil
	})
	return err
}

// freeDeletedRuns takes the expiry from the runs of an experiment that were
// deleted one by one before it got to the generation that e shows. Their marks
// stay: they count until the experiment is in another generation.
func (s *Store) freeDeletedRuns(ctx context.Context, e *experiment.Document) error {
	q := table.Query{PK: s.Keys.DeletedPK(e.ID), From: "0", To: keys.Last}
	for it, err := range table.Items(ctx, s.Table, q) {
		if err != nil {
			return err
		}
		_, id, err := keys.ParseRunRowSK(it.Key.SK)
		if err != nil {
			return err
		}
		h, err := s.fence.ReadHead(ctx, id)
		if err != nil {
			return err
		}
		if h == nil || h.Expiry == 0 { // gone, restored, or never marked
			continue
		}
		_, err = s.fence.Transition(ctx, id, s.fence.ChangeHead, func(h *run.Head) error {
			if h.MarkGen <= e.Gen { // else somebody else has restored the experiment
				h.Expiry = 0
			}
			return nil
		})
		if err != nil && !errors.Is(err, mlflow.ErrNotFound) {
			return err
		}
	}
	return nil
}
