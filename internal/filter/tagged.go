package filter

// Tagged gives access to an entity of which searches can ask attributes and
// tags, and no more. Implementations should not allocate.
type Tagged interface {
	// Tag returns the value of a tag.
	Tag(key string) (string, bool)
	// StringAttr returns an attribute that is a text.
	StringAttr(a Attr) (string, bool)
	// IntAttr returns an attribute that is an integer, [Attr.IsInt].
	IntAttr(a Attr) (int64, bool)
}

// MatchTagged tells whether the entity satisfies every clause of the query.
func (q *Query) MatchTagged(e Tagged) bool {
	for i := range q.Clauses {
		if !q.Clauses[i].matchTagged(e) {
			return false
		}
	}
	return true
}

func (c *Clause) matchTagged(e Tagged) bool {
	switch {
	case c.Entity == EntityTag:
		s, ok := e.Tag(c.Key)
		return c.MatchNullable(s, ok)
	case c.Attr.IsInt():
		n, ok := e.IntAttr(c.Attr)
		return ok && c.MatchInt(n)
	default:
		s, ok := e.StringAttr(c.Attr)
		return ok && c.MatchText(s)
	}
}

// AppendTagged appends the entity's place in the order to t, which may be a
// tuple of another one cut to length 0.
func (o Order) AppendTagged(t Tuple, e Tagged) Tuple {
	for i := range o {
		if k := &o[i]; k.Attr.IsInt() {
			t = append(t, IntElement(e.IntAttr(k.Attr)))
		} else {
			t = append(t, TextElement(e.StringAttr(k.Attr)))
		}
	}
	return t
}
