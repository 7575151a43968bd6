package dynamodbstore

// entryRules say which entries of a document, its maps of strings, stand inline,
// and which in items of their own. What they decide decides what is stored
// where, so they must not change.
//
// What fits stands inline. The first entry that does not fit freezes the
// document: from then on no key becomes inline, so what is not inline in any
// copy of a frozen document, however old, is in an item of its own. An inline
// entry that grows too long moves to such an item.
type entryRules struct {
	// budget is the size of the document up to which a new entry stands inline.
	budget int
	// limit is the size up to which an inline one may get another value.
	limit int
	// padding is what a new entry counts beside its key and value: nothing, or
	// entryPadding.
	padding int
	// keyAgain has another value of an inline entry count its key once more.
	keyAgain bool
	// moves is how many entries may move out with one write, which has to write
	// their items too: what would be one more stays inline. 0: any number.
	moves int
	// pinned tells what is inline always; may be nil.
	pinned func(key, value string) bool
}

// entryPadding is what an entry counts in [dict.size] beside its key and value.
const entryPadding = 2

// inlineEntries is one map of a document that may be changed.
type inlineEntries struct {
	entryRules
	inline *dict
	size   int   // of the document, as far as it counts
	frozen *bool // the document may have entries elsewhere
	moved  *dict // gets those that move out; nil: they are returned with the others
}

// set sets entries, and returns those that have to stand in items of their own.
// One that was inline must not be missing between two writes: its item is
// written together with the document.
func (e *inlineEntries) set(d dict) (spilled dict) {
	if !*e.frozen && e.size+d.size() <= e.budget {
		*e.inline = e.inline.merge(d)
		return nil
	}
	for ; len(d) > 0; d = d[2:] {
		key, value := d[0], d[1]
		old, was := e.inline.get(key)
		if e.fits(key, value, old, was) {
			e.put(key, value, old, was)
			continue
		}
		*e.frozen = true
		if was {
			e.size -= dict{key, old}.size()
			*e.inline = e.inline.remove(key)
		}
		if was && e.moved != nil {
			*e.moved = e.moved.set(key, value)
			continue
		}
		spilled = append(spilled, key, value)
	}
	return spilled
}

// put sets an entry inline, where it has the value old if it was.
func (e *inlineEntries) put(key, value, old string, was bool) {
	if was {
		e.size -= dict{key, old}.size()
	}
	e.size += dict{key, value}.size()
	*e.inline = e.inline.set(key, value)
}

// fits reports whether an entry may stand inline, where it has the value old
// if it was.
func (e *inlineEntries) fits(key, value, old string, was bool) bool {
	if e.pinned != nil && e.pinned(key, value) {
		return true
	}
	if !was {
		return !*e.frozen && e.size+len(key)+len(value)+e.padding <= e.budget
	}
	size := e.size + len(value) - len(old)
	if e.keyAgain {
		size += len(key)
	}
	return size <= e.limit || e.moves > 0 && e.moved.len() >= e.moves
}
