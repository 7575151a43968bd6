package wire

import (
	"math"
	"strconv"
)

// number reads a number of JSON's grammar.
func (s *Scanner) number() []byte {
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

// Int reads an integer, in quotes or not.
func (s *Scanner) Int() int64 {
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

func (s *Scanner) longInteger(start, end int, negative bool) int64 {
	if negative {
		start--
	}
	n, err := strconv.ParseInt(string(s.data[start:end]), 10, 64)
	s.bad = s.bad || err != nil
	return n
}

// at returns the byte at a position, or 0 behind the end.
func (s *Scanner) at(i int) byte {
	if i < len(s.data) {
		return s.data[i]
	}
	return 0
}

// Int32 reads an integer of 32 bits.
func (s *Scanner) Int32() int {
	n := s.Int()
	if n < math.MinInt32 || n > math.MaxInt32 {
		s.bad = true
	}
	return int(n)
}

// Double reads a number, or one of the three values that JSON lacks.
func (s *Scanner) Double() float64 {
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
