package experiment

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Mutate changes an experiment, its list rows and whatever extra
// adds, in one transaction. extra may be nil.
func (s *Store) Mutate(ctx context.Context, id string,
	apply func(e *Document) (*Document, error),
	extra func(cur, next *Document) ([]table.Op, error),
) error {
	d := document.NewDocument(s.Table, s.Clock,
		func(ctx context.Context) (*Document, error) { return s.Load(ctx, id) },
		func(it table.Item) (*Document, error) { return Decode(id, it) })
	d.Write = func(ctx context.Context, cur, next *Document) error {
		return s.writeExperiment(ctx, cur, next, extra)
	}
	e, err := document.Mutate(ctx, d, func(cur *Document) (*Document, bool, error) {
		if cur == nil {
			return nil, false, ErrNotFound(id)
		}
		next, err := apply(cur)
		return next, false, err
	})
	s.ForgetState(id)
	if err == nil {
		s.rememberState(id, StateOf(e), s.Clock())
	}
	return err
}

func (s *Store) writeExperiment(ctx context.Context, cur, next *Document,
	extra func(cur, next *Document) ([]table.Op, error),
) error {
	stale, err := s.putTrigrams(table.DeferSync(ctx), cur, next)
	if err != nil {
		return err
	}
	ops, err := s.experimentOps(ctx, cur, next)
	if err != nil {
		return err
	}
	for _, it := range s.tagItems(next) {
		ops = append(ops, table.Put{Item: it})
	}
	if extra != nil {
		more, err := extra(cur, next)
		if err != nil {
			return err
		}
		ops = append(ops, more...)
	}
	err = s.Table.Transact(ctx, uuid.NewString(), ops...)
	var lost *table.CanceledError
	if !errors.As(err, &lost) {
		if err == nil {
			s.dropTrigrams(table.DeferSync(ctx), next, stale)
		}
		return err
	}
	if c := lost.Failed[0]; c != nil {
		return c
	}
	for i, op := range ops { // the only other conditions are on names
		if p, ok := op.(table.Put); ok && lost.Failed[i] != nil && p.Cond.IsAbsent() {
			return errNameTaken(next.Name)
		}
	}
	return err
}

// experimentOps are the writes that turn cur (nil: nothing) into next: first
// the document on the condition that cur is current, then the list rows.
func (s *Store) experimentOps(ctx context.Context, cur, next *Document) ([]table.Op, error) {
	match, err := s.settings.Matcher(ctx, next.ID)
	if err != nil {
		return nil, err
	}
	doc := encodeExperiment(s.Keys.Experiment(next.ID), next, match)
	ops := []table.Op{table.Put{Item: doc, Cond: document.LastMeta(cur).IsRev()}}
	packed := packExperiment(next)
	for _, k := range []table.Key{s.Keys.ExperimentCreated(next.Created, next.ID), s.Keys.ExperimentUpdated(next.Updated, next.ID)} {
		ops = append(ops, table.Put{Item: experimentRow(k, next, packed)})
	}
	if cur != nil && cur.Updated != next.Updated {
		ops = append(ops, table.Delete{Key: s.Keys.ExperimentUpdated(cur.Updated, cur.ID)})
	}
	return ops, nil
}

// tagItems are the items of the tags that stand elsewhere. They say when the
// experiment was begun, as they may be there before its document.
func (s *Store) tagItems(e *Document) []table.Item {
	var items []table.Item
	for d := e.spilled; len(d) > 0; d = d[2:] {
		it := document.OverflowItem(s.Keys.ExperimentTag(e.ID, d[0]), d[0], d[1])
		it.Set(keys.Created, table.Number(e.Created))
		items = append(items, it)
	}
	return items
}
