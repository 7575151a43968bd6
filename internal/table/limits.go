package table

import (
	"fmt"
	"unicode/utf8"
)

// Further limits. Those of expressions follow from DynamoDB's 4 KB and 300
// operators in one expression.
const (
	MaxNameBytes   = 65535 // an attribute name
	MaxTokenBytes  = 36    // the token of a transaction
	MaxUpdateAttrs = 400   // attributes that one Update may name
	MaxEqual       = 20    // attributes that one condition may compare
)

func limitf(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrLimit, fmt.Sprintf(format, args...))
}

// CheckKey returns an error that wraps [ErrLimit] when DynamoDB does not take
// k as a key.
func CheckKey(k Key) error {
	switch {
	case k.PK == "" || k.SK == "":
		return limitf("empty key attribute in %q %q", k.PK, k.SK)
	case len(k.PK) > MaxPartitionKeyBytes:
		return &KeySizeError{PKAttr, len(k.PK), MaxPartitionKeyBytes}
	case len(k.SK) > MaxSortKeyBytes:
		return &KeySizeError{SKAttr, len(k.SK), MaxSortKeyBytes}
	case !utf8.ValidString(k.PK) || !utf8.ValidString(k.SK):
		return limitf("key %q %q is not UTF-8", k.PK, k.SK)
	}
	return nil
}

// CheckKeys checks each key as [CheckKey] does, and that they are distinct.
func CheckKeys(keys []Key) error {
	for i := range keys {
		if err := CheckKey(keys[i]); err != nil {
			return err
		}
	}
	return checkDistinct(len(keys), func(i int) Key { return keys[i] })
}

// CheckItem returns an error that wraps [ErrLimit] when DynamoDB does not
// take it as an item.
func CheckItem(it Item) error {
	if err := CheckKey(it.Key); err != nil {
		return err
	}
	for i := range it.Attrs {
		if i > 0 && it.Attrs[i-1].Name >= it.Attrs[i].Name {
			return limitf("attribute %q is not in order or doubled", it.Attrs[i].Name)
		}
		if err := checkAttr(it.Attrs[i]); err != nil {
			return err
		}
	}
	return CheckItemSize(it)
}

// CheckItemSize returns a [SizeError] when the item is larger than
// [MaxItemBytes].
func CheckItemSize(it Item) error {
	if it.Size() > MaxItemBytes {
		return &SizeError{it}
	}
	return nil
}

func checkName(name string) error {
	switch {
	case name == "":
		return limitf("empty attribute name")
	case len(name) > MaxNameBytes:
		return limitf("attribute name of %d bytes, at most %d are allowed", len(name), MaxNameBytes)
	case name == PKAttr || name == SKAttr:
		return limitf("attribute %s is part of the key", name)
	case !utf8.ValidString(name):
		return limitf("attribute name %q is not UTF-8", name)
	}
	return nil
}

func checkAttr(a Attr) error {
	if err := checkName(a.Name); err != nil {
		return err
	}
	if a.Name == TTLAttr && a.Value.kind != KindNumber {
		return limitf("attribute %s is not a number", TTLAttr)
	}
	switch a.Value.kind {
	case KindNumber, KindBytes:
		return nil
	case KindString:
		if !utf8.ValidString(a.Value.str) {
			return limitf("attribute %q is not UTF-8", a.Name)
		}
		return nil
	case KindList:
		return checkStrings(a.Name, a.Value.list)
	case KindMap:
		return checkMap(a.Name, a.Value.list)
	case Invalid:
	}
	return limitf("attribute %q has no value", a.Name)
}

func checkStrings(name string, l []string) error {
	for _, s := range l {
		if !utf8.ValidString(s) {
			return limitf("attribute %q is not UTF-8", name)
		}
	}
	return nil
}

func checkMap(name string, kv []string) error {
	if len(kv)%2 != 0 {
		return limitf("map %q has a key without value", name)
	}
	for i := 0; i < len(kv); i += 2 {
		if kv[i] == "" || i > 0 && kv[i-2] >= kv[i] {
			return limitf("map %q has an empty, unsorted or doubled key", name)
		}
	}
	return checkStrings(name, kv)
}

// CheckOp returns an error that wraps [ErrLimit] when DynamoDB does not take
// the operation, whatever the item it meets.
func CheckOp(op Op) error {
	switch o := op.(type) {
	case Put:
		if err := checkCond(o.Cond); err != nil {
			return err
		}
		return CheckItem(o.Item)
	case Delete:
		if err := checkCond(o.Cond); err != nil {
			return err
		}
		return CheckKey(o.Key)
	case Update:
		return checkUpdate(o)
	case Check:
		if err := checkCond(o.Cond); err != nil {
			return err
		}
		return CheckKey(o.Key)
	}
	return limitf("operation of unknown type %T", op)
}

func checkCond(c Cond) error {
	if len(c.equal) > MaxEqual {
		return limitf("condition on %d attributes, at most %d are allowed", len(c.equal), MaxEqual)
	}
	for _, a := range c.equal {
		if err := checkAttr(a); err != nil {
			return err
		}
		if a.Value.kind == KindList || a.Value.kind == KindMap {
			return limitf("condition on attribute %q, which is a list or a map", a.Name)
		}
	}
	return nil
}

