package filter

// kind classifies a token or a group of tokens.
type kind uint8

const (
	kindWhitespace kind = iota
	kindNewline
	kindComment
	kindName
	kindBuiltin
	kindPlaceholder
	kindKeyword      // a reserved word
	kindKeywordOther // a reserved word that starts a statement
	kindOrder        // ASC, DESC, NULLS FIRST, NULLS LAST
	kindInteger
	kindFloat
	kindHex
	kindString // in single quotes
	kindSymbol // in double quotes
	kindPunct
	kindComparison
	kindOperator
	kindWildcard
	kindAssign
	kindOther // no role in any group: errors, commands, dollar quotes

	groupComment
	groupBrackets
	groupParen
	groupBlock // CASE, IF, FOR and BEGIN up to their END
	groupCase
	groupFunction
	groupWhere
	groupIdentifier
	groupTyped // a type name before a string
	groupOperation
	groupComparison
	groupAssign
	groupList
)

// node is a token or a group of tokens. Its text is the stretch of the source
// from its first token to its last.
type node struct {
	kind kind
	pos  int
	text string
	kids []node // of a comparison only
}

func (n *node) end() int { return n.pos + len(n.text) }

func (n *node) isSpace() bool { return n.kind == kindWhitespace || n.kind == kindNewline }

func (n *node) isGroup() bool { return n.kind >= groupComment }

func (n *node) isKeyword() bool {
	return n.kind == kindKeyword || n.kind == kindKeywordOther || n.kind == kindOrder
}

// isWord tells whether n is the reserved word, in any case.
func (n *node) isWord(upper string) bool {
	return n.kind == kindKeyword && equalFold(n.text, upper)
}

func (n *node) isPunct(text string) bool { return n.kind == kindPunct && n.text == text }

// isScalar tells whether n is a literal or a name that can be an operand.
func (n *node) isScalar() bool {
	switch n.kind {
	case kindInteger, kindFloat, kindString, kindSymbol, kindName, kindPlaceholder:
		return true
	default:
		return false
	}
}
