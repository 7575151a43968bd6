package upkeep

import (
	"context"
	"errors"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// run restamps one run and its history.
func (a *ttlPass) run(ctx context.Context, _, id string, _ table.Item) (int64, error) {
	head, ok := a.heads[a.s.Keys.RunPK(id)]
	if !ok {
		return 0, nil // its creation was not finished
	}
	if err := document.CheckVersion(head); err != nil {
		return 0, err
	}
	changed := int64(0)
	if head.Str(keys.Mark) == run.MarkDeleted || head.Num(table.TTLAttr) != 0 {
		restamped, err := a.deletedRun(ctx, id)
		if err != nil {
			return 0, err
		}
		changed = count(restamped)
	}
	points, err := a.history(ctx, id)
	return changed + points, err
}

// deletedRun restamps a run that was deleted by itself.
//
// The run is settled anew with its expiry, as when it was deleted: the head
// and the row that lists deleted runs in one transaction with a check of the
// generation of the experiment, then the other items. After a crash in between
// the rows say open and do not expire, until this is repeated or somebody
// settles the run.
func (a *ttlPass) deletedRun(ctx context.Context, id string) (bool, error) {
	s := a.s
	for attempt := 0; ; attempt++ {
		h, e, err := s.fence.HeadAndState(ctx, id)
		if errors.Is(err, mlflow.ErrNotFound) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		restamped, err := a.restampRun(ctx, h, e)
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

// restampRun restamps a run of an experiment in the generation of e.
func (a *ttlPass) restampRun(ctx context.Context, h *run.Head, e *experiment.State) (bool, error) {
	s := a.s
	deleted := h.Deleted
	if deleted == 0 { // by a version that did not keep it
		deleted = h.Changed
	}
	want := int64(0)
	switch own := h.Mark == run.MarkDeleted && h.MarkGen == e.Gen; {
	case own && e.Stage == mlflow.StageActive, e.Stage == mlflow.StageDeleted && h.Expiry != 0:
		want = s.ExpiryFrom(deleted, a.policy.SoftDeleted, h.Expiry)
	case h.Expiry == 0: // it lives, or expires with its experiment
		return false, nil
	}
	if done, err := s.isStamped(ctx, h, want); done || err != nil {
		return false, err
	}
	was := *h
	next, err := s.fence.Transition(ctx, h.ID, s.tracking.CheckedWriter(e), func(h *run.Head) error {
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

// history restamps the points of a run, item by item, each atomically unless
// somebody has written it anew or removed it meanwhile. Records come before
// blocks, so that what is rolled up meanwhile is met as a block, unless that
// is written in the moment after the last block was read: it keeps the expiry
// of its records until the next pass.
func (a *ttlPass) history(ctx context.Context, run string) (int64, error) {
	changed := int64(0)
	q := table.Query{PK: a.s.Keys.HistoryPK(run), From: "A", To: keys.Last, Descending: true}
	for it, err := range table.Items(ctx, a.s.Table, q) {
		if err != nil {
			return changed, err
		}
		if err := document.CheckVersion(it); err != nil {
			return changed, err
		}
		u, needed := a.restampPoints(it)
		if !needed {
			continue
		}
		_, err := a.s.Table.Update(ctx, u)
		if _, isLost := document.AsConditionError(err); isLost {
			continue
		}
		if err != nil {
			return changed, err
		}
		changed++
	}
	return changed, nil
}

// restampPoints returns the update of an item of a metric history, if it needs
// one.
func (a *ttlPass) restampPoints(it table.Item) (table.Update, bool) {
	u := table.Update{Key: it.Key, Cond: table.Exists()}
	was, expires := it.Get(table.TTLAttr)
	if expires {
		u.Cond = table.Equal(table.Attr{Name: table.TTLAttr, Value: was})
	}
	written := it.Num(keys.Changed)
	if written == 0 {
		written = a.s.NowMillis()
		u.Set = []table.Attr{{Name: keys.Changed, Value: table.Number(written)}}
	}
	want := a.s.ExpiryFrom(written, a.policy.MetricHistory, was.Num())
	if want == was.Num() {
		return u, false
	}
	if want == 0 {
		u.Set, u.Remove = nil, []string{table.TTLAttr}
		return u, true
	}
	u.Set = append(u.Set, table.Attr{Name: table.TTLAttr, Value: table.Number(want)})
	return u, true
}
