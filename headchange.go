package dynamodbstore

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// headChange is one caller's change of a run's head.
type headChange struct {
	s *Store
	// apply changes h, a copy, and reports whether it did. After an error h
	// is thrown away. It may be called several times.
	apply func(h *runHead) (changed bool, err error)
	// result is the head with all changes of the group.
	result *runHead
}

// changeHead makes one change of a run's head, together with those that wait,
// and returns the head with it. Atomic. 1 request, 1 WCU for each KB of the
// head; 3 more requests when the run has to be reopened.
func (s *Store) changeHead(ctx context.Context, id string, apply func(h *runHead) (bool, error)) (*runHead, error) {
	c := &headChange{s: s, apply: apply}
	if err := s.heads.do(ctx, s.own(id), c); err != nil {
		return nil, err
	}
	return c.result, nil
}

// headDocument says how the head of a run is read and written.
func (s *Store) headDocument(id string) document[*runHead] {
	d := newDocument(s.t, s.clock,
		func(ctx context.Context) (*runHead, error) { return s.readHead(ctx, id) },
		func(it table.Item) (*runHead, error) { return decodeHead(id, it) })
	d.cached = func() (*runHead, bool) { return s.cachedHead(id) }
	d.write = s.writeHead
	return d
}

// flushHead writes a group of changes of one head as one.
func flushHead(ctx context.Context, run scoped, group []*change[*headChange]) {
	s, id := group[0].what.s, run.id
	h, err := s.mutateHead(ctx, id, s.headDocument(id), func(cur *runHead) (*runHead, bool, error) {
		next, doubt := s.applyGroup(cur, group)
		return next, doubt, nil
	})
	for _, ch := range group {
		if err != nil { // what an old copy of the head said of ch does not count
			ch.err = err
		}
		ch.what.result = h
	}
}

// applyGroup applies the changes one after the other. Doubt means that one
// of them failed or changed nothing.
func (s *Store) applyGroup(cur *runHead, group []*change[*headChange]) (next *runHead, doubt bool) {
	next = cur
	for _, ch := range group {
		trial := next.clone()
		changed, err := ch.what.apply(trial)
		ch.err = err
		if err == nil && changed {
			next = trial
			continue
		}
		doubt = true
	}
	if next != cur {
		next.changed = s.nowMillis()
	}
	return next, doubt
}

// mutateHead is mutate for heads, with the cache kept right. A missing run is
// RESOURCE_DOES_NOT_EXIST.
func (s *Store) mutateHead(ctx context.Context, id string, d document[*runHead],
	apply func(cur *runHead) (*runHead, bool, error),
) (*runHead, error) {
	h, err := mutate(ctx, d, func(cur *runHead) (*runHead, bool, error) {
		if cur == nil {
			return nil, false, errRunNotFound(id)
		}
		return apply(cur)
	})
	if err != nil {
		s.headCache.Remove(s.own(id))
		return nil, err
	}
	if len(h.moves)+len(h.uses) > 0 { // of a copy that nobody else has yet
		h.moves, h.uses = nil, nil
	}
	s.cacheHead(h)
	return h, nil
}

// cachedHead returns a head that may be out of date, if one is known.
func (s *Store) cachedHead(id string) (*runHead, bool) { return s.headCache.Get(s.own(id)) }

// forgetRun forgets what is known of a run.
func (s *Store) forgetRun(id string) {
	s.headCache.Remove(s.own(id))
	s.shapes.Remove(s.own(id))
}

func (s *Store) cacheHead(h *runHead) {
	if h.size() <= cachedHeadBytes {
		s.headCache.Add(s.own(h.id), h)
	} else {
		s.headCache.Remove(s.own(h.id))
	}
}

// readHead reads a run's head; nil if there is no such run.
func (s *Store) readHead(ctx context.Context, id string) (*runHead, error) {
	h, err := readDocument(ctx, s.t, s.ks.Run(id), func(it table.Item) (*runHead, error) { return decodeHead(id, it) })
	if err == nil && h != nil {
		s.cacheHead(h)
	}
	return h, err
}

// knownHead returns a head that may be out of date, to learn what never
// changes; nil if there is no such run.
func (s *Store) knownHead(ctx context.Context, id string) (*runHead, error) {
	if h, ok := s.cachedHead(id); ok {
		return h, nil
	}
	return s.readHead(ctx, id)
}

