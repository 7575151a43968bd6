package syntax

// infixRule says how an operator and its neighbours form a group. Chains come
// out left to right: each operand may serve the next operator too, whose group
// then holds the one before.
type infixRule struct {
	kind   kind
	match  func(n *Node) bool
	left   func(n *Node) bool
	right  func(n *Node) bool     // given nil at the end
	absorb func(right *Node) bool // whether the right neighbour joins the group
}

func always(*Node) bool    { return true }
func present(n *Node) bool { return n != nil }

// infix applies a rule to the whole level.
func (g *grouper) infix(rule infixRule) {
	if !g.any(rule.match) {
		return
	}
	out := make([]Node, 0, len(g.nodes))
	left, operand := -1, (*Node)(nil) // where the left side is in out; what it is judged by
	for i := 0; i < len(g.nodes); i++ {
		n := &g.nodes[i]
		out = append(out, *n)
		if n.isSpace() {
			continue
		}
		var right *Node
		j := g.after(i)
		if j >= 0 {
			right = &g.nodes[j]
		}
		if left < 0 || !rule.match(n) || !rule.left(operand) || !rule.right(right) {
			left, operand = len(out)-1, n
			continue
		}
		absorbed := rule.absorb(right)
		if absorbed {
			out = append(out, g.nodes[i+1:j+1]...)
			i = j
		}
		out = g.fold(rule, out, left)
		operand = right
		if !absorbed {
			folded := out[left]
			operand = &folded
		}
	}
	g.nodes = out
}

// any tells whether some node of the level satisfies ok.
func (g *grouper) any(ok func(*Node) bool) bool {
	for i := range g.nodes {
		if ok(&g.nodes[i]) {
			return true
		}
	}
	return false
}

// fold makes one group of out[left:].
func (g *grouper) fold(rule infixRule, out []Node, left int) []Node {
	return append(out[:left], g.join(rule.kind, out[left:]))
}

// periodRule forms dotted names. A dot without a name after it still belongs to
// the name before it.
func periodRule() infixRule {
	return infixRule{
		kind: groupIdentifier,
		match: func(n *Node) bool {
			return n.isPunct(".") || (n.kind == kindOperator && (n.Text == "->" || n.Text == "->>"))
		},
		left: func(n *Node) bool {
			switch n.kind {
			case groupBrackets, groupIdentifier, kindName, kindSymbol:
				return true
			default:
				return false
			}
		},
		right: always,
		absorb: func(n *Node) bool {
			if n == nil {
				return false
			}
			switch n.kind {
			case groupBrackets, groupFunction, kindName, kindSymbol, kindWildcard, kindString:
				return true
			default:
				return false
			}
		},
	}
}

// indexRule joins name[index].
func indexRule() infixRule {
	return infixRule{
		kind:  groupIdentifier,
		match: func(n *Node) bool { return n.kind == groupBrackets },
		left: func(n *Node) bool {
			switch n.kind {
			case groupBrackets, groupIdentifier, groupFunction, kindName, kindSymbol:
				return true
			default:
				return false
			}
		},
		right:  always,
		absorb: func(*Node) bool { return false },
	}
}

// castRule joins value::type.
func castRule() infixRule {
	return infixRule{
		kind:  groupIdentifier,
		match: func(n *Node) bool { return n.isPunct("::") },
		left:  present, right: present, absorb: always,
	}
}

// operatorRule joins arithmetic.
func operatorRule() infixRule {
	operand := func(n *Node) bool {
		if n == nil {
			return false
		}
		switch n.kind {
		case groupBrackets, groupParen, groupFunction, groupIdentifier, groupOperation, groupTyped:
			return true
		default:
			return n.isScalar() || n.isWord("CURRENT_DATE") || n.isWord("CURRENT_TIME") ||
				n.isWord("CURRENT_TIMESTAMP")
		}
	}
	return infixRule{
		kind:  groupOperation,
		match: func(n *Node) bool { return n.kind == kindOperator || n.kind == kindWildcard },
		left:  operand, right: operand, absorb: always,
	}
}

// comparisonRule joins comparisons.
func comparisonRule() infixRule {
	operand := func(n *Node) bool {
		if n == nil {
			return false
		}
		switch n.kind {
		case groupParen, groupFunction, groupIdentifier, groupOperation, groupTyped:
			return true
		default:
			return n.isScalar() || (n.isKeyword() && equalFold(n.Text, "NULL"))
		}
	}
	return infixRule{
		kind:  groupComparison,
		match: func(n *Node) bool { return n.kind == kindComparison },
		left:  operand, right: operand, absorb: always,
	}
}

// aliasRule joins value AS name.
func aliasRule() infixRule {
	return infixRule{
		kind:   groupIdentifier,
		match:  func(n *Node) bool { return n.isWord("AS") },
		left:   func(n *Node) bool { return !n.isKeyword() || equalFold(n.Text, "NULL") },
		right:  func(n *Node) bool { return n != nil && n.kind != kindKeywordOther },
		absorb: always,
	}
}

// listRule joins what stands between commas.
func listRule() infixRule {
	item := func(n *Node) bool {
		if n == nil {
			return false
		}
		switch n.kind {
		case groupFunction, groupCase, groupIdentifier, groupComparison, groupList, groupOperation,
			kindKeyword, kindWildcard:
			return true
		default:
			return n.isScalar()
		}
	}
	return infixRule{
		kind:  groupList,
		match: func(n *Node) bool { return n.isPunct(",") },
		left:  item, right: item, absorb: always,
	}
}
