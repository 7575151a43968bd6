package fence

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/groupcommit"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// headChange is one caller's change of a run's head.
type headChange struct {
	s *Store
	// apply changes h, a copy, and reports whether it did. After an error h
	// is thrown away. It may be called several times.
	apply func(h *run.Head) (changed bool, err error)
	// result is the head with all changes of the group.
	result *run.Head
}

// ChangeHead makes one change of a run's head, together with those that wait,
// and returns the head with it. Atomic. 1 request, 1 WCU for each KB of the
// head; 3 more requests when the run has to be reopened.
func (s *Store) ChangeHead(ctx context.Context, id string, apply func(h *run.Head) (bool, error)) (*run.Head, error) {
	c := &headChange{s: s, apply: apply}
	if err := s.heads.Do(ctx, s.Own(id), c); err != nil {
		return nil, err
	}
	return c.result, nil
}

// HeadDocument says how the head of a run is read and written.
func (s *Store) HeadDocument(id string) document.Kind[*run.Head] {
	d := document.NewDocument(s.Table, s.Clock,
		func(ctx context.Context) (*run.Head, error) { return s.ReadHead(ctx, id) },
		func(it table.Item) (*run.Head, error) { return run.DecodeHead(id, it) })
	d.Cached = func() (*run.Head, bool) { return s.CachedHead(id) }
	d.Write = s.writeHead
	return d
}

// flushHead writes a group of changes of one head as one.
func flushHead(ctx context.Context, runID workspace.ID, group []*groupcommit.Change[*headChange]) {
	s, id := group[0].What.s, runID.Name
	h, err := s.MutateHead(ctx, id, s.HeadDocument(id), func(cur *run.Head) (*run.Head, bool, error) {
		next, doubt := s.applyGroup(cur, group)
		return next, doubt, nil
	})
	for _, ch := range group {
		if err != nil { // what an old copy of the head said of ch does not count
			ch.Err = err
		}
		ch.What.result = h
	}
}

// applyGroup applies the changes one after the other. Doubt means that one
// of them failed or changed nothing.
func (s *Store) applyGroup(cur *run.Head, group []*groupcommit.Change[*headChange]) (next *run.Head, doubt bool) {
	next = cur
	for _, ch := range group {
		trial := next.Clone()
		changed, err := ch.What.apply(trial)
		ch.Err = err
		if err == nil && changed {
			next = trial
			continue
		}
		doubt = true
	}
	if next != cur {
		next.Changed = s.NowMillis()
	}
	return next, doubt
}

// MutateHead is mutate for heads, with the cache kept right. A missing run is
// RESOURCE_DOES_NOT_EXIST.
func (s *Store) MutateHead(ctx context.Context, id string, d document.Kind[*run.Head],
	apply func(cur *run.Head) (*run.Head, bool, error),
) (*run.Head, error) {
	h, err := document.Mutate(ctx, d, func(cur *run.Head) (*run.Head, bool, error) {
		if cur == nil {
			return nil, false, run.ErrNotFound(id)
		}
		return apply(cur)
	})
	if err != nil {
		s.headCache.Remove(s.Own(id))
		return nil, err
	}
	if len(h.Moves)+len(h.Uses) > 0 { // of a copy that nobody else has yet
		h.Moves, h.Uses = nil, nil
	}
	s.cacheHead(h)
	return h, nil
}

// CachedHead returns a head that may be out of date, if one is known.
func (s *Store) CachedHead(id string) (*run.Head, bool) { return s.headCache.Get(s.Own(id)) }

// ForgetRun forgets what is known of a run.
func (s *Store) ForgetRun(id string) {
	s.headCache.Remove(s.Own(id))
	s.shapes.Remove(s.Own(id))
}

func (s *Store) cacheHead(h *run.Head) {
	if h.Size() <= run.CachedHeadBytes {
		s.headCache.Add(s.Own(h.ID), h)
	} else {
		s.headCache.Remove(s.Own(h.ID))
	}
}

