package wire

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

// Scanner reads JSON that is as clients send it. Whatever else MLflow would
// accept or has words for, such as numbers in quotes with a fraction, camel
// case names or a field of the wrong type, sets bad: the body is then read
// again by the tree, which knows every rule and is in no hurry.
//
// The data must be valid UTF-8.
type Scanner struct {
	Data []byte
	Pos  int
	Bad  bool
	// items counts the members and elements so far.
	items int
	// keys are strings that were read before, if there is room for any:
	// metrics repeat their keys.
	Keys []string
}

// Peek skips white space and returns the next byte, or 0 at the end.
func (s *Scanner) Peek() byte {
	for s.Pos < len(s.Data) {
		c := s.Data[s.Pos]
		if c > ' ' {
			return c
		}
		if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			break
		}
		s.Pos++
	}
	return 0
}

// end tells whether nothing but white space is left and all went well.
func (s *Scanner) end() bool { return s.Peek() == 0 && s.Pos == len(s.Data) && !s.Bad }

// Enter steps into an object or array.
//
//	for first := s.enter('{'); s.next(&first, '}'); {
//		switch string(s.name()) {
//
//nolint:unparam // it returns what next wants, so that a loop can begin with it
func (s *Scanner) Enter(open byte) bool {
	if s.Peek() != open {
		s.Bad = true
		return true
	}
	s.Pos++
	return true
}

// Next tells whether another member or element follows.
func (s *Scanner) Next(first *bool, closing byte) bool {
	if s.Bad {
		return false
	}
	if s.items++; s.items > maxItems {
		s.Bad = true
		return false
	}
	c := s.Peek()
	switch {
	case c == closing:
		s.Pos++
		return false
	case *first:
		*first = false
		return true
	case c == ',':
		s.Pos++
		if s.Peek() == closing {
			s.Bad = true
		}
		return !s.Bad
	default:
		s.Bad = true
		return false
	}
}

// Name reads the name of a member and the colon behind it.
func (s *Scanner) Name() []byte {
	if s.Peek() != '"' {
		s.Bad = true
		return nil
	}
	start := s.Pos + 1
	i := start
	for i < len(s.Data) && s.Data[i] != '"' && s.Data[i] != '\\' && s.Data[i] >= ' ' {
		i++
	}
	if i >= len(s.Data) || s.Data[i] != '"' {
		s.Bad = true
		return nil
	}
	s.Pos = i + 1
	if s.Peek() != ':' {
		s.Bad = true
		return nil
	}
	s.Pos++
	return s.Data[start:i]
}

// Unknown skips the value of a member that the message does not have.
func (s *Scanner) Unknown(name []byte) {
	for _, c := range name {
		if c >= 'A' && c <= 'Z' { // it may be a field after all, in camel case
			s.Bad = true
			return
		}
	}
	s.Skip(0)
}

func (s *Scanner) Skip(depth int) {
	if depth > maxScanDepth {
		s.Bad = true
		return
	}
	switch s.Peek() {
	case '"':
		s.Text()
	case '{':
		for first := s.Enter('{'); s.Next(&first, '}'); {
			s.Name()
			s.Skip(depth + 1)
		}
	case '[':
		for first := s.Enter('['); s.Next(&first, ']'); {
			s.Skip(depth + 1)
		}
	case 't':
		s.Word("true")
	case 'f':
		s.Word("false")
	case 'n':
		s.Word("null")
	default:
		s.number()
	}
}

func (s *Scanner) Word(w string) {
	if len(s.Data)-s.Pos < len(w) || string(s.Data[s.Pos:s.Pos+len(w)]) != w {
		s.Bad = true
		return
	}
	s.Pos += len(w)
}

// Null reads a null if there is one.
func (s *Scanner) Null() bool {
	if s.Peek() != 'n' {
		return false
	}
	s.Word("null")
	return !s.Bad
}

// Bool reads a bool; null is false.
func (s *Scanner) Bool() bool {
	switch {
	case s.Null():
		return false
	case s.Peek() == 't':
		s.Word("true")
		return !s.Bad
	default:
		s.Word("false")
		return false
	}
}

// TextOrNull reads a string; null is the same as an absent field.
func (s *Scanner) TextOrNull() string {
	if s.Null() {
		return ""
	}
	return s.Text()
}

