package dynamodbstore

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// loggedModelSpill is how many items one transaction writes beside a model's
// document and its two rows.
const loggedModelSpill = table.MaxTransact - 3

// loggedModelSpillBytes bounds their size: a transaction holds 4 MB.
const loggedModelSpillBytes = 2 << 20

// loggedModelChange is a copy of a model's document that may be changed, and
// what is written with it.
type loggedModelChange struct {
	*loggedModelDoc
	ops []table.Op // items of their own
}

// mutateLoggedModel changes a logged model: its document, its rows, and what
// stands in items of their own, in one transaction. apply may be called
// several times; unless it reports a change nothing is written. cached: a
// copy that may be old will do to begin with. An overflow item whose condition
// fails is refused, called with its place in ops.
//
// Small model: 2 requests, 4 WCU and 1 RCU.
func (s *Store) mutateLoggedModel(ctx context.Context, id string, cached bool,
	apply func(c *loggedModelChange) (bool, error), refused func(i int, it table.Item) error,
) (*loggedModelDoc, error) {
	var ops []table.Op
	d := s.loggedModelDocument(id)
	if !cached {
		d.cached = nil
	}
	d.write = func(ctx context.Context, cur, next *loggedModelDoc) error {
		return s.writeLoggedModel(ctx, cur, next, ops, refused)
	}
	m, err := mutate(ctx, d, func(cur *loggedModelDoc) (*loggedModelDoc, bool, error) {
		if cur == nil {
			return nil, false, errLoggedModelNotFound(id)
		}
		c := &loggedModelChange{loggedModelDoc: cur.clone()}
		changed, err := apply(c)
		ops = c.ops
		if err != nil || !changed {
			return cur, false, err
		}
		return c.loggedModelDoc, false, nil
	})
	if err != nil {
		s.forgetLoggedModel(id)
		return nil, err
	}
	s.modelDocs.Add(s.own(id), m)
	return m, nil
}

func (s *Store) loggedModelDocument(id string) document[*loggedModelDoc] {
	d := newDocument(s.t, s.clock,
		func(ctx context.Context) (*loggedModelDoc, error) { return s.readLoggedModel(ctx, id) },
		func(it table.Item) (*loggedModelDoc, error) { return decodeLoggedModel(id, it) })
	d.cached = func() (*loggedModelDoc, bool) { return s.modelDocs.Get(s.own(id)) }
	return d
}

// readLoggedModel reads the document; nil if there is none.
func (s *Store) readLoggedModel(ctx context.Context, id string) (*loggedModelDoc, error) {
	return readDocument(ctx, s.t, s.ks.LoggedModel(id), func(it table.Item) (*loggedModelDoc, error) {
		return decodeLoggedModel(id, it)
	})
}

func errLoggedModelNotFound(id string) error {
	return errorf(CodeResourceDoesNotExist, "Logged model with ID '%s' not found.", id)
}

func (s *Store) writeLoggedModel(ctx context.Context, cur, next *loggedModelDoc, more []table.Op,
	refused func(i int, it table.Item) error,
) error {
	ops := slices.Concat(s.loggedModelOps(cur, next), more)
	err := s.t.Transact(ctx, uuid.NewString(), ops...)
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
func (s *Store) loggedModelOps(cur, next *loggedModelDoc) []table.Op {
	ops := []table.Op{table.Put{Item: encodeLoggedModel(s.ks.LoggedModel(next.id), next), Cond: lastMeta(cur).isRev()}}
	row := s.ks.LoggedModelRow(next.exp, next.created, next.id)
	ofRun := s.ks.LoggedModelOfRun(next.exp, next.run, next.created, next.id)
	switch {
	case next.stage == StageActive:
		ops = append(ops, table.Put{Item: loggedModelRow(row, next)})
		if cur == nil && next.run != "" {
			ops = append(ops, table.Put{Item: table.NewItem(ofRun,
				table.Attr{Name: keys.Version, Value: table.Number(schemaVersion)})})
		}
	case cur != nil && cur.stage == StageActive:
		ops = append(ops, table.Delete{Key: row}, s.deletedModelRow(next))
		if next.run != "" {
			ops = append(ops, table.Delete{Key: ofRun})
		}
	case cur != nil && cur.expiry != next.expiry:
		ops = append(ops, s.deletedModelRow(next))
	}
	return ops
}

// deletedModelRow puts the row of a deleted model.
func (s *Store) deletedModelRow(m *loggedModelDoc) table.Op {
	attrs := []table.Attr{{Name: keys.Version, Value: table.Number(schemaVersion)}}
	return table.Put{Item: table.NewItem(s.ks.DeletedLoggedModel(m.exp, m.created, m.id), appendExpiry(attrs, m.expiry)...)}
}

// loadedModel is a logged model as its partition holds it.
type loadedModel struct {
	*loggedModelDoc // with tags and params that stand elsewhere
	points          []RunMetric
}

// loadedPointBytes is about what a point takes in memory, without its texts.
const loadedPointBytes = 120

// size is about how many bytes the model takes.
func (m *loadedModel) size() int {
	return m.tags.size() + m.params.size() + len(m.metrics) + loadedPointBytes*len(m.points)
}

// loadLoggedModel reads all of a model's partition; nil if there is none. Not
// a snapshot: each item is as it was at some moment of the query.
func (s *Store) loadLoggedModel(ctx context.Context, id string) (*loadedModel, error) {
	q := table.Query{PK: s.ks.LoggedModelPK(id), From: "A", To: keys.Last}
	var items []table.Item
	for it, err := range table.Items(ctx, s.t, q) {
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
	var doc *loggedModelDoc
	var tags, params dict
	var points []modelPoints
	for _, it := range items {
		entry := dict{it.Str(keys.Key), it.Str(keys.Value)}
		switch sk := it.Key.SK; {
		case sk == keys.Meta:
			m, err := decodeLoggedModel(id, it)
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
	doc.tags, doc.params = doc.tags.merge(sortedDict(tags)), doc.params.merge(sortedDict(params))
	inline, err := parseModelMetrics(doc.metrics)
	if err != nil {
		return nil, err
	}
	l := &loadedModel{loggedModelDoc: doc}
	l.points, err = unpackModelPoints(id, append(inline, points...))
	return l, err
}

// forgetLoggedModel forgets what is known of a logged model.
func (s *Store) forgetLoggedModel(id string) { s.modelDocs.Remove(s.own(id)) }
