package table

// Sizes by which DynamoDB rounds capacity units.
const (
	readUnitBytes  = 4096
	writeUnitBytes = 1024
)

// What DynamoDB adds to the content of a list or map: once, and for each
// element or pair.
const (
	nestedOverhead  = 3
	elementOverhead = 1
)

// Size returns the bytes that DynamoDB counts for the key, with the names of
// its attributes.
func (k Key) Size() int { return len(PKAttr) + len(k.PK) + len(SKAttr) + len(k.SK) }

// Size returns the bytes that DynamoDB counts for the item: names and values
// of all attributes, key attributes included.
func (it Item) Size() int {
	n := it.Key.Size()
	for i := range it.Attrs {
		n += it.Attrs[i].Size()
	}
	return n
}

// Size returns the bytes that DynamoDB counts for the attribute: its name and
// its value.
func (a Attr) Size() int { return len(a.Name) + a.Value.Size() }

// Size returns the bytes that DynamoDB counts for the value.
func (v Value) Size() int {
	switch v.kind {
	case KindString, KindBytes:
		return len(v.str)
	case KindNumber:
		return numberSize(v.num)
	case KindList:
		return nestedSize(v.list) + elementOverhead*len(v.list)
	case KindMap:
		return nestedSize(v.list) + elementOverhead*len(v.list)/2
	case Invalid:
	}
	return 0
}

func nestedSize(l []string) int {
	n := nestedOverhead
	for _, s := range l {
		n += len(s)
	}
	return n
}

// numberSize counts as DynamoDB does: one byte, one for each pair of decimal
// digits, pairs counted from the decimal point and those that are zero at the
// end left out, and one for a minus sign.
func numberSize(n int64) int {
	size := 1
	u := uint64(n)
	if n < 0 {
		size++
		u = -u
	}
	for u != 0 && u%100 == 0 {
		u /= 100
	}
	for ; u != 0; u /= 100 {
		size++
	}
	return size
}

// ReadUnits returns the read capacity units of reading size bytes: one for
// each 4 KB begun, half of it if eventual. Reading nothing, as an empty query
// does, costs nothing; a read of one key counts at least one byte.
func ReadUnits(size int, c Consistency) float64 {
	units := float64((size + readUnitBytes - 1) / readUnitBytes)
	if c == Eventual {
		return units / 2
	}
	return units
}

// WriteUnits returns the write capacity units of a write of an item with the
// given sizes before and after it: one for each KB begun of the larger one,
// at least one.
func WriteUnits(before, after int) float64 {
	return float64((max(before, after, 1) + writeUnitBytes - 1) / writeUnitBytes)
}

// CheckUnits returns the units that a [Check] costs by itself: DynamoDB
// counts it as a read of an item of the given size.
func CheckUnits(size int) float64 { return ReadUnits(max(size, 1), Strong) }

// TransactFactor is by how much an operation costs more within a transaction.
const TransactFactor = 2

// CanceledUnits returns the units that a cancelled transaction is counted
// with. DynamoDB does not report them; they are an estimate from what both
// sides know: the items that the failed conditions returned, and the items to
// put.
func CanceledUnits(ops []Op, failed map[int]*ConditionError) float64 {
	var units float64
	for i, op := range ops {
		before := 0
		if f := failed[i]; f != nil && f.Found {
			before = f.Item.Size()
		}
		switch o := op.(type) {
		case Check:
			units += CheckUnits(before)
		case Put:
			if failed[i] == nil {
				before = o.Item.Size()
			}
			units += WriteUnits(before, 0)
		default:
			units += WriteUnits(before, 0)
		}
	}
	return TransactFactor * units
}
