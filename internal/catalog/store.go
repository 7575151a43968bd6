package catalog

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"slices"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workqueue"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

const (
	// KnownFor is how long a server goes by what it knows of a workspace. One that
	// another server has deleted is still answered from for so long; nothing is made
	// in it.
	KnownFor = 20 * time.Second
	// knownWorkspaces is of how many of them.
	knownWorkspaces = 1024
)

// defaultDescription is that of the default workspace until it gets another.
const defaultDescription = "Default workspace for legacy resources"

// Contents is one kind of what a workspace contains by itself, so that a workspace
// is empty when it has none of any kind.
type Contents interface {
	// Contents names the kind, as MLflow's tables are named, and counts up to limit.
	Contents(ctx context.Context, limit int) (of string, count int, err error)
}

// Store keeps the workspaces of a table.
type Store struct {
	*workspace.View // of the default workspace
	*Shared
	contents func(*workspace.View) []Contents
}

// Shared is what the Stores of a table have in common.
type Shared struct {
	known  *lru.Cache[string, known]
	sweeps *workqueue.Queue
}

// known is a document as it was at some time; nil is the default workspace without
// one.
type known struct {
	doc *doc
	at  time.Time
}

// NewShared returns what Stores share.
func NewShared(logger *slog.Logger) (*Shared, error) {
	c, err := lru.New[string, known](knownWorkspaces)
	return &Shared{c, workqueue.New("deletion of a workspace", 1, logger)}, err
}

// Close ends deletions under way. Whoever resumes them goes on where they were.
func (s *Shared) Close() { s.sweeps.Close() }

// Wait waits for the deletions that go on in the background.
func (s *Shared) Wait() { s.sweeps.Wait() }

func (s *Shared) forget(name string) { s.known.Remove(name) }

// New returns the Store of a table. v is its default workspace, contents what one of
// its workspaces may contain.
func New(v *workspace.View, shared *Shared, contents func(*workspace.View) []Contents) *Store {
	return &Store{View: v, Shared: shared, contents: contents}
}

// Open returns the view of a workspace. 1 request, 1 RCU, every [KnownFor].
func (s *Store) Open(ctx context.Context, name string) (*workspace.View, error) {
	if err := validate.WorkspaceName(name); err != nil {
		return nil, err
	}
	d, err := s.current(ctx, name)
	if err != nil {
		return nil, err
	}
	v, err := s.In(name)
	if err != nil {
		return nil, err
	}
	if v.RootOfAll = d.DefaultArtifactRoot == ""; !v.RootOfAll {
		v.ArtifactRoot = d.DefaultArtifactRoot
	}
	v.Live, v.Born = d.gen, d.born
	return v, nil
}

// current returns a workspace as it was [KnownFor] ago at most.
func (s *Store) current(ctx context.Context, name string) (*doc, error) {
	now := s.Clock()
	if k, ok := s.known.Get(name); ok && now.Sub(k.at).Abs() < KnownFor {
		return k.doc, nil
	}
	d, err := s.fresh(ctx, name)
	if err != nil {
		s.forget(name)
		return nil, err
	}
	s.known.Add(name, known{d, now})
	return d, nil
}

// fresh reads a workspace that is there. What a check that was never finished has
// left is put right.
func (s *Store) fresh(ctx context.Context, name string) (*doc, error) {
	d, err := s.load(ctx, name)
	switch {
	case err != nil:
		return nil, err
	case d == nil && name == mlflow.DefaultWorkspace:
		return &doc{Workspace: mlflow.Workspace{Name: name, Description: new(defaultDescription)}}, nil
	case d == nil || d.isDeleting():
		return nil, errNotFound(name)
	case d.state == checking && s.NowMillis()-d.since > checkTime.Milliseconds():
		return s.recheck(ctx, name)
	}
	return d, nil
}

// Get returns a workspace. 1 request, 1 RCU for each 4 KB.
func (s *Store) Get(ctx context.Context, name string) (*mlflow.Workspace, error) {
	if err := validate.WorkspaceName(name); err != nil {
		return nil, err
	}
	d, err := s.fresh(ctx, name)
	if err != nil {
		return nil, err
	}
	return &d.Workspace, nil
}

// All returns the workspaces by name, those that are being deleted left out. It
// stops at the first error, which it yields. 1 RCU for each 4 KB.
func (s *Store) All(ctx context.Context) iter.Seq2[*mlflow.Workspace, error] {
	return func(yield func(*mlflow.Workspace, error) bool) {
		standard, err := s.fresh(ctx, mlflow.DefaultWorkspace)
		if err != nil {
			yield(nil, err)
			return
		}
		for d, err := range s.docs(ctx) {
			if err != nil {
				yield(nil, err)
				return
			}
			if d.Name == mlflow.DefaultWorkspace || d.isDeleting() {
				continue
			}
			if standard != nil && d.Name > mlflow.DefaultWorkspace {
				if !yield(&standard.Workspace, nil) {
					return
				}
				standard = nil
			}
			if !yield(&d.Workspace, nil) {
				return
			}
		}
		if standard != nil {
			yield(&standard.Workspace, nil)
		}
	}
}

