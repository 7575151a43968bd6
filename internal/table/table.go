package table

import (
	"context"
	"iter"
)

// DynamoDB's limits that the backends enforce and the store plans with.
// Source: AWS, "Quotas and constraints in Amazon DynamoDB".
const (
	MaxItemBytes         = 400 << 10 // an item, names and values, in bytes
	MaxPartitionKeyBytes = 2048
	MaxSortKeyBytes      = 1024
	MaxBatchGet          = 100
	MaxBatchWrite        = 25
	MaxTransact          = 100
	MaxTransactBytes     = 4 << 20
	MaxPageBytes         = 1 << 20 // a page of a query, before expired items are dropped
	// MaxRaise is how many registers one Update may raise: DynamoDB allows
	// 300 operators in one expression.
	MaxRaise = 60
)

// Table is one table. Implementations are safe for concurrent use.
//
// Reads are strongly consistent unless asked otherwise. Methods return
// context errors unwrapped, a *[ConditionError] when a condition fails, a
// *[CanceledError] when a transaction is cancelled by one, and otherwise an
// error that wraps one of the sentinels of this package or is unexpected.
// Backends retry throttling, server faults and transaction conflicts until
// the context ends or their attempts are used up; a write may therefore be
// applied twice, or be applied though an error came back.
type Table interface {
	// Init makes the table if it is absent and create is true, waits until
	// it can be used, and turns on expiry by [TTLAttr]. A table with another
	// key schema is an error that wraps [ErrSchema], an absent one (with
	// create false) one that wraps [ErrNoTable]. Safe to call on several
	// machines at once.
	Init(ctx context.Context, create bool) error

	// Get reads one item. Units: size/4 KB, rounded up; half if eventual.
	Get(ctx context.Context, key Key, c Consistency) (Item, bool, error)

	// BatchGet reads any number of distinct keys in requests of at most
	// [MaxBatchGet] and returns those that exist, in no particular order.
	// Units: as Get for each key. Not one snapshot.
	BatchGet(ctx context.Context, keys []Key, c Consistency) ([]Item, error)

	// Query reads one page of a range of one partition. Units: the summed
	// size of what was read/4 KB, rounded up; half if eventual.
	Query(ctx context.Context, q Query) (Page, error)

	// Scan reads one page of all items of the table, in no particular order.
	// What is written while a scan goes on from page to page may be seen or
	// not; every other item is seen once. Units: as Query.
	Scan(ctx context.Context, s Scan) (ScanPage, error)

	// Put, Delete and Update write one item, atomically. Units: the larger
	// of the sizes before and after/1 KB, rounded up, also when the
	// condition fails (then the size before, at least 1).
	Put(ctx context.Context, p Put) error
	Delete(ctx context.Context, d Delete) error
	// Update returns the item after the update if u.Return is set.
	Update(ctx context.Context, u Update) (Item, error)

	// BatchWrite puts and deletes any number of items without conditions, in
	// requests of at most [MaxBatchWrite]. No key may occur twice. Each item
	// is atomic, the batch is not: after an error any part may be written.
	BatchWrite(ctx context.Context, puts []Item, deletes []Key) error

	// Transact applies up to [MaxTransact] operations on distinct keys, all
	// or none. Token makes a repetition within ten minutes a success without
	// effect; it has 1 to 36 characters. Units: twice those of the
	// operations alone.
	Transact(ctx context.Context, token string, ops ...Op) error

	// Close releases what Init or the constructor opened.
	Close() error
}

// Consistency chooses how fresh a read is.
type Consistency bool

// The two consistencies. The zero value is strong.
const (
	Strong   Consistency = false
	Eventual Consistency = true
)

// Query is a range of one partition: sort keys from From to To, both
// included.
type Query struct {
	PK          string
	From, To    string // To must not be empty
	Descending  bool
	Limit       int    // most items to read, expired ones included; 0: a page of 1 MB
	After       string // continue behind this sort key; "": start at the range's end
	Consistency Consistency
}

// Page is what one [Table.Query] read.
type Page struct {
	Items []Item // without expired ones, so it may be empty though more follows
	// Next continues the query as [Query.After]; "" when the range is done.
	Next string
}

// Items iterates over the whole range of q, page by page. It stops at the
// first error, which it yields.
func Items(ctx context.Context, t Table, q Query) iter.Seq2[Item, error] {
	return pages(q.After, func(after string) ([]Item, string, error) {
		q.After = after
		page, err := t.Query(ctx, q)
		return page.Items, page.Next, err
	})
}

// CountItems counts the items of the range of q, up to limit.
func CountItems(ctx context.Context, t Table, q Query, limit int) (count int, err error) {
	for _, err := range Items(ctx, t, q) {
		if err != nil {
			return count, err
		}
		if count++; count >= limit {
			break
		}
	}
	return count, nil
}

// pages iterates over the items of pages, from one place to the next, until
// the zero place.
func pages[P comparable](after P, read func(after P) ([]Item, P, error)) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		var done P
		for at := after; ; {
			items, next, err := read(at)
			if err != nil {
				yield(Item{}, err)
				return
			}
			for _, it := range items {
				if !yield(it, nil) {
					return
				}
			}
			if next == done {
				return
			}
			at = next
		}
	}
}

// PrefixEnd returns the last sort key that can begin with prefix, for use as
// [Query.To]. Sort keys of the store are ASCII, which sorts before it.
func PrefixEnd(prefix string) string { return prefix + "\x7f" }
