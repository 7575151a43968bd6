package filter

import (
	"strconv"
	"strings"
	"unicode"
)

// numberValue converts a numeric literal as Python does. An integer that needs
// more than 64 bits becomes the nearest float.
func numberValue(n *node) Value {
	if n.kind == kindInteger {
		if i, err := strconv.ParseInt(n.text, 10, 64); err == nil {
			return Value{Kind: ValueInt, Int: i}
		}
	}
	return Value{Kind: ValueFloat, Float: parseFloat(n.text)}
}

// parseFloat converts the text of a number token; what is out of range becomes
// an infinity.
func parseFloat(text string) float64 {
	f, _ := strconv.ParseFloat(text, 64) // the only error is ErrRange, which comes with an infinity
	return f
}

// parsePyInt converts text as Python's int() does: white space around it, a
// sign, digits of any script, single underscores between digits.
func parsePyInt(text string) (Value, bool) {
	text = strings.TrimFunc(text, isSpaceRune)
	digits := make([]byte, 0, len(text))
	if text != "" && (text[0] == '-' || text[0] == '+') {
		digits = append(digits, text[0])
		text = text[1:]
	}
	between := false // whether an underscore may follow
	for _, r := range text {
		d, ok := digitValue(r)
		switch {
		case ok:
			digits = append(digits, '0'+d)
		case r != '_' || !between:
			return Value{}, false
		}
		between = ok
	}
	if !between {
		return Value{}, false
	}
	if i, err := strconv.ParseInt(string(digits), 10, 64); err == nil {
		return Value{Kind: ValueInt, Int: i}, true
	}
	return Value{Kind: ValueFloat, Float: parseFloat(string(digits))}, true
}

// digitValue returns the value of a decimal digit of any script. Unicode keeps
// them in runs of ten.
func digitValue(r rune) (byte, bool) {
	if isDigit(r) {
		return byte(r - '0'), true
	}
	if !unicode.IsDigit(r) {
		return 0, false
	}
	zero := r
	for unicode.IsDigit(zero - 1) {
		zero--
	}
	return byte((r - zero) % 10), true
}

// pyFloat prints a float as Python's str does.
func pyFloat(f float64) string {
	s := strconv.FormatFloat(f, 'g', -1, 64)
	switch {
	case strings.HasSuffix(s, "Inf"):
		return strings.ToLower(strings.TrimPrefix(s, "+"))
	case strings.ContainsRune(s, 'e'):
		mantissa, exp, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
		if n, err := strconv.Atoi(exp); err == nil && n >= -4 && n < 16 {
			s = strconv.FormatFloat(f, 'f', -1, 64)
			break
		}
		return mantissa + "e" + exp
	}
	if !strings.ContainsRune(s, '.') {
		s += ".0"
	}
	return s
}
