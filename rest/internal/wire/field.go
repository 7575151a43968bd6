package wire

// Field declares one field of a request: its name in snake case, its type, the
// place that it fills, and what MLflow checks about it.
//
// An absent field and one that is null leave the zero value in their place, an
// empty list leaves nil.
type Field struct {
	name   string
	place  place
	checks checks
	given  *bool // may be nil

	present bool // a scan has met a value that is neither null nor ""
}

// Given tells in a place whether the request has the field, and not as null.
func (f Field) Given(to *bool) Field {
	f.given = to
	return f
}

func tell(to *bool, given bool) {
	if to != nil {
		*to = given
	}
}

// place is where the value of a field goes. It knows how such values are
// written.
type place interface {
	// scan reads a value that is not null, and reports whether it is another
	// than "".
	scan(s *Scanner) (present bool)
	// take reads a value that is not null as protobuf does.
	take(v *Value) *badValue
	// clear empties the place.
	clear()
}

// badValue is a value that protobuf's JSON parser refuses, and its path below
// what is being read.
type badValue struct {
	path  string
	value *Value
	borne bool // the request goes on as if the value were absent
}

// below puts the name of a field or the place in a list before the path.
func (b *badValue) below(at string) *badValue {
	if b != nil {
		if b.path != "" && b.path[0] != '[' {
			at += "."
		}
		b.path = at + b.path
	}
	return b
}

// Text is a field of a string.
func Text(name string, to *string) Field { return Field{name: name, place: (*text)(to)} }

// OptionalText is a field of a string that may be absent, which leaves nil.
func OptionalText(name string, to **string) Field {
	return Field{name: name, place: optionalText{to}}
}

// Texts is a field of a list of strings.
func Texts(name string, to *[]string) Field { return Field{name: name, place: (*texts)(to)} }

// Flag is a field of a bool.
func Flag(name string, to *bool) Field { return Field{name: name, place: (*flag)(to)} }

// Inverse is a field of a bool whose opposite goes to the place. Absence is
// false there.
func Inverse(name string, to *bool) Field { return Field{name: name, place: (*inverse)(to)} }

// Double is a field of a double, which may be NaN or infinite.
func Double(name string, to *float64) Field { return Field{name: name, place: (*double)(to)} }

// Int64 is a field of an integer of 64 bits.
func Int64[N ~int | ~int64](name string, to *N) Field { return integerField(name, plain(to), false) }

// Int32 is a field of an integer of 32 bits.
func Int32[N ~int | ~int64](name string, to *N) Field { return integerField(name, plain(to), true) }

// OptionalInt64 is an Int64 that may be absent, which leaves nil.
func OptionalInt64[N ~int | ~int64](name string, to **N) Field {
	return integerField(name, optional(to), false)
}

// OptionalInt32 is an Int32 that may be absent, which leaves nil.
func OptionalInt32[N ~int | ~int64](name string, to **N) Field {
	return integerField(name, optional(to), true)
}

// Zero is what the place of a Size has for a zero in the request, as absence is
// zero there.
const Zero = -1 << 62

// Size64 is an Int64 that says how much is wanted: absence is zero, and a zero
// is [Zero].
func Size64(name string, to *int) Field { return integerField(name, size(to), false) }

// Size32 is an Int32 of that kind.
func Size32(name string, to *int) Field { return integerField(name, size(to), true) }

// Choice is a value of an enum: its name, the number that protobuf has for it,
// and what it is here.
type Choice[E any] struct {
	Name   string
	Number int64
	Value  E
}

// Enum is a field of an enum, by name or number. A name that is not among the
// choices is as good as absent.
func Enum[E any](name string, to *E, choices []Choice[E]) Field {
	return Field{name: name, place: &enum[E]{to, choices, false}}
}

// OpenEnum is an Enum of which an unknown number is as good as absent, too:
// protobuf refuses it, and the request goes on.
func OpenEnum[E any](name string, to *E, choices []Choice[E]) Field {
	return Field{name: name, place: &enum[E]{to, choices, true}}
}

// Object is a field of a message with fields of its own, which lie in e.
func Object[E any](name string, to *E, fields func(e *E) []Field) Field {
	return Field{name: name, place: object[E]{to, fields}}
}

// Objects is a field of a list of messages.
func Objects[E any](name string, to *[]E, fields func(e *E) []Field) Field {
	return Field{name: name, place: objects[E]{to, fields}}
}

// scanFields reads an object.
func scanFields(s *Scanner, fields []Field) {
	for i := range fields {
		fields[i].present = false
	}
	for first := s.Enter('{'); s.Next(&first, '}'); {
		name := s.Name()
		f := scannedField(fields, name)
		switch {
		case f == nil:
			s.Unknown(name)
		case s.Null():
			if f.checks.refusesNull() {
				s.Decline()
			}
			f.place.clear()
			f.present = false
			tell(f.given, false)
		default:
			f.present = f.place.scan(s)
			tell(f.given, true)
		}
	}
}

func scannedField(fields []Field, name []byte) *Field {
	for i := range fields {
		if fields[i].name == string(name) {
			return &fields[i]
		}
	}
	return nil
}

// takeFields reads an object as protobuf does, up to the first value that it
// refuses and that cannot be borne. What is unknown is passed over.
func takeFields(n *Value, fields []Field) (bad *badValue) {
	if n.Kind != KindDict {
		return &badValue{value: n}
	}
	for i, key := range n.Keys {
		f := spelledField(fields, key)
		if v := &n.List[i]; f != nil && v.Kind != KindNull {
			if b := f.place.take(v); b != nil {
				bad = b.below(f.name)
			}
			tell(f.given, true)
		}
		if bad != nil && !bad.borne {
			return bad
		}
	}
	return bad
}

// spelledField returns the field that a key means, which may be in camel case.
func spelledField(fields []Field, key string) *Field {
	if f := fieldOf(fields, key); f != nil {
		return f
	}
	for i := range fields {
		if isCamelCase(key, fields[i].name) {
			return &fields[i]
		}
	}
	return nil
}
