package catalog

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// state is what happens to a workspace.
type state string

const (
	active   state = ""
	checking state = keys.StateChecking // whether it is empty, to be deleted
	deleting state = keys.StateDeleting // with all that is in it
)

// Attributes of a workspace's document. Stored, must not change.
const (
	attrRoot     = "root"
	attrArchive  = "archive" // a map of location and retention
	attrSince    = "since" // when the state began, ms
	attrBorn     = "born"
	attrPhase    = "phase"
	attrAfter    = "after" // a map of the parts of a key
	partLocation = "location"
	partPK       = "pk"
	partRetain   = "retention"
	partSK       = "sk"
)

// maxDescription bounds a description, in bytes, so that a document fits an item.
const maxDescription = 64 << 10

// doc is the document of a workspace. It is immutable; changes are made on copies.
type doc struct {
	document.Meta
	mlflow.Workspace
	gen   string // random, of this creation; "" of the default workspace
	born  int64  // when it was made, empty, in ms; 0: it was not empty
	state state
	since int64 // ms
	place place // of a sweep
}

// place is how far a sweep has come.
type place struct {
	phase int
	after table.Key
}

func (d *doc) clone() *doc {
	c := *d
	return &c
}

// in returns a copy in another state.
func (d *doc) in(s state, now int64) *doc {
	next := d.clone()
	next.state, next.since, next.place = s, now, place{}
	return next
}

func (d *doc) isDeleting() bool { return d != nil && d.state == deleting }

func newGen() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func encode(d *doc) table.Item {
	attrs := d.AppendTo(make([]table.Attr, 0, 14))
	if d.gen != "" {
		attrs = append(attrs, table.Attr{Name: keys.Gen, Value: table.String(d.gen)})
	}
	if d.gen != "" && d.state == active {
		attrs = append(attrs, table.Attr{Name: keys.Live, Value: table.String(d.gen)})
	}
	if d.Description != nil {
		attrs = append(attrs, table.Attr{Name: keys.Description, Value: table.String(*d.Description)})
	}
	for _, a := range []struct{ name, value string }{{attrRoot, d.DefaultArtifactRoot}, {keys.State, string(d.state)}} {
		if a.value != "" {
			attrs = append(attrs, table.Attr{Name: a.name, Value: table.String(a.value)})
		}
	}
	if a := d.TraceArchival; a != (mlflow.TraceArchival{}) {
		attrs = append(attrs, table.Attr{Name: attrArchive, Value: table.Map([]string{partLocation, a.Location, partRetain, a.Retention})})
	}
	for _, a := range []struct {
		name  string
		value int64
	}{{attrSince, d.since}, {attrBorn, d.born}, {attrPhase, int64(d.place.phase)}} {
		if a.value != 0 {
			attrs = append(attrs, table.Attr{Name: a.name, Value: table.Number(a.value)})
		}
	}
	if at := d.place.after; at != (table.Key{}) {
		attrs = append(attrs, table.Attr{Name: attrAfter, Value: table.Map([]string{partPK, at.PK, partSK, at.SK})})
	}
	return table.NewItem(keys.WorkspaceDocument(d.Name), attrs...)
}

func decode(it table.Item) (*doc, error) {
	if err := document.CheckVersion(it); err != nil {
		return nil, err
	}
	d := &doc{
		Meta: document.MetaOf(it),
		Workspace: mlflow.Workspace{
			Name: it.Key.SK, DefaultArtifactRoot: it.Str(attrRoot),
			TraceArchival: mlflow.TraceArchival{Location: part(it, attrArchive, partLocation), Retention: part(it, attrArchive, partRetain)},
		},
		gen: it.Str(keys.Gen), born: it.Num(attrBorn), state: state(it.Str(keys.State)), since: it.Num(attrSince),
		place: place{int(it.Num(attrPhase)), table.Key{PK: part(it, attrAfter, partPK), SK: part(it, attrAfter, partSK)}},
	}
	if text, ok := it.Get(keys.Description); ok {
		d.Description = new(text.Str())
	}
	return d, nil
}

// part is a part of an attribute that is a map.
func part(it table.Item, attr, name string) string {
	v, _ := it.Get(attr)
	s, _ := packed.Dict(v.Strings()).Get(name)
	return s
}

// load reads a document, nil if there is none. 1 request, 1 RCU for each 4 KB.
func (s *Store) load(ctx context.Context, name string) (*doc, error) {
	return document.ReadDocument(ctx, s.Table, keys.WorkspaceDocument(name), decode)
}

// mutate changes a document, atomically. apply gets nil if there is none; next is
// nil to remove it.
func (s *Store) mutate(ctx context.Context, name string, apply func(cur *doc) (*doc, error)) (*doc, error) {
	d := document.NewDocument(s.Table, s.Clock, func(ctx context.Context) (*doc, error) { return s.load(ctx, name) }, decode)
	d.Write = func(ctx context.Context, cur, next *doc) error {
		return s.Table.Put(ctx, table.Put{Item: encode(next), Cond: document.LastMeta(cur).IsRev()})
	}
	next, err := document.Mutate(ctx, d, func(cur *doc) (*doc, bool, error) {
		next, err := apply(cur)
		return next, false, err
	})
	s.forget(name)
	return next, err
}

func errNotFound(name string) error {
	return failure.Errorf(mlflow.CodeResourceDoesNotExist, "Workspace '%s' not found", name)
}

func errTaken(name string) error {
	return failure.Errorf(mlflow.CodeResourceAlreadyExists, "Workspace '%s' already exists.", name)
}

// errBeingDeleted says that a name is taken until all under it is gone.
func errBeingDeleted(name string) error {
	return failure.Errorf(mlflow.CodeResourceAlreadyExists, "Workspace '%s' already exists: it is being deleted.", name)
}

func errStillContains(name, of string, count int, more bool) error {
	n := strconv.Itoa(count)
	if more {
		n += "+"
	}
	return failure.Errorf(mlflow.CodeInvalidState, "Cannot delete workspace '%s': table '%s' still contains %s resource(s). "+
		"Remove or reassign them before deleting the workspace.", name, of, n)
}
