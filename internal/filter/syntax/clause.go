package syntax

import "strings"

// The comparators that are words, and the text of the [Node] of each.
const (
	IsNull    = "IS NULL"
	IsNotNull = "IS NOT NULL"
	In        = "IN"
	NotIn     = "NOT IN"
)

// Clauses returns the top level of a filter: its comparisons, the AND between
// them, and whatever else stands there. White space is left out. The error is
// [ErrEmpty], [ErrSeveral] or [ErrTooLarge].
func Clauses(text string) ([]Node, error) {
	nodes, err := parse(text)
	if err != nil {
		return nil, err
	}
	return joinWords(nodes), nil
}

// Parts returns what a comparison consists of, without white space: an operand,
// a comparator and, but for [IsNull] and [IsNotNull], a value; comments, too. The
// parts of other nodes mean nothing.
func (n *Node) Parts() []Node { return withoutSpace(n.kids) }

// Joined returns the texts of the parts of a comparison, one behind the other.
func (n *Node) Joined() string {
	var b strings.Builder
	for i := range n.kids {
		b.WriteString(n.kids[i].Text)
	}
	return b.String()
}

func withoutSpace(nodes []Node) []Node {
	out := make([]Node, 0, len(nodes))
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
func joinWords(nodes []Node) []Node {
	nodes = withoutSpace(nodes)
	out := make([]Node, 0, len(nodes))
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
func joinOne(nodes []Node) (Node, int) {
	first, second, third := nodes[0], nodes[1], nodes[2]
	switch {
	case second.isWord("IN") && third.kind == groupParen:
		return clauseNode(first, second, third), 3
	case second.isWord("IS") && third.isWord("NULL"):
		return clauseNode(first, wordNode(IsNull)), 3
	case second.isWord("IS") && third.isWord("NOT NULL"):
		return clauseNode(first, wordNode(IsNotNull)), 3
	case len(nodes) > 3 && second.isWord("NOT") && third.isWord("IN") && nodes[3].kind == groupParen:
		return clauseNode(first, wordNode(NotIn), nodes[3]), 4
	default:
		return Node{}, 0
	}
}

func clauseNode(parts ...Node) Node { return Node{kind: groupComparison, kids: parts} }

func wordNode(text string) Node { return Node{kind: kindKeyword, Text: text} }
