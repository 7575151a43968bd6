package dynamodbstore

import (
	"context"
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
// id in canonical form and its state, which is at most [stateAge] old;
// RESOURCE_DOES_NOT_EXIST without it, INVALID_PARAMETER_VALUE if it is deleted.
func (s *Store) activeExperiment(ctx context.Context, id string) (string, *expState, error) {
	if err := validateExperimentID(id); err != nil {
		return "", nil, err
	}
	id = canonicalID(id)
	e, err := s.recentState(ctx, id)
	switch {
	case err != nil:
		return "", nil, failure(err)
	case e == nil:
		return "", nil, errNoExperiment(id)
	}
	return id, e, checkExperimentActive(id, e.stage)
}

// recentState returns an experiment's state that is at most [stateAge] old,
// nil if there is no such experiment.
func (s *Store) recentState(ctx context.Context, id string) (*expState, error) {
	if c, ok := s.expCache.Get(id); ok {
		if age := s.opts.clock().Sub(c.read); age >= 0 && age < stateAge {
			return c.state, nil
		}
	}
	return s.freshState(ctx, id)
}

// freshState reads an experiment's state, nil if there is no such experiment.
// 1 request, 1 RCU for each 4 KB of the experiment.
func (s *Store) freshState(ctx context.Context, id string) (*expState, error) {
	read := s.opts.clock()
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
		s.expCache.Remove(id)
		return
	}
	if c, ok := s.expCache.Get(id); ok && c.state.gen > st.gen {
		return
	}
	s.expCache.Add(id, &cachedState{state: st, read: read})
}

// runArtifactURI is where a run keeps its artifacts.
// Source: MLflow 3.17, sqlalchemy_store.py, create_run.
func runArtifactURI(location, run string) string {
	return appendURIPath(location, run+"/artifacts")
}
