package document

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
)

// EntryRules say which entries of a document, its maps of strings, stand inline,
// and which in items of their own. What they decide decides what is stored
// where, so they must not change.
//
// What fits stands inline. The first entry that does not fit freezes the
// document: from then on no key becomes inline, so what is not inline in any
// copy of a frozen document, however old, is in an item of its own. An inline
// entry that grows too long moves to such an item.
type EntryRules struct {
	// budget is the size of the document up to which a new entry stands inline.
	Budget int
	// limit is the size up to which an inline one may get another value.
	Limit int
	// padding is what a new entry counts beside its key and value: nothing, or
	// EntryPadding.
	Padding int
	// KeyAgain has another value of an inline entry count its key once more.
	KeyAgain bool
	// moves is how many entries may move out with one write, which has to write
	// their items too: what would be one more stays inline. 0: any number.
	Moves int
	// pinned tells what is inline always; may be nil.
	Pinned func(key, value string) bool
}

// EntryPadding is what an entry counts in [dict.size] beside its key and value.
const EntryPadding = 2

// InlineEntries is one map of a document that may be changed.
type InlineEntries struct {
	EntryRules
	Inline *packed.Dict
	Size   int          // of the document, as far as it counts
	Frozen *bool        // the document may have entries elsewhere
	Moved  *packed.Dict // gets those that move out; nil: they are returned with the others
}

// Set sets entries, and returns those that have to stand in items of their own.
// One that was inline must not be missing between two writes: its item is
// written together with the document.
func (e *InlineEntries) Set(d packed.Dict) (spilled packed.Dict) {
	if !*e.Frozen && e.Size+d.Size() <= e.Budget {
		*e.Inline = e.Inline.Merge(d)
		return nil
	}
	for ; len(d) > 0; d = d[2:] {
		key, value := d[0], d[1]
		old, was := e.Inline.Get(key)
		if e.fits(key, value, old, was) {
			e.put(key, value, old, was)
			continue
		}
		*e.Frozen = true
		if was {
			e.Size -= packed.Dict{key, old}.Size()
			*e.Inline = e.Inline.Remove(key)
		}
		if was && e.Moved != nil {
			*e.Moved = e.Moved.Set(key, value)
			continue
		}
		spilled = append(spilled, key, value)
	}
	return spilled
}

// put sets an entry inline, where it has the value old if it was.
func (e *InlineEntries) put(key, value, old string, was bool) {
	if was {
		e.Size -= packed.Dict{key, old}.Size()
	}
	e.Size += packed.Dict{key, value}.Size()
	*e.Inline = e.Inline.Set(key, value)
}

// fits reports whether an entry may stand inline, where it has the value old
// if it was.
func (e *InlineEntries) fits(key, value, old string, was bool) bool {
	if e.Pinned != nil && e.Pinned(key, value) {
		return true
	}
	if !was {
		return !*e.Frozen && e.Size+len(key)+len(value)+e.Padding <= e.Budget
	}
	size := e.Size + len(value) - len(old)
	if e.KeyAgain {
		size += len(key)
	}
	return size <= e.Limit || e.Moves > 0 && e.Moved.Len() >= e.Moves
}
