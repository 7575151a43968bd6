package table

// Cond is the condition of a write. The zero Cond is always true.
//
// An expired item counts as absent: [Absent] holds for it, every other
// condition fails.
type Cond struct {
	absent bool
	exists bool
	equal  []Attr
}

// Absent holds when there is no item under the key, or an expired one.
func Absent() Cond { return Cond{absent: true} }

// Exists holds when there is an unexpired item under the key.
func Exists() Cond { return Cond{exists: true} }

// Equal holds when there is an unexpired item whose attributes equal all the
// given ones (strings, numbers and bytes only).
func Equal(attrs ...Attr) Cond { return Cond{exists: true, equal: attrs} }

// IsAbsent reports whether c is [Absent].
func (c Cond) IsAbsent() bool { return c.absent }

// NeedsItem reports whether c holds only where an unexpired item exists.
func (c Cond) NeedsItem() bool { return c.exists }

// Attrs returns the attributes that have to be equal.
func (c Cond) Attrs() []Attr { return c.equal }

// IsZero reports whether c is always true.
func (c Cond) IsZero() bool { return !c.absent && !c.exists }

// Op is one write: [Put], [Delete], [Update] or [Check].
type Op interface{ key() Key }

// Put replaces an item, or makes it.
type Put struct {
	Item Item
	Cond Cond
}

// Delete removes an item; removing what is not there succeeds when the
// condition holds.
type Delete struct {
	Key  Key
	Cond Cond
}

// Update changes attributes of one item and makes the item if it is absent
// and Cond allows that. An expired item is treated as absent by Cond alone:
// an Update without a condition keeps its attributes, as DynamoDB does, so
// give one.
type Update struct {
	Key    Key
	Cond   Cond
	Set    []Attr   // attributes to set; no name may occur twice in one Update
	Remove []string // attributes to remove
	// Raise sets binary registers that only grow: the update succeeds only if
	// each is absent or bytewise smaller than its new content.
	Raise []Attr
	// Add adds numbers to number attributes; an absent one counts as 0.
	Add []Attr
	// Return asks for the item as it is after the update. It costs no units.
	Return bool
}

// Check is a condition without a write; only [Table.Transact] takes it.
type Check struct {
	Key  Key
	Cond Cond
}

func (p Put) key() Key    { return p.Item.Key }
func (d Delete) key() Key { return d.Key }
func (u Update) key() Key { return u.Key }
func (c Check) key() Key  { return c.Key }

// KeyOf returns the key that op addresses.
func KeyOf(op Op) Key { return op.key() }
