package document

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// SchemaVersion is written into every item. It goes up with each change that
// older code cannot read; older code refuses newer items.
const SchemaVersion = 1

// CheckVersion refuses items of a newer schema.
func CheckVersion(it table.Item) error {
	if v := it.Num(keys.Version); v > SchemaVersion {
		return failure.Errorf(mlflow.CodeInternalError, "item %q %q has schema version %d, this program knows %d: upgrade it",
			it.Key.PK, it.Key.SK, v, SchemaVersion)
	}
	return nil
}

const (
	writeIDSize = 8
	writeIDs    = 4 // how many of them a document keeps
)

// Meta is what every document has: a revision that goes up by one with
// each write, and the ids of its last writes, newest first.
type Meta struct {
	Rev    int64
	writes string
}

// Next returns the meta of the following write, whose id is random.
func (m Meta) Next() Meta {
	id := binary.BigEndian.AppendUint64(nil, rand.Uint64())
	kept := m.writes[:min(len(m.writes), writeIDSize*(writeIDs-1))]
	return Meta{Rev: m.Rev + 1, writes: string(id) + kept}
}

// Wrote reports whether the write that made o is among the last of m.
func (m Meta) Wrote(o Meta) bool {
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

// AppendTo appends the attributes that every document has.
func (m Meta) AppendTo(attrs []table.Attr) []table.Attr {
	return append(attrs,
		table.Attr{Name: keys.Version, Value: table.Number(SchemaVersion)},
		table.Attr{Name: keys.Rev, Value: table.Number(m.Rev)},
		table.Attr{Name: keys.Writes, Value: table.Bytes(m.writes)})
}

// meta is how documents, which embed it, show it.
func (m *Meta) meta() *Meta { return m }

// MetaOf reads what every document has.
func MetaOf(it table.Item) Meta {
	return Meta{Rev: it.Num(keys.Rev), writes: it.Str(keys.Writes)}
}

// IsRev is the condition that a document has not changed since m.
func (m Meta) IsRev() table.Cond {
	if m.Rev == 0 {
		return table.Absent()
	}
	return table.Equal(table.Attr{Name: keys.Rev, Value: table.Number(m.Rev)})
}

// revised is a pointer to a document, a struct that embeds [Meta]. What it
// points to is immutable once it has been read or written; nil is the absent
// document.
type revised interface {
	comparable
	meta() *Meta
}

// Kind says how [mutate] reads and writes one document.
type Kind[D revised] struct {
	// cached returns the last known copy, if any; may be nil.
	Cached func() (D, bool)
	// read reads the document; nil if there is none.
	read func(ctx context.Context) (D, error)
	// write replaces cur (nil: nothing) by next. A lost race is a
	// *table.ConditionError with the document's item.
	Write  func(ctx context.Context, cur, next D) error
	decode func(table.Item) (D, error)
	Clock  func() time.Time
	table  table.Table
}

// NewDocument returns a document of a table, without cached copies, to which
// write has to be added. now is the clock by which items expire.
func NewDocument[D revised](t table.Table, now func() time.Time,
	read func(ctx context.Context) (D, error), decode func(table.Item) (D, error),
) Kind[D] {
	return Kind[D]{read: read, decode: decode, Clock: now, table: t}
}

// ReadDocument reads the document at a key; nil if there is none. 1 request, 1
// RCU for each 4 KB.
func ReadDocument[D revised](ctx context.Context, t table.Table, key table.Key, decode func(table.Item) (D, error)) (D, error) {
	it, found, err := t.Get(ctx, key, table.Strong)
	if err != nil || !found {
		var none D
		return none, err
	}
	return decode(it)
}

// LastMeta returns the meta of a document, the zero one if it is absent.
func LastMeta[D revised](cur D) Meta {
	var none D
	if cur == none {
		return Meta{}
	}
	return *cur.meta()
}

// Mutate is the one way in which documents change: apply, a function without
// side effects on the table, turns the current copy into the next one, which
// is written if the current revision is still current; otherwise it goes round
// again with the copy that the failed write brought back. Returning cur writes
// nothing. A write whose reply was lost is recognised by its id. The write is
// as atomic as d.write.
//
// An error, no change, or doubt that apply reports, is an answer that only a
// current copy can give: when a cached one gave it, the document is read and
// apply asked again.
func Mutate[D revised](ctx context.Context, d Kind[D], apply func(cur D) (next D, doubt bool, err error)) (D, error) {
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
		*next.meta() = LastMeta(cur).Next()
		err = d.Write(ctx, cur, next)
		var lost *table.ConditionError
		if !errors.As(err, &lost) {
			return next, err
		}
		cached = false
		if cur, err = d.current(lost); err != nil {
			break
		}
		if LastMeta(cur).Wrote(*next.meta()) {
			return next, nil
		}
		err = BackOff(ctx, attempt)
	}
	return none, err
}

// first returns the copy to begin with, and whether it is a cached one.
func (d Kind[D]) first(ctx context.Context) (D, bool, error) {
	if d.Cached != nil {
		if cur, ok := d.Cached(); ok {
			return cur, true, nil
		}
	}
	cur, err := d.read(ctx)
	return cur, false, err
}

// current decodes the item of a failed write; an expired one is absent.
func (d Kind[D]) current(lost *table.ConditionError) (D, error) {
	if !lost.Found || lost.Item.ExpiredAt(d.Clock().Unix()) {
		var none D
		return none, nil
	}
	return d.decode(lost.Item)
}

// BackOff waits a random time that grows with the attempts; the first ones
// do not wait.
func BackOff(ctx context.Context, attempt int) error {
	if attempt < 2 {
		return ctx.Err()
	}
	most := time.Millisecond << min(attempt-2, 7)
	return table.Wait(ctx, rand.N(most))
}
