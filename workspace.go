package dynamodbstore

import (
	"context"
	"fmt"
	"iter"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/catalog"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// Workspace returns a Store of another workspace of the table: 2 to 63 lower-case
// letters, digits and, not at either end, dashes. It has the options of s, and
// shares the table, its client, caches, queues and background work with it; nothing
// of one workspace is seen in another. It lives as long as s: a Close of it does
// nothing. It makes no request; call [Store.Init] on it once to make the workspace's
// experiment 0.
//
// It is for programs that know their workspaces themselves. Those that are listed,
// made and deleted as MLflow's server does it are opened by [Workspaces.Open].
func (s *Store) Workspace(name string) (*Store, error) {
	v, err := s.view.In(name)
	if err != nil {
		return nil, fmt.Errorf("workspace: %w", err)
	}
	return s.beside(v), nil
}

// beside returns a Store of another workspace, which does not own the table.
func (s *Store) beside(v *workspace.View) *Store {
	w := s.in(v)
	w.ofWorkspace = true
	return w
}

// Workspaces are the workspaces of a table that a server lists, makes and deletes.
// Their names and what is said of them stand in the table, apart from what is in
// them. It is safe for concurrent use.
type Workspaces struct {
	s       *Store
	catalog *catalog.Store
}

// openWorkspaces is of how many workspaces Stores are held.
const openWorkspaces = 1024

// opened are the Stores that Open has made, and what is known of workspaces.
type opened struct {
	stores  *lru.Cache[string, *Store]
	catalog *catalog.Shared
}

// Workspaces returns the workspaces of the Store's table. It makes no request.
func (s *Store) Workspaces() *Workspaces {
	contents := func(v *workspace.View) []catalog.Contents {
		a := newAreas(v, s.shared)
		return []catalog.Contents{a.registry, a.experiments}
	}
	return &Workspaces{s, catalog.New(s.view, s.shared.opened.catalog, contents)}
}

// Open returns the Store of a workspace that is there, as [Store.Workspace] does.
// Experiments that are made in it keep their artifacts under its root. What is made
// in it is checked against its deletion: 2 WCU more for an experiment or a
// registered model, none in the default workspace. Another server's deletion or
// change of it is noticed within 20 seconds, before that nothing can be made in one
// that is gone.
//
// RESOURCE_DOES_NOT_EXIST if there is none of the name. 1 request, 1 RCU, now and
// then.
func (w *Workspaces) Open(ctx context.Context, name string) (*Store, error) {
	v, err := w.catalog.Open(ctx, name)
	if err != nil {
		return nil, failure(err)
	}
	held := w.s.shared.opened.stores
	if s, ok := held.Get(name); ok && s.view.Live == v.Live && s.view.Born == v.Born && s.view.Root() == v.Root() {
		return s, nil
	}
	s := w.s.beside(v)
	held.Add(name, s)
	return s, nil
}

// Get returns a workspace. RESOURCE_DOES_NOT_EXIST if there is none of the name. 1
// request, 1 RCU for each 4 KB.
func (w *Workspaces) Get(ctx context.Context, name string) (*Workspace, error) {
	found, err := w.catalog.Get(ctx, name)
	return found, failure(err)
}

// All iterates over the workspaces, by name, the default one among them and those
// that are being deleted left out. It stops at the first error, which it yields. 1
// RCU for each 4 KB.
func (w *Workspaces) All(ctx context.Context) iter.Seq2[*Workspace, error] {
	return func(yield func(*Workspace, error) bool) {
		for found, err := range w.catalog.All(ctx) {
			if !yield(found, failure(err)) {
				return
			}
		}
	}
}

// Create makes a workspace. Atomic. Its searches rely on all indexes from the start,
// unless a program has made something under its name before ([Store.Workspace]).
//
// INVALID_PARAMETER_VALUE for a name, a root or an archival setting that MLflow does
// not take, and for a description of more than 64 KiB; RESOURCE_ALREADY_EXISTS also
// while a workspace of the name is being deleted. 5 requests, 4 RCU, 1 WCU.
func (w *Workspaces) Create(ctx context.Context, of Workspace) (*Workspace, error) {
	made, err := w.catalog.Create(ctx, of)
	return made, failure(err)
}

// Update changes a workspace. Experiments that exist keep their artifact locations.
// Atomic. INVALID_PARAMETER_VALUE if nothing is changed. 2 requests, 1 RCU, 1 WCU.
func (w *Workspaces) Update(ctx context.Context, p UpdateWorkspaceParams) (*Workspace, error) {
	changed, err := w.catalog.Update(ctx, p)
	return changed, failure(err)
}

// Delete deletes a workspace.
//
// RESTRICT is refused with INVALID_STATE while there is any experiment, deleted or
// not, or registered model in it; for the time of the check, mostly a few
// milliseconds and a minute if the server stops in it, nothing can be made there.
// CASCADE deletes all that is in it, for good. The workspace is gone for everybody at
// once, and what was in it goes in two seconds or, when there is much, after that in
// the background. Its name is taken until then. Artifacts stay.
//
// Not atomic, safe beside servers that write: what is acknowledged in a workspace
// before it is gone is there until it is gone, and nothing of it comes back. RESTRICT
// takes 4 RCU and 3 WCU, CASCADE reads the whole table twice: 2 RCU for each 4 KB of
// it, and 1 WCU for each KB removed.
func (w *Workspaces) Delete(ctx context.Context, name string, mode WorkspaceDeletion) error {
	return failure(w.catalog.Delete(ctx, catalog.DeleteParams{Name: name, Mode: mode}))
}

// DeleteWholeParams are the parameters of [Workspaces.DeleteWhole].
type DeleteWholeParams struct {
	PassOptions
	Name string
	// DeleteArtifacts removes all that is under the artifact location of an
	// experiment; an error ends the deletion. nil: artifacts stay.
	DeleteArtifacts func(ctx context.Context, uri string) error
}

// DeleteWhole deletes a workspace as [Workspaces.Delete] does by CASCADE, and returns
// when all of it is gone, however long that takes. After an error the workspace is
// gone, but its name is taken until [Workspaces.Resume] or [Workspaces.Finish] is
// called.
func (w *Workspaces) DeleteWhole(ctx context.Context, p DeleteWholeParams) error {
	return failure(w.catalog.Delete(ctx, catalog.DeleteParams{
		Options: p.engine(), Name: p.Name, Mode: DeleteCascade, Whole: true, DeleteArtifacts: p.DeleteArtifacts,
	}))
}

// Resume goes on in the background with deletions that were interrupted, until
// [Store.Close]. 1 RCU for each 4 KB of what is said of workspaces.
func (w *Workspaces) Resume(ctx context.Context) error { return failure(w.catalog.Resume(ctx)) }

// Finish ends the deletions that were interrupted before it returns, one after the
// other. It costs what each of them costs.
func (w *Workspaces) Finish(ctx context.Context, o PassOptions) error {
	return failure(w.catalog.Finish(ctx, o.engine()))
}

// CheckWorkspaceName returns INVALID_PARAMETER_VALUE with MLflow's text for what no
// workspace may be called.
func CheckWorkspaceName(name string) error { return validate.WorkspaceName(name) }
