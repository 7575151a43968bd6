package tracking

import (
	"context"
	"math/rand/v2"
	"strings"

	"github.com/google/uuid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/fence"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/randomname"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Create makes a run in an active experiment and returns it.
func (s *Store) Create(ctx context.Context, p mlflow.CreateRunParams) (*mlflow.Run, error) {
	exp, e, err := s.experiments.Active(ctx, p.ExperimentID)
	if err != nil {
		return nil, err
	}
	tags, name, err := newRunTags(p)
	if err != nil {
		return nil, err
	}
	p.StartTime = s.orNow(ctx, p.StartTime)
	h, spilled, err := s.newHead(exp, name, tags, p)
	if err != nil {
		return nil, err
	}
	if err := s.insertRun(ctx, h, spilled); err != nil {
		return nil, err
	}
	if err := s.experiments.Confirm(ctx, exp, func() error { return s.takeBackRun(ctx, h, spilled) }); err != nil {
		return nil, err
	}
	return &mlflow.Run{Info: h.Info(e), Tags: tags.Tags()}, nil
}

// newRunTags settles name and tags of a new run. Like MLflow it takes tags of
// any key and length here.
// Source: MLflow 3.17, sqlalchemy_store.py, create_run.
func newRunTags(p mlflow.CreateRunParams) (packed.Dict, string, error) {
	d := packed.DictOf(p.Tags)
	tagged, _ := d.Get(mlflow.RunNameTag)
	if p.Name != "" && tagged != "" && p.Name != tagged {
		return nil, "", failure.Invalidf("Both 'run_name' argument and 'mlflow.runName' tag are specified, but with "+
			"different values (run_name='%s', mlflow.runName='%s').", p.Name, tagged)
	}
	name := p.Name
	if name == "" {
		name = tagged
	}
	if name == "" {
		name = randomname.New(rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())))
	}
	if tagged == "" {
		d = d.Set(mlflow.RunNameTag, name)
	}
	return d, name, nil
}

func (s *Store) newHead(exp, name string, tags packed.Dict, p mlflow.CreateRunParams) (*run.Head, packed.Dict, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, nil, failure.Errorf(mlflow.CodeInternalError, "No random numbers: %v", err)
	}
	h := &run.Head{
		Meta: document.Meta{}.Next(), ID: strings.ReplaceAll(id.String(), "-", ""),
		Gen: 1, Open: true, Changed: s.NowMillis(),
		Exp: exp, Name: name, User: p.UserID, Status: mlflow.StatusRunning, Start: p.StartTime,
	}
	return h, h.SetEntries(run.EntryTag, tags), nil
}

// insertRun writes the rows of a new run, the head last.
func (s *Store) insertRun(ctx context.Context, h *run.Head, spilled packed.Dict) error {
	rows := []table.Item{
		s.rows.Open(h),
		s.rows.OpenList(h),
		fence.NewRegisters(s.Keys.RunMetrics(h.ID, 0), h.Gen),
	}
	for i := 0; i < len(spilled); i += 2 {
		rows = append(rows, document.OverflowItem(s.Keys.RunOverflow(h.ID, run.EntryTag.Prefix(), spilled[i]), spilled[i], spilled[i+1]))
	}
	if err := s.Table.BatchWrite(table.DeferSync(ctx), rows, nil); err != nil {
		return err
	}
	put, err := s.fence.HeadPut(ctx, nil, h)
	if err != nil {
		return err
	}
	if err := s.CheckBegun(h.Changed, "The run"); err != nil {
		return err
	}
	err = s.Table.Put(ctx, put)
	if lost, isLost := document.AsConditionError(err); isLost {
		if !document.MetaOf(lost.Item).Wrote(h.Meta) {
			return workspace.ErrNotCreated("The run") // a tombstone is there
		}
		err = nil // our own write, whose reply was lost
	}
	if err != nil {
		return err
	}
	s.fence.RememberNew(h)
	return nil
}

// takeBackRun removes a run that has just been made. A tombstone takes the place
// of the head, unless somebody has changed it, before the rows go; what a crash
// in between leaves is garbage.
func (s *Store) takeBackRun(ctx context.Context, h *run.Head, spilled packed.Dict) error {
	s.fence.ForgetRun(h.ID)
	if err := s.Table.Put(ctx, table.Put{Item: s.rows.Tombstone(h.ID), Cond: h.IsRev()}); err != nil {
		return fence.IgnoreLost(err)
	}
	rows := []table.Key{s.Keys.OpenRow(h.Exp, h.ID, h.Gen), s.Keys.RunRow(h.Exp, h.Start, h.ID), s.Keys.RunMetrics(h.ID, 0)}
	for ; len(spilled) > 0; spilled = spilled[2:] {
		rows = append(rows, s.Keys.RunOverflow(h.ID, run.EntryTag.Prefix(), spilled[0]))
	}
	return s.Table.BatchWrite(ctx, nil, rows)
}

// Get returns a run, deleted or not.
func (s *Store) Get(ctx context.Context, id string) (*mlflow.Run, error) {
	l, err := s.fence.Load(ctx, id)
	if err != nil {
		return nil, err
	}
	if l == nil {
		return nil, run.ErrNotFound(id)
	}
	e, err := s.experiments.FreshState(ctx, l.Head.Exp)
	if err != nil {
		return nil, err
	}
	if e == nil {
		return nil, run.ErrNotFound(id)
	}
	r, err := s.Unpack(ctx, FoundRun{Value: ExpRun{e, l.Packed()}}, true)
	return r, err
}

// Update changes status, end time and name of an active run, and returns what
// it is then.
func (s *Store) Update(ctx context.Context, p mlflow.UpdateRunParams) (*mlflow.RunInfo, error) {
	var info mlflow.RunInfo
	err := s.fence.InState(ctx, p.RunID, func(e *experiment.State) error {
		h, err := s.updateRun(ctx, p, e)
		if err == nil {
			info = h.Info(e)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if p.Status.Terminal() {
		s.rollUpSettled(ctx, p.RunID)
	}
	return &info, nil
}

func (s *Store) updateRun(ctx context.Context, p mlflow.UpdateRunParams, e *experiment.State) (*run.Head, error) {
	end := s.endOf(ctx, p)
	change := func(h *run.Head) error {
		if err := h.CheckActive(e); err != nil {
			return err
		}
		if p.Status != "" {
			h.Status = p.Status
		}
		h.End = end(h.End)
		if p.Name != "" {
			h.Rename(p.Name)
		}
		return nil
	}
	if p.Status.Terminal() {
		return s.fence.Transition(ctx, p.RunID, s.fence.ChangeHead, change)
	}
	return s.fence.ChangeHead(ctx, p.RunID, func(h *run.Head) (bool, error) {
		h.Touch()
		return true, change(h)
	})
}
