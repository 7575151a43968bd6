package experiment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// stateAge is how old the known state of an experiment may be when a run of
// it is written to: logging does not read the experiment each time.
const stateAge = time.Second

// State is what runs need to know of their experiment.
type State struct {
	ID       string
	Gen      int64 // goes up with each deletion and restoration
	Stage    mlflow.LifecycleStage
	Artifact string // never changes
}

type cachedState struct {
	state *State
	read  time.Time
}

// StateOf is what runs need to know of an experiment.
func StateOf(e *Document) *State {
	return &State{ID: e.ID, Gen: e.Gen, Stage: e.Stage, Artifact: e.Artifact}
}

// Active returns an experiment that something is to be made in, by its
// id in canonical form and its state; RESOURCE_DOES_NOT_EXIST without it,
// INVALID_PARAMETER_VALUE if it is deleted. Active it may have been up to
// [stateAge] ago; see confirm.
func (s *Store) Active(ctx context.Context, id string) (string, *State, error) {
	if err := validate.ExperimentID(id); err != nil {
		return "", nil, err
	}
	id = validate.CanonicalID(id)
	e, err := s.RecentState(ctx, id)
	if err == nil && e != nil && e.Stage != mlflow.StageActive { // it may have been restored
		e, err = s.FreshState(ctx, id)
	}
	if err != nil {
		return "", nil, err
	}
	return id, e, checkMayHold(id, e)
}

// checkMayHold refuses to make something in an experiment that does not exist
// (nil), or is deleted.
func checkMayHold(id string, e *State) error {
	if e == nil {
		return ErrNotFound(id)
	}
	return checkExperimentActive(id, e.Stage)
}

// Confirm is called when something has been made in an experiment that this
// Store knew as active. If another server has deleted it, however lately, that is
// taken back and refused. Made before the experiment is read, it was there while
// the experiment was active, or nobody is told that it was made. 1 request, 1 RCU
// for each 4 KB of the experiment.
func (s *Store) Confirm(ctx context.Context, exp string, takeBack func() error) error {
	e, err := s.FreshState(ctx, exp)
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

// RecentState returns an experiment's state that is at most [stateAge] old,
// nil if there is no such experiment.
func (s *Store) RecentState(ctx context.Context, id string) (*State, error) {
	if c, ok := s.states.Get(s.Own(id)); ok {
		if age := s.Clock().Sub(c.read); age >= 0 && age < stateAge {
			return c.state, nil
		}
	}
	return s.FreshState(ctx, id)
}

// FreshState reads an experiment's state, nil if there is no such experiment.
// 1 request, 1 RCU for each 4 KB of the experiment.
func (s *Store) FreshState(ctx context.Context, id string) (*State, error) {
	read := s.Clock()
	it, found, err := s.Table.Get(ctx, s.Keys.Experiment(id), table.Strong)
	if err != nil {
		return nil, err
	}
	var st *State
	if found {
		e, err := Decode(id, it)
		if err != nil {
			return nil, err
		}
		if e != nil {
			st = StateOf(e)
		}
	}
	s.rememberState(id, st, read)
	return st, nil
}

// rememberState caches what was read at the given time. Absence is not
// cached: an experiment made by another server is visible at once.
func (s *Store) rememberState(id string, st *State, read time.Time) {
	if st == nil {
		s.ForgetState(id)
		return
	}
	if c, ok := s.states.Get(s.Own(id)); ok && c.state.Gen > st.Gen {
		return
	}
	s.states.Add(s.Own(id), &cachedState{state: st, read: read})
}

// ForgetState forgets what is known of an experiment's state.
func (s *Store) ForgetState(id string) { s.states.Remove(s.Own(id)) }

// RunArtifactURI is where a run keeps its artifacts.
// Source: MLflow 3.17, sqlalchemy_store.py, create_run.
func RunArtifactURI(location, run string) string {
	return validate.AppendURIPath(location, run+"/artifacts")
}
