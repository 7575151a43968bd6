package wire

import (
	"unicode/utf16"
	"unicode/utf8"
)

// Text reads a string; null is the same as an absent field.
func (s *Scanner) Text() string {
	if s.Null() {
		return ""
	}
	return s.str()
}

func (s *Scanner) str() string {
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

// Key reads a string that may have come before.
func (s *Scanner) Key() string {
	if s.peek() != '"' || len(s.keys) == 0 {
		return s.Text()
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
func (s *Scanner) escapedStr(start, i int) string {
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

// Texts reads an array of strings.
func (s *Scanner) Texts() []string {
	if s.Null() {
		return nil
	}
	var list []string
	for first := s.Enter('['); s.Next(&first, ']'); {
		list = append(list, s.str())
	}
	return list
}
