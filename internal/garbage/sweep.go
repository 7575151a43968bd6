// Package garbage collects what is gone for good: it scans a table, keeps its
// pace, and remembers how far it has come. What the items are it does not
// know: each domain hands in a [Sweep] of its kinds of items, and a new domain
// adds one and changes nothing here.
package garbage

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/google/uuid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Item is an item that the scan has read, and what its key says.
type Item struct {
	table.Item
	keys.Class
}

// Sweep is what a domain knows of its kinds of items during one collection.
// It may be a [Named], a [Looker], an [Indexed] and an [Owner] too. What was
// scanned may be old, so a Sweep reads strongly before it lets anything go.
type Sweep interface {
	// Kinds are the kinds of items that the sweep decides about.
	Kinds() []keys.Kind
	// Meet decides about an item: garbage belongs to what is gone for good,
	// and is removed without a condition. A sweep deletes owners, and what
	// needs a condition, itself.
	Meet(ctx context.Context, it Item) (garbage bool, err error)
}

// Named is a [Sweep] of what a caller may name.
type Named interface {
	// CheckNamed refuses what cannot be deleted for good. pending: something
	// of it has yet to be deleted; the tombstones of an earlier pass are no
	// error. It changes nothing.
	CheckNamed(ctx context.Context) (pending bool, err error)
	// DeleteNamed deletes it.
	DeleteNamed(ctx context.Context) error
}

// Looker is a [Sweep] that looks up at once what a page is about.
type Looker interface {
	// Look is given all items of a page before any is met.
	Look(ctx context.Context, page []Item) error
}

// Indexed is a [Sweep] of what has index rows.
type Indexed interface {
	// LookRows is given the index rows of a page that are no garbage, those of
	// other sweeps among them.
	LookRows(ctx context.Context, rows []Item) error
	// Suspect returns the owner of a row that may be one too many, "" of a row
	// that is right.
	Suspect(ctx context.Context, it Item) (owner string, err error)
	// RemoveStale removes those suspects of one owner that are no rows of it,
	// each on a condition.
	RemoveStale(ctx context.Context, rows []Item) error
}

// Owner is the [Sweep] of experiments.
type Owner interface {
	// IsGone reports whether an experiment was found to be gone; in a dry run
	// its item is there still.
	IsGone(id string) bool
}

// Sweeps makes the sweeps of one collection. What can be named is checked, and
// a page looked at, in their order.
type Sweeps func(c *Collection) ([]Sweep, error)

// Begun returns when an id was made, in ms; 0 for an id that is
// no UUID of version 7.
func Begun(id string) int64 {
	raw, err := hex.DecodeString(id)
	if err != nil {
		return 0
	}
	u, err := uuid.FromBytes(raw)
	if err != nil || u.Version() != 7 {
		return 0
	}
	sec, nsec := u.Time().UnixTime()
	return time.Unix(sec, nsec).UnixMilli()
}
