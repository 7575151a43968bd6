package filter

import (
	"slices"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/syntax"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// ValueKind says which field of a [Value] is set.
type ValueKind uint8

// The kinds of values. Lists are the values of IN and NOT IN.
const (
	ValueNone    ValueKind = iota // IS NULL, IS NOT NULL
	ValueString                   // Str
	ValueInt                      // Int
	ValueFloat                    // Float
	ValueStrings                  // Strs
	ValueInts                     // Ints
)

// Value is the right-hand side of a clause.
type Value struct {
	Kind  ValueKind
	Str   string
	Int   int64
	Float float64
	Strs  []string
	Ints  []int64
}

// ReadValue reads the value of a clause as searches for runs and experiments do.
// numeric says that the attribute is a number; listKey is the only attribute that
// takes lists.
// Source: search_utils.py, SearchUtils._get_value.
func ReadValue(entity Entity, key string, numeric bool, listKey string, n *syntax.Node) (Value, error) {
	switch {
	case entity == EntityMetric:
		if !n.IsNumber() {
			return Value{}, Invalidf("Expected numeric value type for metric. Found %s", n.Text)
		}
		return Value{Kind: ValueFloat, Float: parseFloat(n.Text)}, nil
	case entity == EntityAttribute && numeric:
		if !n.IsNumber() {
			return Value{}, Invalidf("Expected numeric value type for numeric attribute: %s. Found %s", key, n.Text)
		}
		return NumberValue(n), nil
	case n.IsText():
		return TextValue(n.Text)
	case n.IsList() && entity == EntityAttribute:
		return ListValue([]string{listKey}, key, n.Text)
	case n.IsList() && entity == EntityDataset:
		return listValue(n.Text)
	case entity == EntityAttribute:
		return Value{}, Invalidf("Expected a quoted string value for attributes. Got value %s", n.Text)
	case entity == EntityDataset:
		return Value{}, Invalidf("Expected a quoted string value for dataset attributes. Got value %s", n.Text)
	default:
		return Value{}, Invalidf("Expected a quoted string value for %s (e.g. 'my-value'). Got value %s", entity, n.Text)
	}
}

// TextValue reads a text in single or double quotes.
func TextValue(text string) (Value, error) {
	s, ok := unquote(text)
	if !ok {
		return Value{}, Invalidf("Parameter value is either not quoted or unidentified quote types used for string "+
			"value %s. Use either single or double quotes.", text)
	}
	return Value{Kind: ValueString, Str: s}, nil
}

// ListValue reads a list for an attribute, if it is one of those that take lists.
func ListValue(takers []string, key, text string) (Value, error) {
	if !slices.Contains(takers, key) {
		return Value{}, Invalidf("Only %s attributes support comparison with a list of quoted string values.",
			pyrepr.List(takers))
	}
	return listValue(text)
}

// listValue reads a list, which MLflow evaluates as a Python literal.
// Source: search_utils.py, SearchUtils._parse_list_from_sql_token.
func listValue(text string) (Value, error) {
	items, ok := syntax.ParseTuple(text)
	if !ok {
		return Value{}, Invalidf("While parsing a list in the query, expected a non-empty list of string values, " +
			"but got ill-formed list.")
	}
	if len(items) == 0 {
		return Value{}, Invalidf("While parsing a list in the query, expected a non-empty list of string values, " +
			"but got empty list")
	}
	values := make([]string, len(items))
	for i, item := range items {
		if !item.IsString {
			return Value{}, Invalidf("While parsing a list in the query, expected string value, punctuation, or "+
				"whitespace, but got different type in list: %s", syntax.Tuple(items))
		}
		values[i] = item.Text
	}
	return Value{Kind: ValueStrings, Strs: values}, nil
}

// NumberValue converts a numeric literal as Python does. An integer that needs
// more than 64 bits becomes the nearest float.
func NumberValue(n *syntax.Node) Value {
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

// ParsePyInt converts text as Python's int() does, but that an integer of more
// than 64 bits becomes the nearest float.
func ParsePyInt(text string) (Value, bool) {
	digits, ok := pyrepr.Int(text)
	if !ok {
		return Value{}, false
	}
	if i, err := strconv.ParseInt(digits, 10, 64); err == nil {
		return Value{Kind: ValueInt, Int: i}, true
	}
	return Value{Kind: ValueFloat, Float: parseFloat(digits)}, true
}
