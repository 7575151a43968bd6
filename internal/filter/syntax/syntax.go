// Package syntax takes texts of MLflow's search language apart, as far as that
// goes without knowing what they mean: a filter into comparisons, an entry of an
// order_by into an identifier and words, a list of values into Python literals.
//
// MLflow 3.18.0 splits a filter with the SQL tokenizer sqlparse, groups the
// tokens as if they were SQL, and then accepts a list of comparisons joined by
// AND (mlflow/utils/search_utils.py). The texts of its errors quote the groups,
// so this package forms the same groups: tokens (lex*.go), statements
// (statement.go), groups (group.go, infix.go), comparisons (clause.go). It never
// fails over what it reads: what fits no rule is a [Node] that the reader of the
// nodes refuses. Time and memory are in proportion to the length of a text.
//
// [Clauses] and [Identifier] are the places to begin. What a new reserved word of
// sqlparse changes stands in keyword.go.
package syntax

import "errors"

// What is no single expression.
var (
	ErrEmpty    = errors.New("syntax: no expression")       // nothing but white space and comments
	ErrSeveral  = errors.New("syntax: several expressions") // that semicolons part
	ErrTooLarge = errors.New("syntax: expression too large")
)

// parse returns the top level of the only statement of a text.
func parse(text string) ([]Node, error) {
	statements := splitStatements(lex(text))
	switch len(statements) {
	case 0:
		return nil, ErrEmpty
	case 1:
	default:
		return nil, ErrSeveral
	}
	nodes, ok := groupTokens(text, statements[0])
	if !ok {
		return nil, ErrTooLarge
	}
	return nodes, nil
}
