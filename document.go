package dynamodbstore

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// schemaVersion is written into every item. It goes up with each change that
// older code cannot read; older code refuses newer items.
const schemaVersion = 1

// checkVersion refuses items of a newer schema.
func checkVersion(it table.Item) error {
	if v := it.Num(keys.Version); v > schemaVersion {
		return errorf(CodeInternalError, "item %q %q has schema version %d, this program knows %d: upgrade it",
			it.Key.PK, it.Key.SK, v, schemaVersion)
	}
	return nil
}

const (
	writeIDSize = 8
	writeIDs    = 4 // how many of them a document keeps
)

// docMeta is what every document has: a revision that goes up by one with
// each write, and the ids of its last writes, newest first.
type docMeta struct {
	rev    int64
	writes string
}

// next returns the meta of the following write, whose id is random.
func (m docMeta) next() docMeta {
	id := binary.BigEndian.AppendUint64(nil, rand.Uint64())
	kept := m.writes[:min(len(m.writes), writeIDSize*(writeIDs-1))]
	return docMeta{rev: m.rev + 1, writes: string(id) + kept}
}

// wrote reports whether the write that made o is among the last of m.
func (m docMeta) wrote(o docMeta) bool {
	if len(o.writes) < writeIDSize {
		return false
	}
	id := o.writes[:writeIDSize]
	for w := m.writes; len(w) >= writeIDSize; w = w[writeIDSize:] {
		if w[:writeIDSize] == id {
			return true
		}
	}
	return false
}

func (m docMeta) attrs(attrs []table.Attr) []table.Attr {
	return append(attrs,
		table.Attr{Name: keys.Version, Value: table.Number(schemaVersion)},
		table.Attr{Name: keys.Rev, Value: table.Number(m.rev)},
		table.Attr{Name: keys.Writes, Value: table.Bytes(m.writes)})
}

// meta is how documents, which embed it, show it.
func (m *docMeta) meta() *docMeta { return m }

func metaOf(it table.Item) docMeta {
	return docMeta{rev: it.Num(keys.Rev), writes: it.Str(keys.Writes)}
}

// isRev is the condition that a document has not changed since m.
func (m docMeta) isRev() table.Cond {
	if m.rev == 0 {
		return table.Absent()
	}
	return table.Equal(table.Attr{Name: keys.Rev, Value: table.Number(m.rev)})
}

// revised is a pointer to a document, a struct that embeds [docMeta]. What it
// points to is immutable once it has been read or written; nil is the absent
// document.
type revised interface {
	comparable
	meta() *docMeta
}

// document says how [mutate] reads and writes one document.
type document[D revised] struct {
	// cached returns the last known copy, if any; may be nil.
	cached func() (D, bool)
	// read reads the document; nil if there is none.
	read func(ctx context.Context) (D, error)
	// write replaces cur (nil: nothing) by next. A lost race is a
	// *table.ConditionError with the document's item.
	write  func(ctx context.Context, cur, next D) error
	decode func(table.Item) (D, error)
	now    func() time.Time
	table  table.Table
}

// newDocument returns a document of a table, without cached copies, to which
// write has to be added. now is the clock by which items expire.
func newDocument[D revised](t table.Table, now func() time.Time,
	read func(ctx context.Context) (D, error), decode func(table.Item) (D, error),
) document[D] {
	return document[D]{read: read, decode: decode, now: now, table: t}
}

// readDocument reads the document at a key; nil if there is none. 1 request, 1
// RCU for each 4 KB.
func readDocument[D revised](ctx context.Context, t table.Table, key table.Key, decode func(table.Item) (D, error)) (D, error) {
	it, found, err := t.Get(ctx, key, table.Strong)
	if err != nil || !found {
		var none D
		return none, err
	}
	return decode(it)
}

// lastMeta returns the meta of a document, the zero one if it is absent.
func lastMeta[D revised](cur D) docMeta {
	var none D
	if cur == none {
		return docMeta{}
	}
	return *cur.meta()
}

// mutate is the one way in which documents change: apply, a function without
// side effects on the table, turns the current copy into the next one, which
// is written if the current revision is still current; otherwise it goes round
// again with the copy that the failed write brought back. Returning cur writes
// nothing. A write whose reply was lost is recognised by its id. The write is
// as atomic as d.write.
//
// An error, no change, or doubt that apply reports, is an answer that only a
// current copy can give: when a cached one gave it, the document is read and
// apply asked again.
func mutate[D revised](ctx context.Context, d document[D], apply func(cur D) (next D, doubt bool, err error)) (D, error) {
	var none D
	cur, cached, err := d.first(ctx)
	for attempt := 0; err == nil; attempt++ {
		next, doubt, applyErr := apply(cur)
		if cached && (doubt || applyErr != nil || next == cur) {
			cached = false
			cur, err = d.read(ctx)
			continue
		}
		if applyErr != nil {
			return none, applyErr
		}
		if next == cur { // somebody else's write is acknowledged with this answer
			return next, table.Sync(ctx, d.table)
		}
		*next.meta() = lastMeta(cur).next()
		err = d.write(ctx, cur, next)
		var lost *table.ConditionError
		if !errors.As(err, &lost) {
			return next, err
		}
		cached = false
		if cur, err = d.current(lost); err != nil {
			break
		}
		if lastMeta(cur).wrote(*next.meta()) {
			return next, nil
		}
		err = backOff(ctx, attempt)
	}
	return none, err
}

// first returns the copy to begin with, and whether it is a cached one.
func (d document[D]) first(ctx context.Context) (D, bool, error) {
	if d.cached != nil {
		if cur, ok := d.cached(); ok {
			return cur, true, nil
		}
	}
	cur, err := d.read(ctx)
	return cur, false, err
}

// current decodes the item of a failed write; an expired one is absent.
func (d document[D]) current(lost *table.ConditionError) (D, error) {
	if !lost.Found || lost.Item.ExpiredAt(d.now().Unix()) {
		var none D
		return none, nil
	}
	return d.decode(lost.Item)
}

// backOff waits a random time that grows with the attempts; the first ones
// do not wait.
func backOff(ctx context.Context, attempt int) error {
	if attempt < 2 {
		return ctx.Err()
	}
	most := time.Millisecond << min(attempt-2, 7)
	timer := time.NewTimer(rand.N(most))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
