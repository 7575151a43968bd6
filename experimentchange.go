package dynamodbstore

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// mutateExperiment changes an experiment, its list rows and whatever extra
// adds, in one transaction. extra may be nil.
func (s *Store) mutateExperiment(ctx context.Context, id string,
	apply func(e *experimentDoc) (*experimentDoc, error),
	extra func(cur, next *experimentDoc) ([]table.Op, error),
) error {
	d := newDocument(s.t, s.clock,
		func(ctx context.Context) (*experimentDoc, error) { return s.loadExperiment(ctx, id) },
		func(it table.Item) (*experimentDoc, error) { return decodeExperiment(id, it) })
	d.write = func(ctx context.Context, cur, next *experimentDoc) error {
		return s.writeExperiment(ctx, cur, next, extra)
	}
	e, err := mutate(ctx, d, func(cur *experimentDoc) (*experimentDoc, bool, error) {
		if cur == nil {
			return nil, false, errNoExperiment(id)
		}
		next, err := apply(cur)
		return next, false, err
	})
	s.forgetState(id)
	if err == nil {
		s.rememberState(id, stateOf(e), s.clock())
	}
	return failure(err)
}

func (s *Store) writeExperiment(ctx context.Context, cur, next *experimentDoc,
	extra func(cur, next *experimentDoc) ([]table.Op, error),
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
	err = s.t.Transact(ctx, uuid.NewString(), ops...)
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
			return errNameTaken(next.name)
		}
	}
	return err
}

// experimentOps are the writes that turn cur (nil: nothing) into next: first
// the document on the condition that cur is current, then the list rows.
func (s *Store) experimentOps(ctx context.Context, cur, next *experimentDoc) ([]table.Op, error) {
	match, err := s.settings.matcher(ctx, next.id)
	if err != nil {
		return nil, err
	}
	doc := encodeExperiment(s.ks.Experiment(next.id), next, match)
	ops := []table.Op{table.Put{Item: doc, Cond: lastMeta(cur).isRev()}}
	packed := packExperiment(next)
	for _, k := range []table.Key{s.ks.ExperimentCreated(next.created, next.id), s.ks.ExperimentUpdated(next.updated, next.id)} {
		ops = append(ops, table.Put{Item: experimentRow(k, next, packed)})
	}
	if cur != nil && cur.updated != next.updated {
		ops = append(ops, table.Delete{Key: s.ks.ExperimentUpdated(cur.updated, cur.id)})
	}
	return ops, nil
}

// tagItems are the items of the tags that stand elsewhere. They say when the
// experiment was begun, as they may be there before its document.
func (s *Store) tagItems(e *experimentDoc) []table.Item {
	var items []table.Item
	for d := e.spilled; len(d) > 0; d = d[2:] {
		it := overflowItem(s.ks.ExperimentTag(e.id, d[0]), d[0], d[1])
		it.Set(keys.Created, table.Number(e.created))
		items = append(items, it)
	}
	return items
}
