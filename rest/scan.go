package rest

import (
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	// maxScanDepth bounds the nesting that the scanner follows.
	maxScanDepth = 200
	// maxItems bounds the members and elements of a body, whose memory is a
	// multiple of their bytes. A full batch has some 5,000.
	maxItems = 1 << 20
)

// scanner reads JSON that is as clients send it. Whatever else MLflow would
// accept or has words for, such as numbers in quotes with a fraction, camel
// case names or a field of the wrong type, sets bad: the body is then read
// again by the tree, which knows every rule and is in no hurry.
//
// The data must be valid UTF-8.
type scanner struct {
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
func (s *scanner) peek() byte {
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
func (s *scanner) end() bool { return s.peek() == 0 && s.pos == len(s.data) && !s.bad }

// enter steps into an object or array.
//
//	for first := s.enter('{'); s.next(&first, '}'); {
//		switch string(s.name()) {
//
//nolint:unparam // it returns what next wants, so that a loop can begin with it
func (s *scanner) enter(open byte) bool {
	if s.peek() != open {
		s.bad = true
		return true
	}
	s.pos++
	return true
}

// next tells whether another member or element follows.
func (s *scanner) next(first *bool, closing byte) bool {
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

// name reads the name of a member and the colon behind it.
func (s *scanner) name() []byte {
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

// unknown skips the value of a member that the message does not have.
func (s *scanner) unknown(name []byte) {
	for _, c := range name {
		if c >= 'A' && c <= 'Z' { // it may be a field after all, in camel case
			s.bad = true
			return
		}
	}
	s.skip(0)
}

func (s *scanner) skip(depth int) {
	if depth > maxScanDepth {
		s.bad = true
		return
	}
	switch s.peek() {
	case '"':
		s.str()
	case '{':
		for first := s.enter('{'); s.next(&first, '}'); {
			s.name()
			s.skip(depth + 1)
		}
	case '[':
		for first := s.enter('['); s.next(&first, ']'); {
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

func (s *scanner) word(w string) {
	if len(s.data)-s.pos < len(w) || string(s.data[s.pos:s.pos+len(w)]) != w {
		s.bad = true
		return
	}
	s.pos += len(w)
}

// null reads a null if there is one.
func (s *scanner) null() bool {
	if s.peek() != 'n' {
		return false
	}
	s.word("null")
	return !s.bad
}

// flag reads a bool; null is false.
func (s *scanner) flag() bool {
	switch {
	case s.null():
		return false
	case s.peek() == 't':
		s.word("true")
		return !s.bad
	default:
		s.word("false")
		return false
	}
}

// strOrNull reads a string; null is the same as an absent field.
func (s *scanner) strOrNull() string {
	if s.null() {
		return ""
	}
	return s.str()
}

func (s *scanner) str() string {
	if s.bad || s.peek() != '"' {
		s.bad = true
		return ""
	}
	start := s.pos + 1
	for i := start; i < len(s.data); i++ {
		switch c := s.data[i]; {
		case c == '"':
			s.pos = i + 1
			return string(s.data[start:i])
		case c == '\\':
			return s.escapedStr(start, i)
		case c < ' ':
			s.bad = true
			return ""
		}
	}
	s.bad = true
	return ""
}

// keyOrNull reads a string that may have come before.
func (s *scanner) keyOrNull() string {
	if s.peek() != '"' || len(s.keys) == 0 {
		return s.strOrNull()
	}
	start := s.pos + 1
	hash := uint32(0)
	for i := start; i < len(s.data); i++ {
		c := s.data[i]
		if c == '"' {
			s.pos = i + 1
			key := &s.keys[(hash^hash>>11)%uint32(len(s.keys))] //nolint:gosec // there are few
			if *key != string(s.data[start:i]) {
				*key = string(s.data[start:i])
			}
			return *key
		}
		if c == '\\' || c < ' ' {
			break
		}
		hash = hash*31 + uint32(c)
	}
	return s.str()
}

// escapedStr reads on from the first backslash, at i.
func (s *scanner) escapedStr(start, i int) string {
	b := make([]byte, 0, 2*(i-start)+32)
	for i < len(s.data) {
		c := s.data[i]
		switch {
		case c == '"':
			b = append(b, s.data[start:i]...)
			s.pos = i + 1
			return string(b)
		case c < ' ':
			s.bad = true
			return ""
		case c != '\\':
			i++
			continue
		}
		b = append(b, s.data[start:i]...)
		r, n := unescape(s.data[i:])
		if n == 0 || r >= 0xd800 && r < 0xe000 {
			s.bad = true
			return ""
		}
		b = utf8.AppendRune(b, r)
		i += n
		start = i
	}
	s.bad = true
	return ""
}

// unescape reads the escape that b begins with and returns its length, or 0 if
// it is none. Half of a surrogate pair is returned as it is.
func unescape(b []byte) (r rune, n int) {
	if len(b) < 2 {
		return 0, 0
	}
	switch b[1] {
	case '"', '\\', '/':
		return rune(b[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		r, ok := hex4(b[2:])
		if !ok {
			return 0, 0
		}
		if r >= 0xd800 && r < 0xdc00 && len(b) >= 12 && b[6] == '\\' && b[7] == 'u' {
			if low, ok := hex4(b[8:]); ok && low >= 0xdc00 && low < 0xe000 {
				return utf16.DecodeRune(r, low), 12
			}
		}
		return r, 6
	}
	return 0, 0
}

func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 4 {
		return 0, false
	}
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// number reads a number of JSON's grammar.
func (s *scanner) number() []byte {
	s.peek()
	n := numberLen(s.data[s.pos:])
	if n == 0 {
		s.bad = true
		return nil
	}
	s.pos += n
	return s.data[s.pos-n : s.pos]
}

func numberLen(b []byte) int {
	i := 0
	if i < len(b) && b[i] == '-' {
		i++
	}
	digits := func() bool {
		start := i
		for i < len(b) && b[i] >= '0' && b[i] <= '9' {
			i++
		}
		return i > start
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if !digits() {
		return 0
	}
	whole := i
	if i < len(b) && b[i] == '.' {
		i++
		if !digits() {
			return whole
		}
	}
	fraction := i
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if !digits() {
			return fraction
		}
	}
	return i
}

// integer reads an integer, in quotes or not.
func (s *scanner) integer() int64 {
	quoted := s.peek() == '"'
	if quoted {
		s.pos++
	}
	negative := s.at(s.pos) == '-'
	if negative {
		s.pos++
	}
	start := s.pos
	var n int64
	for ; s.at(s.pos)-'0' < 10; s.pos++ {
		n = n*10 + int64(s.data[s.pos]-'0')
	}
	end := s.pos
	digits := end - start
	next := s.at(end)
	switch {
	case digits == 0, digits > 1 && s.data[start] == '0':
		s.bad = true
	case quoted:
		s.pos++
		s.bad = s.bad || next != '"'
	case next == '.', next|' ' == 'e':
		s.bad = true
	}
	if digits > 18 { // n may have overflowed
		return s.longInteger(start, end, negative)
	}
	if negative {
		return -n
	}
	return n
}

func (s *scanner) longInteger(start, end int, negative bool) int64 {
	if negative {
		start--
	}
	n, err := strconv.ParseInt(string(s.data[start:end]), 10, 64)
	s.bad = s.bad || err != nil
	return n
}

// at returns the byte at a position, or 0 behind the end.
func (s *scanner) at(i int) byte {
	if i < len(s.data) {
		return s.data[i]
	}
	return 0
}

func (s *scanner) integer32() int {
	n := s.integer()
	if n < math.MinInt32 || n > math.MaxInt32 {
		s.bad = true
	}
	return int(n)
}

// double reads a number, or one of the three values that JSON lacks.
func (s *scanner) double() float64 {
	if s.peek() != '"' {
		f, err := strconv.ParseFloat(string(s.number()), 64)
		s.bad = s.bad || err != nil
		return f
	}
	switch v := s.str(); v {
	case "NaN", "Infinity", "-Infinity":
		f, _ := strconv.ParseFloat(v, 64)
		return f
	}
	s.bad = true
	return 0
}

// strs reads an array of strings.
func (s *scanner) strs() []string {
	if s.null() {
		return nil
	}
	var list []string
	for first := s.enter('['); s.next(&first, ']'); {
		list = append(list, s.str())
	}
	return list
}
