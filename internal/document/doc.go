// Package document is the one way in which documents change: optimistically, by
// their revision. [Mutate] turns the current copy into the next one, writes it on
// the condition that nobody else did, and goes round again if somebody has. A write
// whose reply was lost is recognised by the ids that a document keeps of its last
// writes. What does not fit a document stands in items of its own; which entries
// those are is decided here, once for all kinds of documents.
package document