// docs returns all documents, in the order of the names.
func (s *Store) docs(ctx context.Context) iter.Seq2[*doc, error] {
	pk, from, to := keys.WorkspaceDocuments()
	return func(yield func(*doc, error) bool) {
		for it, err := range table.Items(ctx, s.Table, table.Query{PK: pk, From: from, To: to}) {
			var d *doc
			if err == nil {
				d, err = decode(it)
			}
			if !yield(d, err) || err != nil {
				return
			}
		}
	}
}

// Create makes a workspace. Atomic. RESOURCE_ALREADY_EXISTS also while one of the
// name is being deleted. 1 request and 1 RCU for its document and each kind of
// contents, 1 WCU for each KB.
func (s *Store) Create(ctx context.Context, w mlflow.Workspace) (*mlflow.Workspace, error) {
	if w.Name == mlflow.DefaultWorkspace {
		return nil, failure.Invalidf("The '%s' workspace is reserved and cannot be created", w.Name)
	}
	if err := validate.WorkspaceName(w.Name); err != nil {
		return nil, err
	}
	w, err := validated(w)
	if err != nil {
		return nil, err
	}
	made := &doc{Workspace: w, gen: newGen(), born: s.NowMillis()}
	// What a program with a workspace of its own has made there is not known to have
	// all index rows, as what is made from now on.
	if _, count, err := s.contentsOf(ctx, w.Name, 1); err != nil {
		return nil, err
	} else if count > 0 {
		made.born = 0
	}
	d, err := s.mutate(ctx, w.Name, func(cur *doc) (*doc, error) {
		switch {
		case cur.isDeleting():
			return nil, errBeingDeleted(w.Name)
		case cur != nil:
			return nil, errTaken(w.Name)
		}
		return made.clone(), nil
	})
	if err != nil {
		return nil, err
	}
	return &d.Workspace, nil
}

// validated returns a workspace whose fields are right, without blanks around them.
func validated(w mlflow.Workspace) (mlflow.Workspace, error) {
	if w.Description != nil && len(*w.Description) > maxDescription {
		return w, failure.Invalidf("A description of a workspace must not be longer than %d bytes.", maxDescription)
	}
	var err error
	if w.DefaultArtifactRoot, err = validate.WorkspaceRoot(w.DefaultArtifactRoot); err != nil {
		return w, err
	}
	w.TraceArchival, err = validate.Archival(w.TraceArchival)
	return w, err
}

// Update changes a workspace. Atomic. 2 requests, 1 RCU for each 4 KB, 1 WCU for
// each KB.
func (s *Store) Update(ctx context.Context, p mlflow.UpdateWorkspaceParams) (*mlflow.Workspace, error) {
	if err := validate.WorkspaceName(p.Name); err != nil {
		return nil, err
	}
	if p.Description == nil && p.DefaultArtifactRoot == nil && p.ArchivalLocation == nil && p.ArchivalRetention == nil {
		return nil, failure.Invalidf("Workspace update must have at least one key")
	}
	given, err := validated(mlflow.Workspace{
		Description: p.Description, DefaultArtifactRoot: deref(p.DefaultArtifactRoot),
		TraceArchival: mlflow.TraceArchival{Location: deref(p.ArchivalLocation), Retention: deref(p.ArchivalRetention)},
	})
	if err != nil {
		return nil, err
	}
	d, err := s.mutate(ctx, p.Name, func(cur *doc) (*doc, error) {
		switch {
		case cur == nil && p.Name == mlflow.DefaultWorkspace:
			cur = &doc{Workspace: mlflow.Workspace{Name: p.Name, Description: new(defaultDescription)}}
		case cur == nil || cur.isDeleting():
			return nil, errNotFound(p.Name)
		}
		next := cur.clone()
		change(p.Description, &next.Description, given.Description)
		change(p.DefaultArtifactRoot, &next.DefaultArtifactRoot, given.DefaultArtifactRoot)
		change(p.ArchivalLocation, &next.TraceArchival.Location, given.TraceArchival.Location)
		change(p.ArchivalRetention, &next.TraceArchival.Retention, given.TraceArchival.Retention)
		return next, nil
	})
	if err != nil {
		return nil, err
	}
	return &d.Workspace, nil
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// change sets a field to a value if the request has named it.
func change[T any](named *string, field *T, value T) {
	if named != nil {
		*field = value
	}
}

// contentsOf returns the first kind of which a workspace contains anything, and how
// many, limit at most.
func (s *Store) contentsOf(ctx context.Context, name string, limit int) (of string, count int, err error) {
	v, err := s.In(name)
	if err != nil {
		return "", 0, err
	}
	for _, c := range s.contents(v) {
		if of, count, err = c.Contents(ctx, limit); err != nil || count > 0 {
			return of, count, err
		}
	}
	return "", 0, nil
}

// Deleting returns the workspaces that are being deleted.
func (s *Store) Deleting(ctx context.Context) (names []string, err error) {
	for d, err := range s.docs(ctx) {
		if err != nil {
			return nil, err
		}
		if d.isDeleting() {
			names = append(names, d.Name)
		}
	}
	return slices.Clip(names), nil
}

var errGone = errors.New("the workspace is gone")
