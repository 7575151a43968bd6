package loggedmodel

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// loggedModelSpill is how many items one transaction writes beside a model's
// document and its two rows.
const loggedModelSpill = table.MaxTransact - 3

// loggedModelSpillBytes bounds their size: a transaction holds 4 MB.
const loggedModelSpillBytes = 2 << 20

// Change is a copy of a model's document that may be changed, and
// what is written with it.
type Change struct {
	*Document
	ops []table.Op // items of their own
}

// Mutate changes a logged model: its document, its rows, and what
// stands in items of their own, in one transaction. apply may be called
// several times; unless it reports a change nothing is written. cached: a
// copy that may be old will do to begin with. An overflow item whose condition
// fails is refused, called with its place in ops.
//
// Small model: 2 requests, 4 WCU and 1 RCU.
func (s *Store) Mutate(ctx context.Context, id string, cached bool,
	apply func(c *Change) (bool, error), refused func(i int, it table.Item) error,
) (*Document, error) {
	var ops []table.Op
	d := s.loggedModelDocument(id)
	if !cached {
		d.Cached = nil
	}
	d.Write = func(ctx context.Context, cur, next *Document) error {
		return s.writeLoggedModel(ctx, cur, next, ops, refused)
	}
	m, err := document.Mutate(ctx, d, func(cur *Document) (*Document, bool, error) {
		if cur == nil {
			return nil, false, errLoggedModelNotFound(id)
		}
		c := &Change{Document: cur.clone()}
		changed, err := apply(c)
		ops = c.ops
		if err != nil || !changed {
			return cur, false, err
		}
		return c.Document, false, nil
	})
	if err != nil {
		s.Forget(id)
		return nil, err
	}
	s.documents.Add(s.Own(id), m)
	return m, nil
}

func (s *Store) loggedModelDocument(id string) document.Kind[*Document] {
	d := document.NewDocument(s.Table, s.Clock,
		func(ctx context.Context) (*Document, error) { return s.readLoggedModel(ctx, id) },
		func(it table.Item) (*Document, error) { return Decode(id, it) })
	d.Cached = func() (*Document, bool) { return s.documents.Get(s.Own(id)) }
	return d
}

// readLoggedModel reads the document; nil if there is none.
func (s *Store) readLoggedModel(ctx context.Context, id string) (*Document, error) {
	return document.ReadDocument(ctx, s.Table, s.Keys.LoggedModel(id), func(it table.Item) (*Document, error) {
		return Decode(id, it)
	})
}

func errLoggedModelNotFound(id string) error {
	return failure.Errorf(mlflow.CodeResourceDoesNotExist, "Logged model with ID '%s' not found.", id)
}

func (s *Store) writeLoggedModel(ctx context.Context, cur, next *Document, more []table.Op,
	refused func(i int, it table.Item) error,
) error {
	ops := slices.Concat(s.loggedModelOps(cur, next), more)
	err := s.Table.Transact(ctx, uuid.NewString(), ops...)
	lost, ok := errors.AsType[*table.CanceledError](err)
	if !ok {
		return err
	}
	if c := lost.Failed[0]; c != nil {
		return c
	}
	for i := range more {
		if c := lost.Failed[len(ops)-len(more)+i]; c != nil && refused != nil {
			return refused(i, c.Item)
		}
	}
	return err
}

// loggedModelOps are the writes that turn cur (nil: nothing) into next: the
// document on the condition that cur is current, then the rows. A deleted
// model has none but one that says where it is, and expires with it.
func (s *Store) loggedModelOps(cur, next *Document) []table.Op {
	ops := []table.Op{table.Put{Item: encodeLoggedModel(s.Keys.LoggedModel(next.ID), next), Cond: document.LastMeta(cur).IsRev()}}
	row := s.Keys.LoggedModelRow(next.Exp, next.created, next.ID)
	ofRun := s.Keys.LoggedModelOfRun(next.Exp, next.Run, next.created, next.ID)
	switch {
	case next.Stage == mlflow.StageActive:
		ops = append(ops, table.Put{Item: loggedModelRow(row, next)})
		if cur == nil && next.Run != "" {
			ops = append(ops, table.Put{Item: table.NewItem(ofRun,
				table.Attr{Name: keys.Version, Value: table.Number(document.SchemaVersion)})})
		}
	case cur != nil && cur.Stage == mlflow.StageActive:
		ops = append(ops, table.Delete{Key: row}, s.deletedModelRow(next))
		if next.Run != "" {
			ops = append(ops, table.Delete{Key: ofRun})
		}
	case cur != nil && cur.Expiry != next.Expiry:
		ops = append(ops, s.deletedModelRow(next))
	}
	return ops
}

// deletedModelRow puts the row of a deleted model.
func (s *Store) deletedModelRow(m *Document) table.Op {
	attrs := []table.Attr{{Name: keys.Version, Value: table.Number(document.SchemaVersion)}}
	return table.Put{Item: table.NewItem(s.Keys.DeletedLoggedModel(m.Exp, m.created, m.ID), document.AppendExpiry(attrs, m.Expiry)...)}
}

// loadedModel is a logged model as its partition holds it.
type loadedModel struct {
	*Document // with tags and params that stand elsewhere
	points    []mlflow.RunMetric
}

// loadedPointBytes is about what a point takes in memory, without its texts.
const loadedPointBytes = 120

// size is about how many bytes the model takes.
func (m *loadedModel) size() int {
	return m.tags.Size() + m.params.Size() + len(m.metrics) + loadedPointBytes*len(m.points)
}

// loadLoggedModel reads all of a model's partition; nil if there is none. Not
// a snapshot: each item is as it was at some moment of the query.
func (s *Store) loadLoggedModel(ctx context.Context, id string) (*loadedModel, error) {
	q := table.Query{PK: s.Keys.LoggedModelPK(id), From: "A", To: keys.Last}
	var items []table.Item
	for it, err := range table.Items(ctx, s.Table, q) {
		if err != nil {
			return nil, err
		}
		items = append(items, it)
	}
	return assembleLoggedModel(id, items)
}

// assembleLoggedModel puts the items of one model together; nil if the
// document is missing.
func assembleLoggedModel(id string, items []table.Item) (*loadedModel, error) {
	var doc *Document
	var tags, params packed.Dict
	var points []modelPoints
	for _, it := range items {
		entry := packed.Dict{it.Str(keys.Key), it.Str(keys.Value)}
		switch sk := it.Key.SK; {
		case sk == keys.Meta:
			m, err := Decode(id, it)
			if err != nil || m == nil {
				return nil, err
			}
			doc = m.clone()
		case strings.HasPrefix(sk, keys.TagPrefix):
			tags = append(tags, entry...)
		case strings.HasPrefix(sk, keys.ParamPrefix):
			params = append(params, entry...)
		case strings.HasPrefix(sk, keys.ModelPointsPrefix):
			points = append(points, modelPointsOf(it))
		}
	}
	if doc == nil {
		return nil, nil //nolint:nilnil // nil is the absent model
	}
	doc.tags, doc.params = doc.tags.Merge(document.SortedDict(tags)), doc.params.Merge(document.SortedDict(params))
	inline, err := parseModelMetrics(doc.metrics)
	if err != nil {
		return nil, err
	}
	l := &loadedModel{Document: doc}
	l.points, err = unpackModelPoints(id, append(inline, points...))
	return l, err
}

// Forget forgets what is known of a logged model.
func (s *Store) Forget(id string) { s.documents.Remove(s.Own(id)) }
