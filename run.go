package dynamodbstore

import (
	"context"
	"math/rand/v2"
	"strings"

	"github.com/google/uuid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/randomname"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// runNameTag is the tag that carries a run's name.
const runNameTag = "mlflow.runName"

// CreateRun makes a run in an active experiment and returns it.
//
// Not one transaction: open row, list row and registers first, the head last.
// A run without a head does not exist, so a crash in between leaves rows that
// searches skip and remove later. Behind the head the experiment is read: if it
// is deleted by now, whatever this Store knew of it, the run is taken back and
// refused. A crash before that leaves a run of a deleted experiment, as if it had
// been made before. 3 requests, 4 WCU for a head below 1 KB, 1 RCU for each 4 KB
// of the experiment; 1 more of both unless it was used within a second.
func (s *Store) CreateRun(ctx context.Context, p CreateRunParams) (*Run, error) {
	exp, e, err := s.activeExperiment(ctx, p.ExperimentID)
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
		return nil, failure(err)
	}
	if err := s.confirm(ctx, exp, func() error { return s.takeBackRun(ctx, h, spilled) }); err != nil {
		return nil, failure(err)
	}
	return &Run{Info: h.info(e), Tags: tags.tags()}, nil
}

// newRunTags settles name and tags of a new run. Like MLflow it takes tags of
// any key and length here.
// Source: MLflow 3.17, sqlalchemy_store.py, create_run.
func newRunTags(p CreateRunParams) (dict, string, error) {
	d := dictOf(p.Tags)
	tagged, _ := d.get(runNameTag)
	if p.Name != "" && tagged != "" && p.Name != tagged {
		return nil, "", invalidf("Both 'run_name' argument and 'mlflow.runName' tag are specified, but with "+
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
		d = d.set(runNameTag, name)
	}
	return d, name, nil
}

func (s *Store) newHead(exp, name string, tags dict, p CreateRunParams) (*runHead, dict, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, nil, errorf(CodeInternalError, "No random numbers: %v", err)
	}
	h := &runHead{
		docMeta: docMeta{}.next(), id: strings.ReplaceAll(id.String(), "-", ""),
		gen: 1, open: true, changed: s.nowMillis(),
		exp: exp, name: name, user: p.UserID, status: StatusRunning, start: p.StartTime,
	}
	return h, h.setEntries(entryTag, tags), nil
}

// insertRun writes the rows of a new run, the head last.
func (s *Store) insertRun(ctx context.Context, h *runHead, spilled dict) error {
	rows := []table.Item{
		s.openRow(h),
		s.openListRow(h),
		newRegisters(s.ks.RunMetrics(h.id, 0), h.gen),
	}
	for i := 0; i < len(spilled); i += 2 {
		rows = append(rows, overflowItem(s.ks.RunOverflow(h.id, entryTag.prefix(), spilled[i]), spilled[i], spilled[i+1]))
	}
	if err := s.t.BatchWrite(table.DeferSync(ctx), rows, nil); err != nil {
		return err
	}
	put, err := s.headPut(ctx, nil, h)
	if err != nil {
		return err
	}
	if err := s.checkBegun(h.changed, "The run"); err != nil {
		return err
	}
	err = s.t.Put(ctx, put)
	if lost, isLost := asConditionError(err); isLost {
		if !metaOf(lost.Item).wrote(h.docMeta) {
			return errNotCreated("The run") // a tombstone is there
		}
		err = nil // our own write, whose reply was lost
	}
	if err != nil {
		return err
	}
	s.rememberNew(h)
	return nil
}

