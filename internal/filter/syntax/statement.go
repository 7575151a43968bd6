package syntax

import "strings"

// splitStatements cuts tokens at semicolons that are in no parenthesis or block.
// White space and comments after a semicolon belong to the statement before it.
func splitStatements(tokens []Node) [][]Node {
	var out [][]Node
	start, depth, ended, begun := 0, 0, false, false
	for i := range tokens {
		t := &tokens[i]
		if ended && t.kind != kindWhitespace && !isLineComment(t) {
			out = append(out, tokens[start:i])
			start, depth, ended, begun = i, 0, false, false
		}
		depth += depthChange(t)
		switch {
		case t.isPunct(";"):
			if begun { // BEGIN; starts a transaction and not a block
				depth--
			}
			ended, begun = depth <= 0, false
		case t.isSpace(), t.kind == kindComment:
		case t.isWord("BEGIN"):
			begun = true
		case t.kind == kindKeyword && strings.HasPrefix(t.Text, "GO") && strings.Fields(t.Text)[0] == "GO":
			ended, begun = true, false
		default:
			begun = false
		}
	}
	if !allSpace(tokens[start:]) {
		out = append(out, tokens[start:])
	}
	return out
}

func isLineComment(t *Node) bool {
	return t.kind == kindComment && !strings.HasPrefix(t.Text, "/*")
}

func depthChange(t *Node) int {
	switch {
	case t.isPunct("("), t.isWord("BEGIN"):
		return 1
	case t.isPunct(")"), t.isWord("END"):
		return -1
	default:
		return 0
	}
}

func allSpace(tokens []Node) bool {
	for i := range tokens {
		if !tokens[i].isSpace() {
			return false
		}
	}
	return true
}