// ReadHead reads a run's head; nil if there is no such run.
func (s *Store) ReadHead(ctx context.Context, id string) (*run.Head, error) {
	h, err := document.ReadDocument(ctx, s.Table, s.Keys.Run(id), func(it table.Item) (*run.Head, error) { return run.DecodeHead(id, it) })
	if err == nil && h != nil {
		s.cacheHead(h)
	}
	return h, err
}

// KnownHead returns a head that may be out of date, to learn what never
// changes; nil if there is no such run.
func (s *Store) KnownHead(ctx context.Context, id string) (*run.Head, error) {
	if h, ok := s.CachedHead(id); ok {
		return h, nil
	}
	return s.ReadHead(ctx, id)
}

// writeHead replaces a head whose revision is still cur's. When that opens a
// new generation, the rows of the run are marked first, so that whoever reads
// a row that is not marked reads what the head still says.
func (s *Store) writeHead(ctx context.Context, cur, next *run.Head) error {
	put, err := s.HeadPut(ctx, cur, next)
	if err != nil {
		return err
	}
	if len(next.Moves)+len(next.Uses) == 0 {
		return s.Table.Put(ctx, put)
	}
	ops := []table.Op{put}
	for _, it := range next.Uses {
		ops = append(ops, table.Put{Item: it})
	}
	for i := 0; i < len(next.Moves); i += 2 {
		key := s.Keys.RunOverflow(next.ID, keys.TagPrefix, next.Moves[i])
		ops = append(ops, table.Put{Item: document.OverflowItem(key, next.Moves[i], next.Moves[i+1])})
	}
	return s.TransactHead(ctx, ops...)
}

// TransactHead writes a head, the first of ops, and others with it.
func (s *Store) TransactHead(ctx context.Context, ops ...table.Op) error {
	err := s.Table.Transact(ctx, uuid.NewString(), ops...)
	var lost *table.CanceledError
	if errors.As(err, &lost) && lost.Failed[0] != nil {
		return lost.Failed[0]
	}
	return err
}

// HeadPut is the write that replaces a head, unless it has changed.
func (s *Store) HeadPut(ctx context.Context, cur, next *run.Head) (table.Put, error) {
	if cur != nil && next.Gen > cur.Gen {
		if err := s.reopenRows(table.DeferSync(ctx), cur, next); err != nil {
			return table.Put{}, err
		}
	}
	match, err := s.settings.Matcher(ctx, next.Exp)
	if err != nil {
		return table.Put{}, err
	}
	return table.Put{Item: run.EncodeHead(s.Keys.Run(next.ID), next, match), Cond: document.LastMeta(cur).IsRev()}, nil
}

// reopenRows marks the open row and the list row as open in the generation of
// next. Neither is atomic with the head: a crash in between leaves rows that
// say open though the head is closed, which costs readers a look at the head.
// An expiry is taken away: whoever deletes the run stamps the row again when
// it is covered. Where there is no list row, one is put beside a head that still
// is cur; otherwise the head will not be written either.
func (s *Store) reopenRows(ctx context.Context, cur, next *run.Head) error {
	if err := s.Table.Put(ctx, table.Put{Item: s.rows.Open(next)}); err != nil {
		return err
	}
	gen := table.Attr{Name: keys.Gen, Value: table.Number(next.Gen)}
	for was := cur.Gen; ; {
		_, err := s.Table.Update(ctx, table.Update{
			Key:    s.Keys.RunRow(next.Exp, next.Start, next.ID),
			Cond:   inGen(was),
			Set:    []table.Attr{gen, {Name: keys.State, Value: table.String(keys.StateOpen)}},
			Remove: []string{table.TTLAttr},
		})
		lost, isLost := document.AsConditionError(err)
		if !isLost {
			return err
		}
		if s.IsAbsent(lost) {
			if lost, err = s.putMissingRow(ctx, s.rows.OpenList(next), cur, cur.IsRev()); err != nil || lost == nil || !lost.Found {
				return err
			}
		}
		// A row that is ahead was marked by somebody whose head is not written,
		// or is: then the head will say so. In the first case it may be behind
		// next all the same, and must not stay so.
		if was = lost.Item.Num(keys.Gen); was >= next.Gen {
			return nil
		}
	}
}
