package table

import (
	"cmp"
	"slices"
	"sort"
)

// TTLAttr is the attribute that holds an item's expiry in epoch seconds.
// It is stored in tables and must not change.
const TTLAttr = "ttl"

// Names of the key attributes. Stored in tables; must not change.
const (
	PKAttr = "PK"
	SKAttr = "SK"
)

// Key addresses one item.
type Key struct{ PK, SK string }

// Compare orders keys by partition key, then sort key, bytewise.
func (k Key) Compare(o Key) int {
	if c := cmp.Compare(k.PK, o.PK); c != 0 {
		return c
	}
	return cmp.Compare(k.SK, o.SK)
}

// Kind says what a [Value] holds.
type Kind uint8

// The kinds of attribute values the store uses. Persisted by the embedded
// backend; must not be renumbered.
const (
	Invalid Kind = iota
	KindString
	KindNumber // a 64-bit signed integer
	KindBytes
	KindList // a list of strings
	KindMap  // a map from string to string
)

// Value is one attribute value. It is immutable and cheap to copy; the zero
// Value is invalid.
type Value struct {
	kind Kind
	num  int64
	str  string
	list []string // KindList: the elements; KindMap: key, value, key, value … sorted by key
}

// String returns a string value (DynamoDB S).
func String(s string) Value { return Value{kind: KindString, str: s} }

// Number returns an integer value (DynamoDB N).
func Number(n int64) Value { return Value{kind: KindNumber, num: n} }

// Bytes returns a binary value (DynamoDB B). Binary content is carried in a Go
// string because it never changes.
func Bytes(b string) Value { return Value{kind: KindBytes, str: b} }

// List returns a list of strings (DynamoDB L of S). It keeps l.
func List(l []string) Value { return Value{kind: KindList, list: l} }

// Map returns a map of strings (DynamoDB M of S) from alternating keys and
// values, sorted by key and without duplicate keys. It keeps kv.
func Map(kv []string) Value { return Value{kind: KindMap, list: kv} }

// Kind says what v holds.
func (v Value) Kind() Kind { return v.kind }

// Str returns the content of a string or binary value, "" for other kinds.
func (v Value) Str() string { return v.str }

// Num returns the content of a number value, 0 for other kinds.
func (v Value) Num() int64 { return v.num }

// Strings returns the elements of a list, or the alternating keys and values
// of a map, sorted by key. The caller must not modify it.
func (v Value) Strings() []string { return v.list }

// Equal reports whether v and o are the same kind and content.
func (v Value) Equal(o Value) bool {
	return v.kind == o.kind && v.num == o.num && v.str == o.str && slices.Equal(v.list, o.list)
}

// Attr is one named attribute.
type Attr struct {
	Name  string
	Value Value
}

// Item is one row. Attrs is sorted by name and holds neither the key
// attributes nor duplicates; use [NewItem] or [Item.Set] to keep it so.
type Item struct {
	Key   Key
	Attrs []Attr
}

// NewItem returns an item with the given attributes, sorting them in place.
func NewItem(key Key, attrs ...Attr) Item {
	slices.SortFunc(attrs, func(a, b Attr) int { return cmp.Compare(a.Name, b.Name) })
	return Item{Key: key, Attrs: attrs}
}

func (it *Item) find(name string) (int, bool) {
	i := sort.Search(len(it.Attrs), func(i int) bool { return it.Attrs[i].Name >= name })
	return i, i < len(it.Attrs) && it.Attrs[i].Name == name
}

// Get returns the named attribute and whether it is present.
func (it Item) Get(name string) (Value, bool) {
	if i, ok := it.find(name); ok {
		return it.Attrs[i].Value, true
	}
	return Value{}, false
}

// Str returns the content of a string or binary attribute, "" if absent.
func (it Item) Str(name string) string { v, _ := it.Get(name); return v.str }

// Num returns the content of a number attribute, 0 if absent.
func (it Item) Num(name string) int64 { v, _ := it.Get(name); return v.num }

// Set sets one attribute.
func (it *Item) Set(name string, v Value) {
	i, ok := it.find(name)
	if ok {
		it.Attrs[i].Value = v
		return
	}
	it.Attrs = slices.Insert(it.Attrs, i, Attr{name, v})
}

// Remove removes one attribute, if present.
func (it *Item) Remove(name string) {
	if i, ok := it.find(name); ok {
		it.Attrs = slices.Delete(it.Attrs, i, i+1)
	}
}

// Clone returns a copy whose attribute slice is its own.
func (it Item) Clone() Item {
	return Item{Key: it.Key, Attrs: slices.Clone(it.Attrs)}
}

// Equal reports whether two items have the same key and attributes.
func (it Item) Equal(o Item) bool {
	return it.Key == o.Key && slices.EqualFunc(it.Attrs, o.Attrs, func(a, b Attr) bool {
		return a.Name == b.Name && a.Value.Equal(b.Value)
	})
}

// ExpiredAt reports whether the item's ttl has passed at the given time in
// epoch seconds. An item without ttl never expires.
func (it Item) ExpiredAt(unix int64) bool {
	v, ok := it.Get(TTLAttr)
	return ok && v.kind == KindNumber && v.num <= unix
}

// IsZero reports whether the item is the zero Item.
func (it Item) IsZero() bool { return it.Key == Key{} && it.Attrs == nil }
