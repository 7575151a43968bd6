package registry

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/groupcommit"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// task is one change of a registered model that waits for its turn.
type task func(ctx context.Context) error

// flush does the tasks of one model one after the other: within a process
// they would only get into each other's way.
func flush(ctx context.Context, _ workspace.ID, group []*groupcommit.Change[task]) {
	for _, ch := range group {
		ch.Err = ch.What(ctx)
	}
}

// Mutate changes a model, its versions, or both, in one transaction, and
// returns the document as written. apply may read the rows of the version: they
// are those of cur if the write succeeds, since a change of a row changes the
// document too. missing is the error for a model that does not exist.
//
// Changes of one process queue up; between processes the document's revision
// decides, and who comes late goes round again. What the change has in before
// is written ahead: after a crash it is garbage that nobody sees.
func (s *Store) Mutate(ctx context.Context, name string, missing error,
	apply func(ctx context.Context, cur *Model) (*Model, error),
) (m *Model, err error) {
	var out *Model
	err = s.models.Do(ctx, s.Own(name), func(ctx context.Context) (err error) {
		for attempt := 0; ; attempt++ {
			out, err = s.tryMutateModel(ctx, name, missing, apply)
			if !errors.Is(err, table.ErrConflict) {
				return err
			}
			if err := document.BackOff(ctx, attempt); err != nil {
				return err
			}
		}
	})
	if err != nil { // out may still be written
		return nil, err
	}
	return out, nil
}

func (s *Store) tryMutateModel(ctx context.Context, name string, missing error,
	apply func(ctx context.Context, cur *Model) (*Model, error),
) (*Model, error) {
	d := document.NewDocument(s.Table, s.Clock,
		func(ctx context.Context) (*Model, error) { return s.Load(ctx, name) }, decodeModel)
	d.Write = s.writeModel
	return document.Mutate(ctx, d, func(cur *Model) (*Model, bool, error) {
		if cur == nil {
			return nil, false, missing
		}
		next, err := apply(ctx, cur)
		return next, false, err
	})
}

// Load reads a document, nil if there is none. 1 request, 1 RCU for each
// 4 KB.
func (s *reader) Load(ctx context.Context, name string) (*Model, error) {
	return document.ReadDocument(ctx, s.Table, s.Keys.RegisteredModel(name), decodeModel)
}

// writeModel replaces cur by next: in one transaction the document, in another
// place if it was renamed, its pointer, and what else next has to write. What
// comes before that is rows too many until the document is written.
func (s *Store) writeModel(ctx context.Context, cur, next *Model) error {
	var stale []table.Key
	if cur.Name != next.Name {
		var err error
		if stale, err = s.putModelTrigrams(table.DeferSync(ctx), cur, next); err != nil {
			return err
		}
	}
	if len(next.before) > 0 {
		if err := s.Table.BatchWrite(table.DeferSync(ctx), next.before, nil); err != nil {
			return err
		}
	}
	err := s.Table.Transact(ctx, uuid.NewString(), append(s.modelOps(cur, next), next.ops...)...)
	if lost, ok := errors.AsType[*table.CanceledError](err); ok {
		if c := lost.Failed[0]; c != nil {
			return c
		}
		// The only other condition is that of a new name.
		return failure.Errorf(mlflow.CodeResourceAlreadyExists, "Registered Model (name=%s) already exists.", next.Name)
	}
	if err == nil {
		s.dropModelTrigrams(table.DeferSync(ctx), next, stale)
	}
	return err
}

// modelOps are the writes of the document. The first one has the condition that
// cur is current.
func (s *Store) modelOps(cur, next *Model) []table.Op {
	at, pointer := s.Keys.RegisteredModel(cur.Name), s.Keys.ModelPointer(cur.ID)
	switch {
	case next.gone:
		return []table.Op{table.Delete{Key: at, Cond: cur.isCurrent()}, table.Delete{Key: pointer}}
	case next.Name != cur.Name:
		return []table.Op{
			table.Delete{Key: at, Cond: cur.isCurrent()},
			table.Put{Item: encodeModel(s.Keys.RegisteredModel(next.Name), next), Cond: table.Absent()},
			table.Put{Item: modelPointer(pointer, next)},
		}
	default:
		return []table.Op{table.Put{Item: encodeModel(at, next), Cond: cur.isCurrent()}}
	}
}

