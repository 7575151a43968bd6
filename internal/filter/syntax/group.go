package syntax

import "slices"

// The limits beyond which the tokenizer behind MLflow refuses to parse.
const (
	maxTokens  = 10_000
	maxNesting = 100
)

// groupTokens builds the top level of a statement: comments, brackets and blocks
// first, then names, then operators by binding strength. The order of the steps
// is sqlparse's and decides which errors clients see. What is inside a group has
// no bearing on a filter's meaning and is kept as text. It reports false when
// the statement is larger than the tokenizer accepts.
func groupTokens(src string, tokens []Node) ([]Node, bool) {
	if len(tokens) > maxTokens {
		return nil, false
	}
	g := grouper{src: src, nodes: slices.Clone(tokens)}
	g.comments()
	if !g.pairs(groupBrackets, "[", "]") || !g.pairs(groupParen, "(", ")") {
		return nil, false
	}
	for _, b := range [...][2]string{{"CASE", "END"}, {"IF", "END IF"}, {"FOR", "END LOOP"}, {"BEGIN", "END"}} {
		g.block(b[0], b[1])
	}
	g.functions()
	g.where()
	g.infix(periodRule())
	g.infix(indexRule())
	g.names()
	g.orders()
	g.infix(castRule())
	g.typed()
	g.infix(operatorRule())
	g.infix(comparisonRule())
	g.infix(aliasRule())
	g.aliases()
	g.assignments()
	g.trailingComments()
	g.infix(listRule())
	return g.nodes, true
}

// grouper holds the top level of one statement while its groups form.
type grouper struct {
	src   string
	nodes []Node
}

// join makes one node of kids, which are neighbours. Only a comparison remembers
// its parts.
func (g *grouper) join(k kind, kids []Node) Node {
	first, last := &kids[0], &kids[len(kids)-1]
	n := Node{kind: k, pos: first.pos, Text: g.src[first.pos:last.end()]}
	if k == groupComparison {
		n.kids = slices.Clone(kids)
	}
	return n
}

// replace puts a group of kind k in the place of nodes[from:to].
func (g *grouper) replace(k kind, from, to int) {
	g.nodes = slices.Replace(g.nodes, from, to, g.join(k, g.nodes[from:to]))
}

// after returns the index of the first node after i that is no white space, or
// -1.
func (g *grouper) after(i int) int {
	for i++; i < len(g.nodes); i++ {
		if !g.nodes[i].isSpace() {
			return i
		}
	}
	return -1
}

// comments groups each run of comments that something follows.
func (g *grouper) comments() {
	for i := 0; i < len(g.nodes); i++ { //nolint:intrange // the nodes get fewer
		if g.nodes[i].kind != kindComment {
			continue
		}
		end := i + 1
		for end < len(g.nodes) && (g.nodes[end].kind == kindComment || g.nodes[end].kind == kindNewline) {
			end++
		}
		if end == len(g.nodes) {
			return
		}
		g.replace(groupComment, i, end)
	}
}

// pairs groups what is between matching brackets. It reports false when they
// nest too deeply.
func (g *grouper) pairs(k kind, open, shut string) bool {
	return g.match(k,
		func(n *Node) bool { return n.isPunct(open) },
		func(n *Node) bool { return n.isPunct(shut) })
}

func (g *grouper) block(open, shut string) {
	k := groupBlock
	if open == "CASE" {
		k = groupCase
	}
	g.match(k,
		func(n *Node) bool { return n.isWord(open) },
		func(n *Node) bool { return n.isWord(shut) })
}

// match groups from each opening node to its closing one, innermost first.
// Nodes without a partner stay as they are.
func (g *grouper) match(k kind, open, shut func(*Node) bool) bool {
	if !g.any(open) {
		return true
	}
	out := g.nodes[:0:0]
	var opened []int
	deep := false
	for i := range g.nodes {
		n := &g.nodes[i]
		out = append(out, *n)
		switch {
		case open(n):
			opened = append(opened, len(out)-1)
		case shut(n) && len(opened) > 0:
			deep = deep || len(opened) > maxNesting
			from := opened[len(opened)-1]
			opened = opened[:len(opened)-1]
			out = append(out[:from], g.join(k, out[from:]))
		}
	}
	g.nodes = out
	return !deep
}

