package filter

import (
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// comparison is one clause as it is written: an operand, a comparator and, but
// for IS NULL and IS NOT NULL, a value.
type comparison struct {
	parts []node // without white space
}

// The comparators that are joined from several words.
const (
	wordIsNull    = "IS NULL"
	wordIsNotNull = "IS NOT NULL"
	wordIn        = "IN"
	wordNotIn     = "NOT IN"
)

// splitClauses returns the comparisons of a statement and the nodes that have no
// place in a filter.
func splitClauses(nodes []node) (clauses []comparison, strays []string) {
	for _, n := range joinWords(nodes) {
		switch {
		case n.kind == groupComparison:
			clauses = append(clauses, comparison{parts: withoutSpace(n.kids)})
		case n.isWord("AND"):
		default:
			strays = append(strays, n.text)
		}
	}
	return clauses, strays
}

func withoutSpace(nodes []node) []node {
	out := make([]node, 0, len(nodes))
	for i := range nodes {
		if !nodes[i].isSpace() {
			out = append(out, nodes[i])
		}
	}
	return out
}

// joinWords forms the comparisons whose comparator is a word: IN, NOT IN, IS NULL
// and IS NOT NULL. It looks only where an identifier begins and at three or four
// nodes at a time, so an identifier that begins nothing hides the nodes after it;
// the texts of errors depend on that.
// Source: search_utils.py, _join_in_comparison_tokens.
func joinWords(nodes []node) []node {
	nodes = withoutSpace(nodes)
	out := make([]node, 0, len(nodes))
	for i := 0; i < len(nodes); {
		rest := nodes[i:]
		if len(rest) < 3 {
			return append(out, rest...)
		}
		if rest[0].kind != groupIdentifier {
			out = append(out, rest[0])
			i++
			continue
		}
		if joined, taken := joinOne(rest); taken > 0 {
			out = append(out, joined)
			i += taken
			continue
		}
		n := min(len(rest), 4)
		out = append(out, rest[:n]...)
		i += n
	}
	return out
}

// joinOne joins a comparison at the start of nodes and says how many it took.
func joinOne(nodes []node) (node, int) {
	first, second, third := nodes[0], nodes[1], nodes[2]
	switch {
	case second.isWord("IN") && third.kind == groupParen:
		return clauseNode(first, second, third), 3
	case second.isWord("IS") && third.isWord("NULL"):
		return clauseNode(first, wordNode(wordIsNull)), 3
	case second.isWord("IS") && third.isWord("NOT NULL"):
		return clauseNode(first, wordNode(wordIsNotNull)), 3
	case len(nodes) > 3 && second.isWord("NOT") && third.isWord("IN") && nodes[3].kind == groupParen:
		return clauseNode(first, wordNode(wordNotIn), nodes[3]), 4
	default:
		return node{}, 0
	}
}

func clauseNode(parts ...node) node { return node{kind: groupComparison, kids: parts} }

func wordNode(text string) node { return node{kind: kindKeyword, text: text} }

// validate checks the form of a comparison.
// Source: search_utils.py, SearchUtils._validate_comparison.
func (c comparison) validate() error {
	if !c.isNullTest() && len(c.parts) != 3 {
		return invalid("Invalid comparison clause. Expected 3 tokens found %d", len(c.parts))
	}
	if c.parts[0].kind != groupIdentifier {
		return invalid("Invalid comparison clause. Expected 'Identifier' found '%s'", c.parts[0].text)
	}
	return nil
}

// isNullTest tells whether the comparison is IS NULL or IS NOT NULL.
func (c comparison) isNullTest() bool {
	if len(c.parts) != 2 {
		return false
	}
	word := strings.ToUpper(c.parts[1].text)
	return word == wordIsNull || word == wordIsNotNull
}

// parseStatement cuts a filter into its clauses. quoteStrays says whether the
// error about misplaced text quotes each piece, which runs do and experiments do
// not.
// Source: search_utils.py, parse_search_filter and _process_statement.
func parseStatement(text string, quoteStrays bool) ([]comparison, error) {
	if text == "" {
		return nil, nil
	}
	statements := splitStatements(lex(text))
	if len(statements) == 0 {
		return nil, invalid("Invalid filter '%s'. Could not be parsed.", text)
	}
	if len(statements) > 1 {
		return nil, invalid("Search filter contained multiple expression %s. Provide AND-ed expression list.",
			pyrepr.String(text))
	}
	nodes, ok := groupTokens(text, statements[0])
	if !ok {
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
