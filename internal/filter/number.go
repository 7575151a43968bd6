package filter

import (
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/syntax"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// numberValue converts a numeric literal as Python does. An integer that needs
// more than 64 bits becomes the nearest float.
func numberValue(n *syntax.Node) Value {
	if n.IsInteger() {
		if i, err := strconv.ParseInt(n.Text, 10, 64); err == nil {
			return Value{Kind: ValueInt, Int: i}
		}
	}
	return Value{Kind: ValueFloat, Float: parseFloat(n.Text)}
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
