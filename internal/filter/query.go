package filter

import "strings"

// Query is a parsed search. What evaluates it over an entity stands in the
// entity's package, or is [Query.MatchTagged].
type Query struct {
	// Clauses must all hold.
	Clauses []Clause
	// Order is the complete order of the result.
	Order Order
}

// Filter returns the clauses in canonical form, joined by AND.
func (q *Query) Filter() string {
	var b strings.Builder
	for i := range q.Clauses {
		if i > 0 {
			b.WriteString(" AND ")
		}
		q.Clauses[i].write(&b)
	}
	return b.String()
}
