package filter

import (
	"strconv"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
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

// parsePyInt converts text as Python's int() does, but that an integer of more
// than 64 bits becomes the nearest float.
func parsePyInt(text string) (Value, bool) {
	digits, ok := pyrepr.Int(text)
	if !ok {
		return Value{}, false
	}
	if i, err := strconv.ParseInt(digits, 10, 64); err == nil {
		return Value{Kind: ValueInt, Int: i}, true
	}
	return Value{Kind: ValueFloat, Float: parseFloat(digits)}, true
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
