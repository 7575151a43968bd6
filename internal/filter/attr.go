package filter

// Attr is an attribute of an entity: a number that the entity's package gives
// it, from 1, and [IntAttr] or [IDAttr] if its values are integers. 0 is none.
// The numbers of two entities have nothing to do with each other, and are stored
// nowhere.
type Attr uint8

// The kinds of attributes whose values are no texts.
const (
	IntAttr Attr = 1 << 6         // integers
	IDAttr  Attr = IntAttr | 1<<7 // integers that filters write in quotes
)

// IsInt tells whether the attribute's values are integers.
func (a Attr) IsInt() bool { return a&IntAttr != 0 }

// isQuoted tells whether filters write the attribute's integers in quotes.
func (a Attr) isQuoted() bool { return a&IDAttr == IDAttr }
