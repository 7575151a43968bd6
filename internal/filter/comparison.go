package filter

import (
	"errors"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/syntax"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// Comparison is one clause as it is written: an operand, a comparator and, but
// for IS NULL and IS NOT NULL, a value.
type Comparison struct {
	parts []syntax.Node // without white space
}

// Operand returns the identifier on the left, as written.
func (c Comparison) Operand() string { return c.parts[0].Text }

// Comparator returns the comparator in upper case, whether there is such a one
// or not.
func (c Comparison) Comparator() string { return strings.ToUpper(c.parts[1].Text) }

// Value returns what stands on the right. A null test has none.
func (c Comparison) Value() *syntax.Node { return &c.parts[2] }

// IsNullTest tells whether the comparison is IS NULL or IS NOT NULL.
func (c Comparison) IsNullTest() bool {
	return len(c.parts) == 2 && (c.Comparator() == syntax.IsNull || c.Comparator() == syntax.IsNotNull)
}

// splitClauses returns the comparisons among nodes and those that have no place
// in a filter.
func splitClauses(nodes []syntax.Node) (clauses []Comparison, strays []string) {
	for i := range nodes {
		switch n := &nodes[i]; {
		case n.IsComparison():
			clauses = append(clauses, Comparison{parts: n.Parts()})
		case n.IsAnd():
		default:
			strays = append(strays, n.Text)
		}
	}
	return clauses, strays
}

// validate checks the form of a comparison.
// Source: search_utils.py, SearchUtils._validate_comparison.
func (c Comparison) validate() error {
	if !c.IsNullTest() && len(c.parts) != 3 {
		return Invalidf("Invalid comparison clause. Expected 3 tokens found %d", len(c.parts))
	}
	if !c.parts[0].IsIdentifier() {
		return Invalidf("Invalid comparison clause. Expected 'Identifier' found '%s'", c.parts[0].Text)
	}
	return nil
}

// parseComparisons cuts a filter into its comparisons. quoteStrays says whether
// the error about misplaced text quotes each piece.
// Source: search_utils.py, parse_search_filter and _process_statement.
func parseComparisons(text string, quoteStrays bool) ([]Comparison, error) {
	if text == "" {
		return nil, nil
	}
	nodes, err := syntax.Clauses(text)
	switch {
	case errors.Is(err, syntax.ErrEmpty):
		return nil, Invalidf("Invalid filter '%s'. Could not be parsed.", text)
	case errors.Is(err, syntax.ErrSeveral):
		return nil, Invalidf("Search filter contained multiple expression %s. Provide AND-ed expression list.",
			pyrepr.String(text))
	case err != nil:
		return nil, Invalidf("Error on parsing filter '%s'", text)
	}
	clauses, strays := splitClauses(nodes)
	if len(strays) == 0 {
		return clauses, nil
	}
	list := strings.Join(strays, ", ")
	if quoteStrays {
		list = "'" + strings.Join(strays, "', '") + "'"
	}
	return nil, Invalidf("Invalid clause(s) in filter string: %s", list)
}
