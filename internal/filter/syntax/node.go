package syntax

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

// Node is a token or a group of tokens. Its text is the stretch of the source
// from its first token to its last.
type Node struct {
	kind kind
	pos  int
	Text string
	kids []Node // of a comparison only
}

// IsComparison tells whether n is a comparison, which has [Node.Parts].
func (n *Node) IsComparison() bool { return n.kind == groupComparison }

// IsIdentifier tells whether n is a name, dotted or not. Text in double quotes
// is one, too.
func (n *Node) IsIdentifier() bool { return n.kind == groupIdentifier }

// IsText tells whether n may be a quoted text: whether it stands in single
// quotes, or is an identifier.
func (n *Node) IsText() bool { return n.kind == kindString || n.kind == groupIdentifier }

// IsInteger tells whether n is an integer in decimal digits.
func (n *Node) IsInteger() bool { return n.kind == kindInteger }

// IsNumber tells whether n is an integer or a float in decimal digits.
func (n *Node) IsNumber() bool { return n.kind == kindInteger || n.kind == kindFloat }

// IsList tells whether n is a parenthesis.
func (n *Node) IsList() bool { return n.kind == groupParen }

// IsAnd tells whether n is the word AND.
func (n *Node) IsAnd() bool { return n.isWord("AND") }

func (n *Node) end() int { return n.pos + len(n.Text) }

func (n *Node) isSpace() bool { return n.kind == kindWhitespace || n.kind == kindNewline }

func (n *Node) isGroup() bool { return n.kind >= groupComment }

func (n *Node) isKeyword() bool {
	return n.kind == kindKeyword || n.kind == kindKeywordOther || n.kind == kindOrder
}

// isWord tells whether n is the reserved word, in any case.
func (n *Node) isWord(upper string) bool {
	return n.kind == kindKeyword && equalFold(n.Text, upper)
}

func (n *Node) isPunct(text string) bool { return n.kind == kindPunct && n.Text == text }

// isScalar tells whether n is a literal or a name that can be an operand.
func (n *Node) isScalar() bool {
	switch n.kind {
	case kindInteger, kindFloat, kindString, kindSymbol, kindName, kindPlaceholder:
		return true
	default:
		return false
	}
}
