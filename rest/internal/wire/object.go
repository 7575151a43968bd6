package wire

// parent is a place of messages, whose fields it has been given.
type parent interface{ children() []Field }

type object[E any] struct {
	to     *E
	fields func(e *E) []Field
}

func (p object[E]) scan(s *Scanner) bool {
	p.clear()
	fields := p.fields(p.to)
	if scanFields(s, fields); !follow(fields) {
		s.Decline()
	}
	return true
}

func (p object[E]) take(v *Value) *badValue { return takeFields(v, p.fields(p.to)) }

func (p object[E]) clear() {
	var none E
	*p.to = none
}

func (p object[E]) children() []Field { return p.fields(p.to) }

type objects[E any] struct {
	to     *[]E
	fields func(e *E) []Field
}

func (objects[E]) isList() {}

// scan reads all elements by the same fields: those of one place, from which
// each is copied.
func (p objects[E]) scan(s *Scanner) bool {
	*p.to = nil
	var none, e E
	fields := p.fields(&e)
	for first := s.Enter('['); s.Next(&first, ']'); {
		e = none
		scanFields(s, fields)
		*p.to = append(*p.to, e)
	}
	return true
}

func (p objects[E]) take(v *Value) *badValue {
	if v.Kind != KindList {
		return &badValue{value: v}
	}
	if len(v.List) == 0 {
		return nil
	}
	list := make([]E, 0, len(v.List))
	var none, e E
	fields := p.fields(&e)
	for i := range v.List {
		e = none
		if bad := takeFields(&v.List[i], fields); bad != nil {
			return bad.below(index(i))
		}
		list = append(list, e)
	}
	*p.to = list
	return nil
}

func (p objects[E]) clear() { *p.to = nil }

func (p objects[E]) children() []Field { return p.fields(new(E)) }