// nextModelTime is the time of a change of a model; never before the last one.
func (s *Store) nextModelTime(m *Model) int64 { return max(s.NowMillis(), m.updated) }

// putVersion has next write a version, which gets the revision of that write.
// Copies follow it.
func (s *Store) putVersion(next *Model, v *Version) {
	v.rev = next.Rev + 1 // next is a clone of the current document
	next.ops = append(next.ops, table.Put{Item: encodeVersion(s.Keys.ModelVersion(next.ID, v.version), v)})
	for i := range next.stages {
		if info := &next.stages[i]; info.latest == v.version {
			info.set(v)
		}
	}
}

// currentVersion returns a version of a model, an error if there is none: the
// copy of the document, or the row. 1 RCU for each 4 KB of a row.
func (s *Store) currentVersion(ctx context.Context, cur *Model, version int) (*Version, error) {
	if v := cur.copyOf(version); v != nil {
		return v, nil
	}
	if version < 1 || version > cur.last {
		return nil, errNoVersion(cur.Name, version)
	}
	it, found, err := s.Table.Get(ctx, s.Keys.ModelVersion(cur.ID, version), table.Strong)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errNoVersion(cur.Name, version)
	}
	return DecodeVersion(it)
}

// mutateVersion changes one version of a model, and perhaps the document: apply
// gets copies of both to change, and returns false if nothing is to be written.
func (s *Store) mutateVersion(ctx context.Context, name string, version int,
	apply func(ctx context.Context, m *Model, v *Version) (bool, error),
) (*Model, *Version, error) {
	var out *Version
	m, err := s.Mutate(ctx, name, errNoVersion(name, version), func(ctx context.Context, cur *Model) (*Model, error) {
		v, err := s.currentVersion(ctx, cur, version)
		if err != nil {
			return nil, err
		}
		next := cur.Clone()
		out = v.clone()
		changed, err := apply(ctx, next, out)
		if err != nil || !changed {
			return cur, err
		}
		s.putVersion(next, out)
		return next, nil
	})
	if err != nil {
		return nil, nil, err
	}
	return m, out, nil
}

// walkBack returns the highest version below another one that is in a stage;
// nil if there is none. 1 RCU for each 4 KB of the rows between them.
func (s *Store) walkBack(ctx context.Context, m *Model, stage, below int) (*Version, error) {
	from, to := keys.VersionRange(below - 1)
	q := table.Query{PK: s.Keys.ModelPK(m.ID), From: from, To: to, Descending: true}
	for it, err := range table.Items(ctx, s.Table, q) {
		if err != nil {
			return nil, err
		}
		v, err := DecodeVersion(it)
		if err != nil {
			return nil, err
		}
		if at, _ := m.stageOf(v); at == stage {
			return v, nil
		}
	}
	return nil, nil //nolint:nilnil // nil is that there is none
}

// leaveStage takes a version out of a stage of next. Only when it was the
// latest of several is the next one looked for.
func (s *Store) leaveStage(ctx context.Context, next *Model, stage, version int) error {
	info := &next.stages[stage]
	info.count--
	if info.latest != version {
		return nil
	}
	info.latest, info.copied = 0, nil
	if info.count == 0 {
		return nil
	}
	v, err := s.walkBack(ctx, next, stage, version)
	if err == nil && v != nil {
		info.set(v)
	}
	return err
}

// enterStage puts a version into a stage of next.
func enterStage(next *Model, stage int, v *Version) {
	info := &next.stages[stage]
	info.count++
	if v.version > info.latest {
		info.set(v)
	}
}