func (s *Scanner) Text() string {
	if s.Bad || s.Peek() != '"' {
		s.Bad = true
		return ""
	}
	start := s.Pos + 1
	for i := start; i < len(s.Data); i++ {
		switch c := s.Data[i]; {
		case c == '"':
			s.Pos = i + 1
			return string(s.Data[start:i])
		case c == '\\':
			return s.escapedStr(start, i)
		case c < ' ':
			s.Bad = true
			return ""
		}
	}
	s.Bad = true
	return ""
}

// KeyOrNull reads a string that may have come before.
func (s *Scanner) KeyOrNull() string {
	if s.Peek() != '"' || len(s.Keys) == 0 {
		return s.TextOrNull()
	}
	start := s.Pos + 1
	hash := uint32(0)
	for i := start; i < len(s.Data); i++ {
		c := s.Data[i]
		if c == '"' {
			s.Pos = i + 1
			key := &s.Keys[(hash^hash>>11)%uint32(len(s.Keys))] //nolint:gosec // there are few
			if *key != string(s.Data[start:i]) {
				*key = string(s.Data[start:i])
			}
			return *key
		}
		if c == '\\' || c < ' ' {
			break
		}
		hash = hash*31 + uint32(c)
	}
	return s.Text()
}

// escapedStr reads on from the first backslash, at i.
func (s *Scanner) escapedStr(start, i int) string {
	b := make([]byte, 0, 2*(i-start)+32)
	for i < len(s.Data) {
		c := s.Data[i]
		switch {
		case c == '"':
			b = append(b, s.Data[start:i]...)
			s.Pos = i + 1
			return string(b)
		case c < ' ':
			s.Bad = true
			return ""
		case c != '\\':
			i++
			continue
		}
		b = append(b, s.Data[start:i]...)
		r, n := unescape(s.Data[i:])
		if n == 0 || r >= 0xd800 && r < 0xe000 {
			s.Bad = true
			return ""
		}
		b = utf8.AppendRune(b, r)
		i += n
		start = i
	}
	s.Bad = true
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
func (s *Scanner) number() []byte {
	s.Peek()
	n := numberLen(s.Data[s.Pos:])
	if n == 0 {
		s.Bad = true
		return nil
	}
	s.Pos += n
	return s.Data[s.Pos-n : s.Pos]
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

// Int reads an integer, in quotes or not.
func (s *Scanner) Int() int64 {
	quoted := s.Peek() == '"'
	if quoted {
		s.Pos++
	}
	negative := s.at(s.Pos) == '-'
	if negative {
		s.Pos++
	}
	start := s.Pos
	var n int64
	for ; s.at(s.Pos)-'0' < 10; s.Pos++ {
		n = n*10 + int64(s.Data[s.Pos]-'0')
	}
	end := s.Pos
	digits := end - start
	next := s.at(end)
	switch {
	case digits == 0, digits > 1 && s.Data[start] == '0':
		s.Bad = true
	case quoted:
		s.Pos++
		s.Bad = s.Bad || next != '"'
	case next == '.', next|' ' == 'e':
		s.Bad = true
	}
	if digits > 18 { // n may have overflowed
		return s.longInteger(start, end, negative)
	}
	if negative {
		return -n
	}
	return n
}

func (s *Scanner) longInteger(start, end int, negative bool) int64 {
	if negative {
		start--
	}
	n, err := strconv.ParseInt(string(s.Data[start:end]), 10, 64)
	s.Bad = s.Bad || err != nil
	return n
}

// at returns the byte at a position, or 0 behind the end.
func (s *Scanner) at(i int) byte {
	if i < len(s.Data) {
		return s.Data[i]
	}
	return 0
}

func (s *Scanner) Int32() int {
	n := s.Int()
	if n < math.MinInt32 || n > math.MaxInt32 {
		s.Bad = true
	}
	return int(n)
}

// Double reads a number, or one of the three values that JSON lacks.
func (s *Scanner) Double() float64 {
	if s.Peek() != '"' {
		f, err := strconv.ParseFloat(string(s.number()), 64)
		s.Bad = s.Bad || err != nil
		return f
	}
	switch v := s.Text(); v {
	case "NaN", "Infinity", "-Infinity":
		f, _ := strconv.ParseFloat(v, 64)
		return f
	}
	s.Bad = true
	return 0
}

// Texts reads an array of strings.
func (s *Scanner) Texts() []string {
	if s.Null() {
		return nil
	}
	var list []string
	for first := s.Enter('['); s.Next(&first, ']'); {
		list = append(list, s.Text())
	}
	return list
}
