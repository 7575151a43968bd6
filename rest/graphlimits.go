package rest

import (
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// The limits of a query. Source: MLflow 3.17, server/graphql/graphql_no_batching.py
// and environment_variables.py.
const (
	maxGraphDepth      = 10
	maxGraphSelections = 1000
	maxGraphTokens     = 20_000

	// DefaultGraphRootFields and DefaultGraphAliases are how many fields a query
	// may have at its root and how many aliases in one object.
	DefaultGraphRootFields = 10
	DefaultGraphAliases    = 10
)

type graphLimits struct{ rootFields, aliases int }

// WithGraphLimits sets how many fields a GraphQL query may have at its root and
// how many aliases in one object, instead of [DefaultGraphRootFields] and
// [DefaultGraphAliases].
func WithGraphLimits(rootFields, aliases int) Option {
	return func(c *config) { c.graphLimits = graphLimits{rootFields, aliases} }
}

// check says why a query is refused before anything is done for it, "" if it is
// not.
func (l graphLimits) check(query string) string {
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: query}, maxGraphTokens)
	if err != nil {
		return "Syntax Error: " + err.Error()
	}
	c := graphCount{fragments: doc.Fragments}
	for _, op := range doc.Operations {
		if text := c.count(op.SelectionSet, 1); text != "" {
			return text
		}
	}
	switch {
	case c.rootFields > l.rootFields:
		return tooMany(c.rootFields, l.rootFields, "root fields", "MLFLOW_SERVER_GRAPHQL_MAX_ROOT_FIELDS")
	case c.aliases > l.aliases:
		return tooMany(c.aliases, l.aliases, "aliases", "MLFLOW_SERVER_GRAPHQL_MAX_ALIASES")
	}
	return ""
}

func tooMany(n, limit int, what, setting string) string {
	return "GraphQL queries should have at most " + strconv.Itoa(limit) + " " + what + ", got " + strconv.Itoa(n) + " " +
		what + ". To increase the limit, set the " + setting + " environment variable."
}

// graphCount counts what a query asks for.
type graphCount struct {
	fragments  ast.FragmentDefinitionList
	rootFields int
	selections int
	aliases    int // the most of one object
}

// count counts the fields of an object and, by calling itself, those below. It
// ends at the limit of depth, which a fragment that contains itself meets too.
func (c *graphCount) count(set ast.SelectionSet, depth int) string {
	if depth > maxGraphDepth {
		return "Query exceeds maximum depth of " + strconv.Itoa(maxGraphDepth)
	}
	aliases := 0
	for _, f := range c.fields(nil, set, map[string]bool{}) {
		if depth == 1 {
			c.rootFields++
		}
		if f.Alias != f.Name {
			aliases++
		}
		if c.selections++; c.selections > maxGraphSelections {
			return "Query exceeds maximum total selections of " + strconv.Itoa(maxGraphSelections)
		}
		if len(f.SelectionSet) > 0 {
			if text := c.count(f.SelectionSet, depth+1); text != "" {
				return text
			}
		}
	}
	c.aliases = max(c.aliases, aliases)
	return ""
}

// fields appends the fields of one object, those of its fragments included.
func (c *graphCount) fields(to []*ast.Field, set ast.SelectionSet, seen map[string]bool) []*ast.Field {
	for _, s := range set {
		if len(to) > maxGraphSelections {
			return to
		}
		switch s := s.(type) {
		case *ast.Field:
			to = append(to, s)
		case *ast.InlineFragment:
			to = c.fields(to, s.SelectionSet, seen)
		case *ast.FragmentSpread:
			if d := c.fragments.ForName(s.Name); d != nil && !seen[s.Name] {
				seen[s.Name] = true
				to = c.fields(to, d.SelectionSet, seen)
			}
		}
	}
	return to
}
