package catalog

import (
	"context"
	"errors"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pass"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Deletion.
//
// First the document says what is done, on its revision: from then on nothing can be
// made in the workspace. RESTRICT then counts what is there, and either takes the
// document away or makes the workspace active again; whoever stops in between
// leaves a check that anybody ends after checkTime. CASCADE makes the workspace gone
// for everybody at that moment, and sweeps what is under its prefix; a sweep
// remembers its place, so that any server goes on with one that was interrupted,
// and several may sweep at once. The name is free when the document is taken away,
// at the end.

const (
	// checkTime is how long a check whether a workspace is empty may take.
	checkTime = time.Minute
	// mostCounted is up to how many things a refusal counts.
	mostCounted = 1000
	// inlineTime is how long a deletion sweeps before it goes on in the background.
	inlineTime = 2 * time.Second
	// backgroundUnits is how many units a second a sweep in the background spends.
	backgroundUnits = 1000
)

// DeleteParams are the parameters of a deletion.
type DeleteParams struct {
	pass.Options
	Name string
	Mode mlflow.WorkspaceDeletion // "": RESTRICT
	// Whole waits until all is gone, however long it takes.
	Whole bool
	// DeleteArtifacts removes what is under the artifact location of an experiment
	// before it goes; nil: artifacts stay.
	DeleteArtifacts func(ctx context.Context, uri string) error
}

// Delete deletes a workspace, see above.
func (s *Store) Delete(ctx context.Context, p DeleteParams) error {
	if p.Name == mlflow.DefaultWorkspace {
		return failure.Invalidf("The '%s' workspace is reserved and cannot be deleted", p.Name)
	}
	if err := validate.WorkspaceName(p.Name); err != nil {
		return err
	}
	switch p.Mode {
	case mlflow.DeleteRestrict, "":
		return s.deleteEmpty(ctx, p.Name)
	case mlflow.DeleteCascade:
		return s.deleteAll(ctx, p)
	case mlflow.DeleteSetDefault:
		return failure.Errorf(mlflow.CodeInvalidState, "Cannot delete workspace '%s': what is in it cannot be moved to the "+
			"default workspace by this server.", p.Name)
	default:
		return failure.Invalidf("Invalid deletion mode '%s'. Must be one of: %s, %s, %s", p.Mode,
			mlflow.DeleteSetDefault, mlflow.DeleteCascade, mlflow.DeleteRestrict)
	}
}

// mark puts a workspace into a state, if it is there.
func (s *Store) mark(ctx context.Context, name string, to state) (*doc, error) {
	return s.mutate(ctx, name, func(cur *doc) (*doc, error) {
		if cur == nil || cur.isDeleting() {
			return nil, errNotFound(name)
		}
		return cur.in(to, s.NowMillis()), nil
	})
}

// deleteEmpty deletes a workspace that contains nothing.
func (s *Store) deleteEmpty(ctx context.Context, name string) error {
	d, err := s.mark(ctx, name, checking)
	if err != nil {
		return err
	}
	of, count, err := s.contentsOf(ctx, name, mostCounted+1)
	if err == nil && count == 0 {
		return s.remove(ctx, d)
	}
	if _, undo := s.recheck(context.WithoutCancel(ctx), name); err == nil && undo != nil && !errors.Is(undo, mlflow.ErrNotFound) {
		err = undo
	}
	if err != nil {
		return err
	}
	return errStillContains(name, of, min(count, mostCounted), count > mostCounted)
}

// recheck makes a workspace active again that is being checked.
func (s *Store) recheck(ctx context.Context, name string) (*doc, error) {
	return s.mutate(ctx, name, func(cur *doc) (*doc, error) {
		switch {
		case cur == nil || cur.isDeleting():
			return nil, errNotFound(name)
		case cur.state != checking:
			return cur, nil
		}
		return cur.in(active, 0), nil
	})
}

// remove takes a document away unless it has changed.
func (s *Store) remove(ctx context.Context, d *doc) error {
	err := s.Table.Delete(ctx, table.Delete{Key: keys.WorkspaceDocument(d.Name), Cond: d.IsRev()})
	s.forget(d.Name)
	lost, isLost := document.AsConditionError(err)
	switch {
	case !isLost:
		return err
	case !lost.Found: // by us, if the answer was lost, or by another who did the same
		return nil
	default:
		return failure.Errorf(mlflow.CodeTemporarilyUnavailable, "Workspace '%s' was changed meanwhile, please try again.", d.Name)
	}
}

// deleteAll deletes a workspace with all that is in it.
func (s *Store) deleteAll(ctx context.Context, p DeleteParams) error {
	if _, err := s.mark(ctx, p.Name, deleting); err != nil {
		return err
	}
	if p.Whole {
		return s.Sweep(ctx, p)
	}
	inline, cancel := context.WithTimeout(ctx, inlineTime)
	defer cancel()
	err := s.Sweep(inline, p)
	if err == nil || ctx.Err() != nil {
		return err
	}
	// It is gone for everybody; what is left of it goes sooner or later.
	s.sweepLater(ctx, p)
	return nil
}

// Resume goes on in the background with deletions that were interrupted. 1 RCU for
// each 4 KB of the documents.
func (s *Store) Resume(ctx context.Context) error {
	names, err := s.Deleting(ctx)
	for _, name := range names {
		s.sweepLater(ctx, DeleteParams{Name: name})
	}
	return err
}

// Finish ends deletions that were interrupted.
func (s *Store) Finish(ctx context.Context, o pass.Options) error {
	names, err := s.Deleting(ctx)
	for _, name := range names {
		if err := s.Sweep(ctx, DeleteParams{Options: o, Name: name}); err != nil {
			return err
		}
	}
	return err
}

func (s *Store) sweepLater(ctx context.Context, p DeleteParams) {
	p.UnitsPerSecond, p.Report = backgroundUnits, nil
	s.sweeps.Add(ctx, p.Name, "sweep", func(ctx context.Context) error { return s.Sweep(ctx, p) })
}
