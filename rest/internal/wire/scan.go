package wire

const (
	// maxScanDepth bounds the nesting that the scanner follows.
	maxScanDepth = 200
	// maxItems bounds the members and elements of a body, whose memory is a
	// multiple of their bytes. A full batch has some 5,000.
	maxItems = 1 << 20
)

// Scanner reads JSON that is as clients send it. Whatever else MLflow would
// accept or has words for, such as numbers in quotes with a fraction, camel
// case names or a field of the wrong type, sets bad: the body is then read
// again by the tree, which knows every rule and is in no hurry.
//
// The data must be valid UTF-8.
type Scanner struct {
	data []byte
	pos  int
	bad  bool
	// items counts the members and elements so far.
	items int
	// keys are strings that were read before, if there is room for any:
	// metrics repeat their keys.
	keys []string
}

// peek skips white space and returns the next byte, or 0 at the end.
func (s *Scanner) peek() byte {
	for s.pos < len(s.data) {
		c := s.data[s.pos]
		if c > ' ' {
			return c
		}
		if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			break
		}
		s.pos++
	}
	return 0
}

// end tells whether nothing but white space is left and all went well.
func (s *Scanner) end() bool { return s.peek() == 0 && s.pos == len(s.data) && !s.bad }

// Enter steps into an object or array.
//
//	for first := s.enter('{'); s.next(&first, '}'); {
//		switch string(s.name()) {
func (s *Scanner) Enter(open byte) bool {
	if s.peek() != open {
		s.bad = true
		return true
	}
	s.pos++
	return true
}

// Next tells whether another member or element follows.
func (s *Scanner) Next(first *bool, closing byte) bool {
	if s.bad {
		return false
	}
	if s.items++; s.items > maxItems {
		s.bad = true
		return false
	}
	c := s.peek()
	switch {
	case c == closing:
		s.pos++
		return false
	case *first:
		*first = false
		return true
	case c == ',':
		s.pos++
		if s.peek() == closing {
			s.bad = true
		}
		return !s.bad
	default:
		s.bad = true
		return false
	}
}

// Name reads the name of a member and the colon behind it.
func (s *Scanner) Name() []byte {
	if s.peek() != '"' {
		s.bad = true
		return nil
	}
	start := s.pos + 1
	i := start
	for i < len(s.data) && s.data[i] != '"' && s.data[i] != '\\' && s.data[i] >= ' ' {
		i++
	}
	if i >= len(s.data) || s.data[i] != '"' {
		s.bad = true
		return nil
	}
	s.pos = i + 1
	if s.peek() != ':' {
		s.bad = true
		return nil
	}
	s.pos++
	return s.data[start:i]
}

// Unknown skips the value of a member that the message does not have.
func (s *Scanner) Unknown(name []byte) {
	for _, c := range name {
		if c >= 'A' && c <= 'Z' { // it may be a field after all, in camel case
			s.bad = true
			return
		}
	}
	s.skip(0)
}

func (s *Scanner) skip(depth int) {
	if depth > maxScanDepth {
		s.bad = true
		return
	}
	switch s.peek() {
	case '"':
		s.str()
	case '{':
		for first := s.Enter('{'); s.Next(&first, '}'); {
			s.Name()
			s.skip(depth + 1)
		}
	case '[':
		for first := s.Enter('['); s.Next(&first, ']'); {
			s.skip(depth + 1)
		}
	case 't':
		s.word("true")
	case 'f':
		s.word("false")
	case 'n':
		s.word("null")
	default:
		s.number()
	}
}

func (s *Scanner) word(w string) {
	if len(s.data)-s.pos < len(w) || string(s.data[s.pos:s.pos+len(w)]) != w {
		s.bad = true
		return
	}
	s.pos += len(w)
}

// Null reads a null if there is one.
func (s *Scanner) Null() bool {
	if s.peek() != 'n' {
		return false
	}
	s.word("null")
	return !s.bad
}

// flag reads a bool; null is false.
func (s *Scanner) flag() bool {
	switch {
	case s.Null():
		return false
	case s.peek() == 't':
		s.word("true")
		return !s.bad
	default:
		s.word("false")
		return false
	}
}

// Decline leaves the body to the exact way.
func (s *Scanner) Decline() { s.bad = true }

// Left is the number of bytes that are left.
func (s *Scanner) Left() int { return len(s.data) - s.pos }

// Remember makes room for so many strings that [Scanner.Key] may meet again.
func (s *Scanner) Remember(n int) { s.keys = make([]string, n) }

// Chosen reads an enum; null is the same as an absent field.
func Chosen[E any](s *Scanner, choices []Choice[E]) E {
	if s.Null() {
		var none E
		return none
	}
	e, known := scanChoice(s, choices)
	s.bad = s.bad || !known
	return e
}

// scanChoice reads an enum by its name or number, of which any may come.
func scanChoice[E any](s *Scanner, choices []Choice[E]) (e E, known bool) {
	if s.peek() == '"' {
		name := s.str()
		for i := range choices {
			if choices[i].Name == name {
				return choices[i].Value, true
			}
		}
		s.bad = true
		return e, false
	}
	n := s.Int()
	for i := range choices {
		if choices[i].Number == n {
			return choices[i].Value, true
		}
	}
	return e, false
}