func checkUpdate(u Update) error {
	if err := CheckKey(u.Key); err != nil {
		return err
	}
	if err := checkCond(u.Cond); err != nil {
		return err
	}
	if len(u.Raise) > MaxRaise {
		return limitf("update raises %d registers, at most %d are allowed", len(u.Raise), MaxRaise)
	}
	n := len(u.Set) + len(u.Remove) + len(u.Raise) + len(u.Add)
	if n > MaxUpdateAttrs {
		return limitf("update of %d attributes, at most %d are allowed", n, MaxUpdateAttrs)
	}
	if err := checkUpdateValues(u); err != nil {
		return err
	}
	return checkUpdateNames(u, n)
}

func checkUpdateValues(u Update) error {
	for _, a := range u.Set {
		if err := checkAttr(a); err != nil {
			return err
		}
	}
	for _, a := range u.Raise {
		if err := checkAttr(a); err != nil {
			return err
		}
		if a.Value.kind != KindBytes {
			return limitf("register %q is not binary", a.Name)
		}
	}
	for _, a := range u.Add {
		if err := checkAttr(a); err != nil {
			return err
		}
		if a.Value.kind != KindNumber {
			return limitf("attribute %q to add is not a number", a.Name)
		}
	}
	return nil
}

func checkUpdateNames(u Update, n int) error {
	names := make([]string, 0, n)
	for _, l := range [...][]Attr{u.Set, u.Raise, u.Add} {
		for i := range l {
			names = append(names, l[i].Name)
		}
	}
	for _, name := range u.Remove {
		if err := checkName(name); err != nil {
			return err
		}
		names = append(names, name)
	}
	if name, doubled := firstDouble(names); doubled {
		return limitf("attribute %q occurs twice in an update", name)
	}
	return nil
}

// firstDouble finds a string that occurs twice. Few strings are compared with
// each other, which takes no memory.
func firstDouble(names []string) (string, bool) {
	const few = 16
	if len(names) <= few {
		for i := range names {
			for j := range i {
				if names[i] == names[j] {
					return names[i], true
				}
			}
		}
		return "", false
	}
	seen := make(map[string]struct{}, len(names))
	for _, name := range names {
		if _, ok := seen[name]; ok {
			return name, true
		}
		seen[name] = struct{}{}
	}
	return "", false
}

// CheckBatchWrite checks the items and keys of a [Table.BatchWrite].
func CheckBatchWrite(puts []Item, deletes []Key) error {
	for i := range puts {
		if err := CheckItem(puts[i]); err != nil {
			return err
		}
	}
	for _, k := range deletes {
		if err := CheckKey(k); err != nil {
			return err
		}
	}
	return checkDistinct(len(puts)+len(deletes), func(i int) Key {
		if i < len(puts) {
			return puts[i].Key
		}
		return deletes[i-len(puts)]
	})
}

// CheckTransact checks the arguments of a [Table.Transact].
func CheckTransact(token string, ops []Op) error {
	switch {
	case token == "" || len(token) > MaxTokenBytes:
		return limitf("token of %d characters, 1 to %d are allowed", len(token), MaxTokenBytes)
	case len(ops) == 0 || len(ops) > MaxTransact:
		return limitf("transaction of %d operations, 1 to %d are allowed", len(ops), MaxTransact)
	}
	size := 0
	for _, op := range ops {
		if err := CheckOp(op); err != nil {
			return err
		}
		size += opSize(op)
	}
	if size > MaxTransactBytes {
		return limitf("transaction of %d bytes, at most %d are allowed", size, MaxTransactBytes)
	}
	return checkDistinct(len(ops), func(i int) Key { return ops[i].key() })
}

// opSize counts the bytes that an operation brings along.
func opSize(op Op) int {
	switch o := op.(type) {
	case Put:
		return o.Item.Size()
	case Update:
		n := o.Key.Size()
		for _, l := range [...][]Attr{o.Set, o.Raise, o.Add} {
			for i := range l {
				n += l[i].Size()
			}
		}
		return n
	}
	return op.key().Size()
}

// CheckScan returns an error that wraps [ErrLimit] when DynamoDB does not take
// the scan.
func CheckScan(s Scan) error {
	if s.Limit < 0 {
		return limitf("limit of %d items", s.Limit)
	}
	if s.After == (Key{}) {
		return nil
	}
	return CheckKey(s.After)
}

// CheckQuery checks a query.
func CheckQuery(q Query) error {
	if err := CheckKey(Key{q.PK, q.To}); err != nil {
		return err
	}
	for _, sk := range [...]string{q.From, q.After} {
		if len(sk) > MaxSortKeyBytes {
			return &KeySizeError{SKAttr, len(sk), MaxSortKeyBytes}
		}
		if !utf8.ValidString(sk) {
			return limitf("sort key %q is not UTF-8", sk)
		}
	}
	if q.Limit < 0 {
		return limitf("limit of %d items", q.Limit)
	}
	return nil
}

func checkDistinct(n int, key func(int) Key) error {
	const few = 8
	if n <= few {
		for i := range n {
			for j := range i {
				if key(i) == key(j) {
					return limitf("key %q %q occurs twice", key(i).PK, key(i).SK)
				}
			}
		}
		return nil
	}
	seen := make(map[Key]struct{}, n)
	for i := range n {
		k := key(i)
		if _, ok := seen[k]; ok {
			return limitf("key %q %q occurs twice", k.PK, k.SK)
		}
		seen[k] = struct{}{}
	}
	return nil
}