// writeHead replaces a head whose revision is still cur's. When that opens a
// new generation, the rows of the run are marked first, so that whoever reads
// a row that is not marked reads what the head still says.
func (s *Store) writeHead(ctx context.Context, cur, next *runHead) error {
	put, err := s.headPut(ctx, cur, next)
	if err != nil {
		return err
	}
	if len(next.moves)+len(next.uses) == 0 {
		return s.t.Put(ctx, put)
	}
	ops := []table.Op{put}
	for _, it := range next.uses {
		ops = append(ops, table.Put{Item: it})
	}
	for i := 0; i < len(next.moves); i += 2 {
		key := s.ks.RunOverflow(next.id, keys.TagPrefix, next.moves[i])
		ops = append(ops, table.Put{Item: overflowItem(key, next.moves[i], next.moves[i+1])})
	}
	return s.transactHead(ctx, ops...)
}

// transactHead writes a head, the first of ops, and others with it.
func (s *Store) transactHead(ctx context.Context, ops ...table.Op) error {
	err := s.t.Transact(ctx, uuid.NewString(), ops...)
	var lost *table.CanceledError
	if errors.As(err, &lost) && lost.Failed[0] != nil {
		return lost.Failed[0]
	}
	return err
}

func (s *Store) headPut(ctx context.Context, cur, next *runHead) (table.Put, error) {
	if cur != nil && next.gen > cur.gen {
		if err := s.reopenRows(table.DeferSync(ctx), cur, next); err != nil {
			return table.Put{}, err
		}
	}
	match, err := s.settings.matcher(ctx, next.exp)
	if err != nil {
		return table.Put{}, err
	}
	return table.Put{Item: encodeHead(s.ks.Run(next.id), next, match), Cond: lastMeta(cur).isRev()}, nil
}

// reopenRows marks the open row and the list row as open in the generation of
// next. Neither is atomic with the head: a crash in between leaves rows that
// say open though the head is closed, which costs readers a look at the head.
// An expiry is taken away: whoever deletes the run stamps the row again when
// it is covered. Where there is no list row, one is put beside a head that still
// is cur; otherwise the head will not be written either.
func (s *Store) reopenRows(ctx context.Context, cur, next *runHead) error {
	if err := s.t.Put(ctx, table.Put{Item: s.openRow(next)}); err != nil {
		return err
	}
	gen := table.Attr{Name: keys.Gen, Value: table.Number(next.gen)}
	for was := cur.gen; ; {
		_, err := s.t.Update(ctx, table.Update{
			Key:    s.ks.RunRow(next.exp, next.start, next.id),
			Cond:   inGen(was),
			Set:    []table.Attr{gen, {Name: keys.State, Value: table.String(keys.StateOpen)}},
			Remove: []string{table.TTLAttr},
		})
		lost, isLost := asConditionError(err)
		if !isLost {
			return err
		}
		if s.isAbsent(lost) {
			if lost, err = s.putMissingRow(ctx, s.openListRow(next), cur, cur.isRev()); err != nil || lost == nil || !lost.Found {
				return err
			}
		}
		// A row that is ahead was marked by somebody whose head is not written,
		// or is: then the head will say so. In the first case it may be behind
		// next all the same, and must not stay so.
		if was = lost.Item.Num(keys.Gen); was >= next.gen {
			return nil
		}
	}
}

// isAbsent reports whether a condition failed because there is no item, or an
// expired one.
func (v *view) isAbsent(lost *table.ConditionError) bool {
	return !lost.Found || lost.Item.ExpiredAt(v.clock().Unix())
}

// openRow is the row that marks a run as open in its generation.
func (s *Store) openRow(h *runHead) table.Item {
	return table.NewItem(s.ks.OpenRow(h.exp, h.id, h.gen),
		table.Attr{Name: keys.Version, Value: table.Number(schemaVersion)},
		table.Attr{Name: keys.Start, Value: table.Number(h.start)},
		table.Attr{Name: keys.Changed, Value: table.Number(h.changed)})
}

// openListRow is a list row without content.
func (s *Store) openListRow(h *runHead) table.Item {
	return table.NewItem(s.ks.RunRow(h.exp, h.start, h.id),
		table.Attr{Name: keys.Version, Value: table.Number(schemaVersion)},
		table.Attr{Name: keys.Gen, Value: table.Number(h.gen)},
		table.Attr{Name: keys.State, Value: table.String(keys.StateOpen)},
		table.Attr{Name: keys.Changed, Value: table.Number(h.changed)})
}
