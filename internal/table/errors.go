package table

import (
	"errors"
	"fmt"
)

// Sentinels that backends wrap.
var (
	ErrNoTable     = errors.New("table does not exist")
	ErrSchema      = errors.New("table has another key schema")
	ErrThrottled   = errors.New("table throttles requests")
	ErrUnavailable = errors.New("table does not answer") // for now; whether a write was made is not known
	ErrConflict    = errors.New("conflicting transaction")
	ErrLimit       = errors.New("limit of the table exceeded") // item too large, key too long, bad request
	ErrCredentials = errors.New("no valid credentials")
	ErrLocked      = errors.New("table is open in another process")
	ErrClosed      = errors.New("table is closed")
	// ErrDirectory is of a directory that is not, or not whole, that of a table.
	ErrDirectory = errors.New("not a table to open")
	// ErrBroken is of an embedded table that could not write to its directory:
	// all calls fail until it is opened anew.
	ErrBroken = errors.New("table cannot write")
)

// SizeError says that an item is larger than [MaxItemBytes]. It wraps
// [ErrLimit].
type SizeError struct{ Item Item }

func (e *SizeError) Error() string {
	return fmt.Sprintf("%v: item %q %q of %d bytes, at most %d are allowed",
		ErrLimit, e.Item.Key.PK, e.Item.Key.SK, e.Item.Size(), MaxItemBytes)
}

// Unwrap returns [ErrLimit].
func (e *SizeError) Unwrap() error { return ErrLimit }

// KeySizeError says that an attribute of a key is longer than DynamoDB takes. It
// wraps [ErrLimit].
type KeySizeError struct {
	Attr       string
	Bytes, Max int
}

func (e *KeySizeError) Error() string {
	return fmt.Sprintf("%v: key attribute %s of %d bytes, at most %d are allowed", ErrLimit, e.Attr, e.Bytes, e.Max)
}

// Unwrap returns [ErrLimit].
func (e *KeySizeError) Unwrap() error { return ErrLimit }

// ConditionError says that the condition of a write did not hold. Item is the
// item as it was then, expired or not; Found tells whether there was one.
type ConditionError struct {
	Key   Key
	Item  Item
	Found bool
}

func (e *ConditionError) Error() string {
	return fmt.Sprintf("condition failed on %q %q", e.Key.PK, e.Key.SK)
}

// CanceledError says that conditions of a transaction did not hold. Failed
// maps the index of each such operation to its condition error.
type CanceledError struct {
	Failed map[int]*ConditionError
}

func (e *CanceledError) Error() string {
	return fmt.Sprintf("transaction cancelled by %d conditions", len(e.Failed))
}
