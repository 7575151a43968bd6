package filter

import (
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/syntax"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// rawClause is a clause whose key and value are resolved and whose comparator is
// still to be checked: MLflow checks comparators after it has read everything.
type rawClause struct {
	entity     Entity
	key        string // as written
	comparator string // as written
	value      Value
}

// parseValue reads the value of a clause. listKey is the only attribute that
// takes lists.
// Source: search_utils.py, SearchUtils._get_value.
func parseValue(entity Entity, key string, numeric bool, listKey string, n *syntax.Node) (Value, error) {
	switch {
	case entity == EntityMetric:
		if !n.IsNumber() {
			return Value{}, invalid("Expected numeric value type for metric. Found %s", n.Text)
		}
		return Value{Kind: ValueFloat, Float: parseFloat(n.Text)}, nil
	case entity == EntityAttribute && numeric:
		if !n.IsNumber() {
			return Value{}, invalid("Expected numeric value type for numeric attribute: %s. Found %s", key, n.Text)
		}
		return numberValue(n), nil
	case n.IsText():
		return stringValue(n.Text)
	case n.IsList() && entity == EntityAttribute:
		return listOf([]string{listKey}, key, n.Text)
	case n.IsList() && entity == EntityDataset:
		return listValue(n.Text)
	case entity == EntityAttribute:
		return Value{}, invalid("Expected a quoted string value for attributes. Got value %s", n.Text)
	case entity == EntityDataset:
		return Value{}, invalid("Expected a quoted string value for dataset attributes. Got value %s", n.Text)
	default:
		return Value{}, invalid("Expected a quoted string value for %s (e.g. 'my-value'). Got value %s", entity, n.Text)
	}
}

func stringValue(text string) (Value, error) {
	s, ok := unquote(text)
	if !ok {
		return Value{}, invalid("Parameter value is either not quoted or unidentified quote types used for string "+
			"value %s. Use either single or double quotes.", text)
	}
	return Value{Kind: ValueString, Str: s}, nil
}

// listOf reads a list for an attribute, if it is one of those that take lists.
func listOf(takers []string, key, text string) (Value, error) {
	if !slices.Contains(takers, key) {
		return Value{}, invalid("Only %s attributes support comparison with a list of quoted string values.",
			pyrepr.List(takers))
	}
	return listValue(text)
}

// listValue reads a list, which MLflow evaluates as a Python literal.
// Source: search_utils.py, SearchUtils._parse_list_from_sql_token.
func listValue(text string) (Value, error) {
	items, ok := syntax.ParseTuple(text)
	if !ok {
		return Value{}, invalid("While parsing a list in the query, expected a non-empty list of string values, " +
			"but got ill-formed list.")
	}
	if len(items) == 0 {
		return Value{}, invalid("While parsing a list in the query, expected a non-empty list of string values, " +
			"but got empty list")
	}
	values := make([]string, len(items))
	for i, item := range items {
		if !item.IsString {
			return Value{}, invalid("While parsing a list in the query, expected string value, punctuation, or "+
				"whitespace, but got different type in list: %s", syntax.Tuple(items))
		}
		values[i] = item.Text
	}
	return Value{Kind: ValueStrings, Strs: values}, nil
}

// invalidComparator is the text for a comparator that is not in set. MLflow
// forgets the closing quote in most places.
func invalidComparator(comparator, set, closing string) *Error {
	return invalid("Invalid comparator '%s' not one of '%s%s", comparator, set, closing)
}

func numericComparators() string { return pyrepr.Set("=", "!=", ">", ">=", "<", "<=") }

func stringComparators() string {
	return pyrepr.Set("=", "!=", "LIKE", "ILIKE", syntax.In, syntax.NotIn)
}

func nullableComparators() string {
	return pyrepr.Set("=", "!=", "LIKE", "ILIKE", syntax.IsNull, syntax.IsNotNull)
}

func isNumericOp(op Op) bool { return op <= OpLe }

func isStringOp(op Op) bool { return op <= OpNe || op == OpLike || op == OpILike }

func isListOp(op Op) bool { return op == OpIn || op == OpNotIn }

func isNullOp(op Op) bool { return op == OpIsNull || op == OpIsNotNull }

// checkList refuses a list after any comparator but IN and NOT IN. The real store
// passes it on to the database, which fails.
func checkList(c *Clause) error {
	if (c.Value.Kind == ValueStrings || c.Value.Kind == ValueInts) && !isListOp(c.Op) {
		return invalid("Invalid comparator '%s' for a list of values. Use IN or NOT IN.", c.Op)
	}
	return nil
}
