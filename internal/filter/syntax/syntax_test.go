package syntax_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/syntax"
)

// shape writes the nodes of a filter as texts in brackets, with the parts of
// comparisons between bars.
func shape(nodes []syntax.Node) string {
	var b strings.Builder
	for i := range nodes {
		n := &nodes[i]
		if !n.IsComparison() {
			b.WriteString("[" + n.Text + "]")
			continue
		}
		var parts []string
		for _, p := range n.Parts() {
			parts = append(parts, p.Text)
		}
		b.WriteString("[" + strings.Join(parts, "|") + "]")
	}
	return b.String()
}

func TestClauses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, text, want string }{
		{"comparison", "a >= 1", "[a|>=|1]"},
		{"and", "a = 'x' and `b c` != \"y\"", "[a|=|'x'][and][`b c`|!=|\"y\"]"},
		{"dotted", `tags."a.b" LIKE 'x'`, `[tags."a.b"|LIKE|'x']`},
		{"list", "a IN ('x', 'y') AND b not in ('z')", "[a|IN|('x', 'y')][AND][b|NOT IN|('z')]"},
		{"null", "a is null AND b IS NOT NULL", "[a|IS NULL][AND][b|IS NOT NULL]"},
		{"or", "a = 1 OR b = 2", "[a|=|1][OR][b|=|2]"},
		{"parenthesis", "(a = 1)", "[(a = 1)]"},
		{"reserved word", "order = 'x'", "[order][=]['x']"},
		{"hidden", "a b c = 1", "[a b][c|=|1]"},
		{"comment", "a = 1 /* one */ AND b = 2", "[a|=|1|/* one */][AND][b|=|2]"},
		{"comment at the end", "a = 1 -- one", "[a|=|1][-- one]"},
		{"semicolon", "a = 1;", "[a|=|1][;]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			nodes, err := syntax.Clauses(tc.text)
			require.NoError(t, err)
			require.Equal(t, tc.want, shape(nodes))
		})
	}
}

func TestNoSingleExpression(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("(", 101) + strings.Repeat(")", 101)
	for text, want := range map[string]error{
		"": syntax.ErrEmpty, " \n": syntax.ErrEmpty, "a = 1; b = 2": syntax.ErrSeveral,
		deep: syntax.ErrTooLarge, strings.Repeat("a ", 5001): syntax.ErrTooLarge,
	} {
		_, err := syntax.Clauses(text)
		require.ErrorIs(t, err, want, "%.20q", text)
		_, err = syntax.Identifier(text)
		require.ErrorIs(t, err, want, "%.20q", text)
	}
}

func TestNodeKinds(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		value                        string
		integer, number, text, aList bool
	}{
		{value: "1", integer: true, number: true},
		{value: "-1.5e3", number: true},
		{value: "0x1F"},
		{value: "'x'", text: true},
		{value: `"x"`, text: true},
		{value: "x", text: true},
		{value: "('x')", aList: true},
	} {
		nodes, err := syntax.Clauses("a = " + tc.value)
		require.NoError(t, err)
		if !nodes[0].IsComparison() { // 0x1F is no operand
			require.Equal(t, "0x1F", tc.value)
			continue
		}
		parts := nodes[0].Parts()
		require.Len(t, parts, 3)
		require.True(t, parts[0].IsIdentifier())
		n := parts[2]
		require.Equal(t, tc.value, n.Text)
		require.Equal(t, []bool{tc.integer, tc.number, tc.text, tc.aList},
			[]bool{n.IsInteger(), n.IsNumber(), n.IsText(), n.IsList()}, tc.value)
	}
}

func TestIdentifier(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a": "a", "metrics.`a b` DESC": "metrics.`a b` DESC", "a  asc": "a  asc", "timestamp": "timestamp",
		"timestamp \t DESC": "timestamp DESC", `"a"`: `"a"`,
	} {
		got, err := syntax.Identifier(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"a, b", "1", "'a'", "date", "timestamp x", "a = 1", "order"} {
		_, err := syntax.Identifier(text)
		require.ErrorIs(t, err, syntax.ErrNoIdentifier, text)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{ // as shlex.split of Python 3 has it
		"": nil, " a  b\t": {"a", "b"}, `a"b c"d 'e "f'`: {"ab cd", `e "f`}, `a\ b "\"\x"`: {"a b", `"\x`}, `''`: {""}, "a #b": {"a", "#b"},
	} {
		got, ok := syntax.Words(text)
		require.True(t, ok, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{`"a`, `'a`, `a\`} {
		_, ok := syntax.Words(text)
		require.False(t, ok, text)
	}
}

// TestNothingIsLost: the nodes of a filter are stretches of it, in their order.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	piece := rapid.SampledFrom([]string{
		"a", "tags.b", "'x'", `"y"`, "`z", " ", "=", ">=", "AND", "IN", "NOT", "IS", "NULL", "(", ")", ",", "1", "-2.5", "é", "/*", "*/", "--\n", "[", "]",
		"CASE", "END", "::", ":=", "$a$", "LIKE", "order", "asc",
	})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(piece).Draw(t, "pieces"), " ")
		nodes, err := syntax.Clauses(text)
		if err != nil {
			require.ErrorIs(t, err, syntax.ErrEmpty)
			return
		}
		rest := text
		for i := range nodes {
			part := nodes[i].Text
			if nodes[i].IsComparison() && part == "" { // joined from words: its operand is a stretch
				part = nodes[i].Parts()[0].Text
			}
			at := strings.Index(rest, part)
			require.GreaterOrEqual(t, at, 0, "%q in %q", part, text)
			rest = rest[at+len(part):]
		}
	})
}

// FuzzSyntax: whatever it is given, each reader returns.
func FuzzSyntax(f *testing.F) {
	for _, text := range []string{
		"a = 'x' AND metrics.`b` >= 1e3", "a IN ('x', \"y\",)", "`metrics.a b` DESC", "(b'a', [1, {}], '''x''' '\\u00e9')", "-- \n;", "x := CASE END",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		nodes, err := syntax.Clauses(text)
		require.Equal(t, err != nil, len(nodes) == 0)
		for i := range nodes {
			if nodes[i].IsComparison() {
				require.NotEmpty(t, nodes[i].Parts())
			}
		}
		if name, err := syntax.Identifier(text); err == nil {
			require.NotEmpty(t, name)
		}
		syntax.Words(text)
		if items, ok := syntax.ParseTuple("(" + text + ")"); ok {
			again, ok := syntax.ParseTuple(syntax.Tuple(items))
			require.True(t, ok)
			require.Len(t, again, len(items))
		}
	})
}
