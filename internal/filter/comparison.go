package filter

import (
	"errors"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/syntax"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// comparison is one clause as it is written: an operand, a comparator and, but
// for IS NULL and IS NOT NULL, a value.
type comparison struct {
	parts []syntax.Node // without white space
}

// splitClauses returns the comparisons among nodes and those that have no place
// in a filter.
func splitClauses(nodes []syntax.Node) (clauses []comparison, strays []string) {
	for i := range nodes {
		switch n := &nodes[i]; {
		case n.IsComparison():
			clauses = append(clauses, comparison{parts: n.Parts()})
		case n.IsAnd():
		default:
			strays = append(strays, n.Text)
		}
	}
	return clauses, strays
}

// validate checks the form of a comparison.
// Source: search_utils.py, SearchUtils._validate_comparison.
func (c comparison) validate() error {
	if !c.isNullTest() && len(c.parts) != 3 {
		return invalid("Invalid comparison clause. Expected 3 tokens found %d", len(c.parts))
	}
	if !c.parts[0].IsIdentifier() {
		return invalid("Invalid comparison clause. Expected 'Identifier' found '%s'", c.parts[0].Text)
	}
	return nil
}

// isNullTest tells whether the comparison is IS NULL or IS NOT NULL.
func (c comparison) isNullTest() bool {
	if len(c.parts) != 2 {
		return false
	}
	word := strings.ToUpper(c.parts[1].Text)
	return word == syntax.IsNull || word == syntax.IsNotNull
}

// parseStatement cuts a filter into its clauses. quoteStrays says whether the
// error about misplaced text quotes each piece, which runs do and experiments do
// not.
// Source: search_utils.py, parse_search_filter and _process_statement.
func parseStatement(text string, quoteStrays bool) ([]comparison, error) {
	if text == "" {
		return nil, nil
	}
	nodes, err := syntax.Clauses(text)
	switch {
	case errors.Is(err, syntax.ErrEmpty):
		return nil, invalid("Invalid filter '%s'. Could not be parsed.", text)
	case errors.Is(err, syntax.ErrSeveral):
		return nil, invalid("Search filter contained multiple expression %s. Provide AND-ed expression list.",
			pyrepr.String(text))
	case err != nil:
		return nil, invalid("Error on parsing filter '%s'", text)
	}
	clauses, strays := splitClauses(nodes)
	if len(strays) == 0 {
		return clauses, nil
	}
	list := strings.Join(strays, ", ")
	if quoteStrays {
		list = "'" + strings.Join(strays, "', '") + "'"
	}
	return nil, invalid("Invalid clause(s) in filter string: %s", list)
}