// functions groups a name and the parenthesis after it.
func (g *grouper) functions() {
	for i := 0; i < len(g.nodes); i++ { //nolint:intrange // the nodes get fewer
		switch g.nodes[i].kind {
		case kindName, kindBuiltin, kindPlaceholder:
			if j := g.after(i); j > 0 && g.nodes[j].kind == groupParen {
				g.replace(groupFunction, i, j+1)
			}
		default:
		}
	}
}

// where groups WHERE and all that follows up to the next part of a SELECT.
func (g *grouper) where() {
	for i := range g.nodes {
		if !g.nodes[i].isWord("WHERE") {
			continue
		}
		end := i + 1
		for end < len(g.nodes) && !endsWhere(&g.nodes[end]) {
			end++
		}
		g.replace(groupWhere, i, end)
		return
	}
}

func endsWhere(n *Node) bool {
	if n.kind != kindKeyword {
		return false
	}
	for _, word := range [...]string{
		"ORDER BY", "GROUP BY", "LIMIT", "UNION", "UNION ALL", "EXCEPT", "INTERSECT", "HAVING", "RETURNING", "INTO",
	} {
		if equalFold(n.Text, word) {
			return true
		}
	}
	return false
}

// names turns names and double-quoted symbols into identifiers.
func (g *grouper) names() {
	for i := range g.nodes {
		if n := &g.nodes[i]; n.kind == kindName || n.kind == kindSymbol {
			n.kind = groupIdentifier
		}
	}
}

// orders joins ASC or DESC to the identifier or number before it.
func (g *grouper) orders() {
	for i := 1; i < len(g.nodes); i++ {
		if g.nodes[i].kind != kindOrder {
			continue
		}
		from := i - 1
		for from > 0 && g.nodes[from].isSpace() {
			from--
		}
		switch g.nodes[from].kind {
		case groupIdentifier, kindInteger, kindFloat, kindHex:
			g.replace(groupIdentifier, from, i+1)
			i = from
		default:
		}
	}
}

// typed groups a type name and the string after it, as in date '2020-01-01'.
// One that begins the statement stays apart.
func (g *grouper) typed() {
	for i := range g.nodes {
		if i >= len(g.nodes) || g.nodes[i].kind != kindBuiltin || allSpace(g.nodes[:i]) {
			continue
		}
		if j := g.after(i); j > 0 && g.nodes[j].kind == kindString {
			g.replace(groupTyped, i, j+1)
		}
	}
}

// aliases joins an identifier to the operand before it, as SQL names a column:
// this is how two clauses without AND between them become one invalid clause.
func (g *grouper) aliases() {
	out := g.nodes[:0:0]
	for i := 0; i < len(g.nodes); i++ {
		n := g.nodes[i]
		j := g.after(i)
		if j < 0 || g.nodes[j].kind != groupIdentifier || !canHaveAlias(n.kind) {
			out = append(out, n)
			continue
		}
		out = append(out, g.join(groupIdentifier, g.nodes[i:j+1]))
		i = j
	}
	g.nodes = out
}

func canHaveAlias(k kind) bool {
	switch k {
	case groupParen, groupFunction, groupCase, groupIdentifier, groupOperation, groupComparison,
		kindInteger, kindFloat, kindHex:
		return true
	default:
		return false
	}
}

// assignments groups name := value up to a semicolon.
func (g *grouper) assignments() {
	for i := 1; i < len(g.nodes); i++ {
		j := g.after(i)
		if g.nodes[i].kind != kindAssign || j < 0 || g.nodes[j].kind == kindKeyword {
			continue
		}
		from := i - 1
		for from > 0 && g.nodes[from].isSpace() {
			from--
		}
		if g.nodes[from].isSpace() || g.nodes[from].kind == kindKeyword {
			continue
		}
		for k := j; k < len(g.nodes); k++ {
			if g.nodes[k].isPunct(";") {
				j = k
				break
			}
		}
		g.replace(groupAssign, from, j+1)
		i = from
	}
}

// trailingComments joins a comment to the group before it.
func (g *grouper) trailingComments() {
	for i := 1; i < len(g.nodes); i++ {
		if g.nodes[i].kind != groupComment {
			continue
		}
		from := i - 1
		for from > 0 && g.nodes[from].isSpace() {
			from--
		}
		if before := g.nodes[from]; before.isGroup() {
			parts := append(slices.Clone(before.kids), g.nodes[from+1:i+1]...)
			g.replace(before.kind, from, i+1)
			g.nodes[from].kids = parts
			i = from
		}
	}
}