// takeBackRun removes a run that has just been made. A tombstone takes the place
// of the head, unless somebody has changed it, before the rows go; what a crash
// in between leaves is garbage.
func (s *Store) takeBackRun(ctx context.Context, h *runHead, spilled dict) error {
	s.forgetRun(h.id)
	if err := s.t.Put(ctx, table.Put{Item: s.runTombstone(h.id), Cond: h.isRev()}); err != nil {
		return ignoreLost(err)
	}
	rows := []table.Key{s.ks.OpenRow(h.exp, h.id, h.gen), s.ks.RunRow(h.exp, h.start, h.id), s.ks.RunMetrics(h.id, 0)}
	for ; len(spilled) > 0; spilled = spilled[2:] {
		rows = append(rows, s.ks.RunOverflow(h.id, entryTag.prefix(), spilled[0]))
	}
	return s.t.BatchWrite(ctx, nil, rows)
}

// GetRun returns a run, deleted or not; RESOURCE_DOES_NOT_EXIST if there is
// none. Head, metrics and overflow are read in one query, which is not a
// snapshot across items. 2 requests, 2 RCU for a run below 4 KB; datasets
// that are not cached cost more.
func (s *Store) GetRun(ctx context.Context, id string) (*Run, error) {
	l, err := s.loadRun(ctx, id)
	if err != nil {
		return nil, failure(err)
	}
	if l == nil {
		return nil, errRunNotFound(id)
	}
	e, err := s.freshState(ctx, l.head.exp)
	if err != nil {
		return nil, failure(err)
	}
	if e == nil {
		return nil, errRunNotFound(id)
	}
	r, err := s.unpackRun(ctx, foundRun{it: expRun{e, l.packed()}}, true)
	return r, failure(err)
}

// UpdateRun changes status, end time and name of an active run, and returns
// what it is then. A terminal status settles the run. It goes by the known state
// of the experiment, see [Store]. Steps as transition
// says; otherwise atomic. Ending a small run: 7 requests, 5 WCU and 1 for each
// index row: latest metrics, params, denormalized tags and trigrams of its name.
func (s *Store) UpdateRun(ctx context.Context, p UpdateRunParams) (*RunInfo, error) {
	var info RunInfo
	err := s.inState(ctx, p.RunID, func(e *expState) error {
		h, err := s.updateRun(ctx, p, e)
		if err == nil {
			info = h.info(e)
		}
		return err
	})
	if err != nil {
		return nil, failure(err)
	}
	if p.Status.Terminal() {
		s.rollUpSettled(ctx, p.RunID)
	}
	return &info, nil
}

func (s *Store) updateRun(ctx context.Context, p UpdateRunParams, e *expState) (*runHead, error) {
	end := s.endOf(ctx, p)
	change := func(h *runHead) error {
		if err := h.checkActive(e); err != nil {
			return err
		}
		if p.Status != "" {
			h.status = p.Status
		}
		h.end = end(h.end)
		if p.Name != "" {
			h.rename(p.Name)
		}
		return nil
	}
	if p.Status.Terminal() {
		return s.transition(ctx, p.RunID, s.changeHead, change)
	}
	return s.changeHead(ctx, p.RunID, func(h *runHead) (bool, error) {
		h.touch()
		return true, change(h)
	})
}

// rename sets the name and its tag.
func (h *runHead) rename(name string) {
	h.name = name
	h.setEntries(entryTag, dict{runNameTag, name})
}

// stateOfRun returns the recent state of a run's experiment; an error if run
// or experiment do not exist.
func (s *Store) stateOfRun(ctx context.Context, id string) (*expState, error) {
	exp, err := s.experimentOfRun(ctx, id)
	if err != nil {
		return nil, err
	}
	e, err := s.recentState(ctx, exp)
	if err == nil && e == nil {
		err = errRunNotFound(id)
	}
	return e, err
}

// experimentOfRun returns the id of a run's experiment, which never changes.
func (s *Store) experimentOfRun(ctx context.Context, id string) (string, error) {
	if sh, ok := s.knownShape(id); ok {
		return sh.exp, nil
	}
	h, err := s.knownHead(ctx, id)
	if err != nil {
		return "", err
	}
	if h == nil {
		return "", errRunNotFound(id)
	}
	return h.exp, nil
}
