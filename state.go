package dynamodbstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// stateAge is how old the known state of an experiment may be when a run of
// it is written to: logging does not read the experiment each time.
const stateAge = time.Second

// expState is what runs need to know of their experiment.
type expState struct {
	id       string
	gen      int64 // goes up with each deletion and restoration
	stage    LifecycleStage
	artifact string // never changes
}

type cachedState struct {
	state *expState
	read  time.Time
}

func stateOf(e *experimentDoc) *expState {
	return &expState{id: e.id, gen: e.gen, stage: e.stage, artifact: e.artifact}
}

// activeExperiment returns an experiment that something is to be made in, by its
// id in canonical form and its state; RESOURCE_DOES_NOT_EXIST without it,
// INVALID_PARAMETER_VALUE if it is deleted. Active it may have been up to
// [stateAge] ago; see confirm.
func (s *Store) activeExperiment(ctx context.Context, id string) (string, *expState, error) {
	if err := validateExperimentID(id); err != nil {
		return "", nil, err
	}
	id = canonicalID(id)
	e, err := s.recentState(ctx, id)
	if err == nil && e != nil && e.stage != StageActive { // it may have been restored
		e, err = s.freshState(ctx, id)
	}
	if err != nil {
		return "", nil, failure(err)
	}
	return id, e, checkMayHold(id, e)
}

// checkMayHold refuses to make something in an experiment that does not exist
// (nil), or is deleted.
func checkMayHold(id string, e *expState) error {
	if e == nil {
		return errNoExperiment(id)
	}
	return checkExperimentActive(id, e.stage)
}

// confirm is called when something has been made in an experiment that this
// Store knew as active. If another server has deleted it, however lately, that is
// taken back and refused. Made before the experiment is read, it was there while
// the experiment was active, or nobody is told that it was made. 1 request, 1 RCU
// for each 4 KB of the experiment.
func (s *Store) confirm(ctx context.Context, exp string, takeBack func() error) error {
	e, err := s.freshState(ctx, exp)
	if err != nil {
		return madeOrNot(err)
	}
	refusal := checkMayHold(exp, e)
	if refusal == nil {
		return nil
	}
	if err := takeBack(); err != nil {
		return madeOrNot(err)
	}
	return refusal
}

// madeOrNot is an error of a call that comes behind the write that decides. A
// table that throttles says that nothing was done, and clients would do it again;
// here something was.
func madeOrNot(err error) error {
	if errors.Is(err, table.ErrThrottled) || errors.Is(err, table.ErrConflict) {
		return fmt.Errorf("%w: %s", table.ErrUnavailable, err) //nolint:errorlint // it must not be found
	}
	return err
}

// inState calls do with the state of a run's experiment, which may be as old as
// [stateAge]. An error that clients can mend is an answer that only the current
// state can give: then that is read, and do called again if it is another one.
// What is refused costs 1 request more, and 1 RCU for each 4 KB of the
// experiment.
func (s *Store) inState(ctx context.Context, run string, do func(e *expState) error) error {
	e, err := s.stateOfRun(ctx, run)
	if err != nil {
		return err
	}
	err = do(e)
	if _, refused := errors.AsType[*Error](err); !refused {
		return err
	}
	cur, readErr := s.freshState(ctx, e.id)
	switch {
	case readErr != nil:
		return readErr
	case cur == nil:
		return errRunNotFound(run)
	case cur.gen == e.gen:
		return err
	}
	return do(cur)
}

// recentState returns an experiment's state that is at most [stateAge] old,
// nil if there is no such experiment.
func (s *Store) recentState(ctx context.Context, id string) (*expState, error) {
	if c, ok := s.expCache.Get(s.own(id)); ok {
		if age := s.clock().Sub(c.read); age >= 0 && age < stateAge {
			return c.state, nil
		}
	}
	return s.freshState(ctx, id)
}

// freshState reads an experiment's state, nil if there is no such experiment.
// 1 request, 1 RCU for each 4 KB of the experiment.
func (s *Store) freshState(ctx context.Context, id string) (*expState, error) {
	read := s.clock()
	it, found, err := s.t.Get(ctx, s.ks.Experiment(id), table.Strong)
	if err != nil {
		return nil, err
	}
	var st *expState
	if found {
		e, err := decodeExperiment(id, it)
		if err != nil {
			return nil, err
		}
		if e != nil {
			st = stateOf(e)
		}
	}
	s.rememberState(id, st, read)
	return st, nil
}

// rememberState caches what was read at the given time. Absence is not
// cached: an experiment made by another server is visible at once.
func (s *Store) rememberState(id string, st *expState, read time.Time) {
	if st == nil {
		s.forgetState(id)
		return
	}
	if c, ok := s.expCache.Get(s.own(id)); ok && c.state.gen > st.gen {
		return
	}
	s.expCache.Add(s.own(id), &cachedState{state: st, read: read})
}

// forgetState forgets what is known of an experiment's state.
func (s *Store) forgetState(id string) { s.expCache.Remove(s.own(id)) }

// runArtifactURI is where a run keeps its artifacts.
// Source: MLflow 3.17, sqlalchemy_store.py, create_run.
func runArtifactURI(location, run string) string {
	return appendURIPath(location, run+"/artifacts")
}
