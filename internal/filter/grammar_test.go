package filter_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
)

// The attributes of a parcel, an entity that there is only here.
const (
	sender   filter.Attr = iota + 1
	weight               = filter.IntAttr | (iota + 1)
	parcelID             = filter.IDAttr | (iota + 1)
)

// parcels is the grammar of searches for parcels.
func parcels() filter.Grammar {
	attr := func(key string) filter.Attr {
		return map[string]filter.Attr{"sender": sender, "weight": weight, "parcel_id": parcelID}[key]
	}
	identify := func(text string) (filter.Entity, string, error) {
		entity, key, err := filter.SplitIdentifier(text, "attribute")
		if err == nil && entity == filter.EntityAttribute && attr(key) == 0 {
			err = filter.Invalidf("no attribute %s", key)
		}
		return entity, filter.TrimKey(key), err
	}
	return filter.Grammar{
		Read: func(c filter.Comparison) (filter.RawClause, error) {
			entity, key, err := identify(c.Operand())
			if err != nil {
				return filter.RawClause{}, err
			}
			raw := filter.RawClause{Entity: entity, Key: key, Comparator: c.Comparator()}
			if !c.IsNullTest() {
				raw.Value, err = filter.ReadValue(entity, key, attr(key).IsInt(), "sender", c.Value())
			}
			return raw, err
		},
		Check: func(raw filter.RawClause) (filter.Clause, error) {
			c := filter.Clause{Entity: raw.Entity, Key: raw.Key, Value: raw.Value}
			if c.Entity == filter.EntityAttribute {
				c.Attr = attr(raw.Key)
			}
			op, known := filter.ParseOp(raw.Comparator)
			if c.Op = op; !known {
				return c, filter.InvalidComparator(raw.Comparator, filter.TextComparators(), "'")
			}
			return c, filter.CheckList(&c)
		},
		OrderKey: func(name string) (filter.OrderKey, error) {
			_, key, err := identify(name)
			return filter.OrderKey{Key: key, Attr: attr(key), NullLow: key == "weight"}, err
		},
		Complete: func(o filter.Order) filter.Order { return o.ThenBy(filter.OrderKey{Key: "parcel_id", Attr: parcelID}) },
	}
}

// parcel is a parcel to search for. One that weighs 0 has not been weighed.
type parcel struct {
	sender     string
	weight, id int64
	tags       map[string]string
}

func (p *parcel) Tag(key string) (string, bool) {
	s, ok := p.tags[key]
	return s, ok
}

func (p *parcel) StringAttr(filter.Attr) (string, bool) { return p.sender, true }

func (p *parcel) IntAttr(a filter.Attr) (int64, bool) {
	if a == parcelID {
		return p.id, true
	}
	return p.weight, p.weight != 0
}

func TestGrammar(t *testing.T) {
	t.Parallel()
	all := []*parcel{
		{"ann", 3, 1, map[string]string{"to": "oslo"}}, {"bob", 5, 2, nil}, {"ANN", 0, 3, map[string]string{"to": "Rome"}}, {"ann", 5, 4, nil},
	}
	for _, tc := range []struct {
		name, where string
		orderBy     []string
		want        []int64
		printed     string
	}{
		{"all", "", nil, []int64{1, 2, 3, 4}, ""},
		{"text", "sender = 'ann'", []string{"parcel_id DESC"}, []int64{4, 1}, "attribute.sender = 'ann'"},
		{"like", "sender ILIKE 'a_n' AND attribute.weight > 4.5", nil, []int64{4}, "attribute.sender ILIKE 'a_n' AND attribute.weight > 4.5"},
		{"list", "sender NOT IN ('ann', \"it's\")", nil, []int64{2, 3}, `attribute.sender NOT IN ('ann', "it's")`},
		{"null", "tags.to IS NULL", nil, []int64{2, 4}, "tag.`to` IS NULL"},
		{"absent", "tags.`to` != 'oslo' AND parcel_id >= 2", nil, []int64{3}, "tag.`to` != 'oslo' AND attribute.parcel_id >= '2'"},
		{"order", "", []string{"weight", "sender DESC"}, []int64{3, 1, 2, 4}, ""},
		{"reverse", "", []string{"weight DESC"}, []int64{2, 4, 1, 3}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			g := parcels()
			q, err := g.Parse(tc.where, tc.orderBy)
			require.NoError(t, err)
			require.Equal(t, tc.printed, q.Filter())
			found := slices.DeleteFunc(slices.Clone(all), func(p *parcel) bool { return !q.MatchTagged(p) })
			slices.SortFunc(found, func(a, b *parcel) int {
				return q.Order.Compare(q.Order.AppendTagged(nil, a), q.Order.AppendTagged(nil, b))
			})
			var got []int64
			for _, p := range found {
				got = append(got, p.id)
			}
			require.Equal(t, tc.want, got)
		})
	}
}

// TestMistakesInTurn: form, keys and values of all clauses come before any
// comparator, and order_by before or after these.
func TestMistakesInTurn(t *testing.T) {
	t.Parallel()
	g := parcels()
	first, stray, repeats := g, g, g
	first.OrderFirst, stray.QuoteStrays, repeats.Repeats = true, true, true
	twice := []string{"sender", "sender DESC"}
	deep := strings.Repeat("(", 101) + strings.Repeat(")", 101)
	for _, tc := range []struct {
		name    string
		grammar filter.Grammar
		where   string
		orderBy []string
		want    string
	}{
		{"form", g, "sender == 'a' AND 'x' = 'y'", twice, "Invalid comparison clause. Expected 'Identifier' found ''x''"},
		{"key", g, "sender == 'a' AND colour = 'y'", twice, "no attribute colour"},
		{"value", g, "sender == 'a' AND tags.x = 1", twice, "Expected a quoted string value for tag (e.g. 'my-value'). Got value 1"},
		{"comparator", g, "sender == 'a'", twice, "Invalid comparator '==' not one of '{'=', '!=', 'LIKE', 'ILIKE', 'IN', 'NOT IN'}'"},
		{"list", g, "sender = ('a')", twice, "Invalid comparator '=' for a list of values. Use IN or NOT IN."},
		{"order after it", g, "sender = 'a'", twice, "`order_by` contains duplicate fields: ['sender', 'sender DESC']"},
		{"order before it", first, "sender == 'a'", twice, "`order_by` contains duplicate fields: ['sender', 'sender DESC']"},
		{"order's key", g, "", []string{"colour"}, "no attribute colour"},
		{"order's direction", g, "", []string{"sender up"}, "Invalid ordering key in order_by clause 'sender up'."},
		{"open quote", g, "", []string{`"a'b`}, "Invalid order_by clause '\"a'b'. Could not be parsed."},
		{"strays", g, "sender = 'a' OR x", nil, "Invalid clause(s) in filter string: OR, x"},
		{"quoted strays", stray, "sender = 'a' OR x", nil, "Invalid clause(s) in filter string: 'OR', 'x'"},
		{"nothing", g, " ", nil, "Invalid filter ' '. Could not be parsed."},
		{"too much", g, deep, nil, "Error on parsing filter '" + deep + "'"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := tc.grammar.Parse(tc.where, tc.orderBy)
			var e *filter.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, tc.want, e.Message)
		})
	}
	q, err := repeats.Parse("", twice)
	require.NoError(t, err)
	require.Equal(t, "attribute.sender ASC, attribute.parcel_id ASC", q.Order.String())
}

func TestOps(t *testing.T) {
	t.Parallel()
	for op := filter.OpEq; op <= filter.OpIsNotNull; op++ {
		parsed, ok := filter.ParseOp(op.String())
		require.True(t, ok)
		require.Equal(t, op, parsed)
		require.Equal(t, slices.Contains([]string{"=", "!=", ">", ">=", "<", "<="}, op.String()), op.IsNumeric(), op)
		require.Equal(t, slices.Contains([]string{"=", "!=", "LIKE", "ILIKE"}, op.String()), op.IsText(), op)
		require.Equal(t, strings.HasSuffix(op.String(), "IN"), op.IsList(), op)
		require.Equal(t, strings.HasSuffix(op.String(), "NULL"), op.IsNull(), op)
	}
	_, ok := filter.ParseOp("like")
	require.False(t, ok)
}

func TestTrimKey(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a": "a", "'a'": "a", `"a"`: "a", "`a`": "a", "\"`a`\"": "a", "''a''": "'a'", "`'a'`": "'a'", "'": "'", "": "",
	} {
		require.Equal(t, want, filter.TrimKey(text), text)
	}
}

// TestMatchInt: an integer is compared with a float exactly, and with ids.
func TestMatchInt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n, m := rapid.Int64().Draw(t, "n"), rapid.Int64().Draw(t, "m")
		op := rapid.SampledFrom([]filter.Op{filter.OpEq, filter.OpNe, filter.OpGt, filter.OpGe, filter.OpLt, filter.OpLe}).Draw(t, "op")
		want := map[filter.Op]bool{
			filter.OpEq: n == m, filter.OpNe: n != m, filter.OpGt: n > m, filter.OpGe: n >= m, filter.OpLt: n < m, filter.OpLe: n <= m,
		}[op]
		c := filter.Clause{Op: op, Value: filter.Value{Kind: filter.ValueInt, Int: m}}
		require.Equal(t, want, c.MatchInt(n))
		if f := float64(m); m > -1<<53 && m < 1<<53 {
			c.Value = filter.Value{Kind: filter.ValueFloat, Float: f}
			require.Equal(t, want, c.MatchInt(n))
		}
		c = filter.Clause{Op: filter.OpIn, Value: filter.Value{Kind: filter.ValueInts, Ints: []int64{m, 7}}}
		require.Equal(t, n == m || n == 7, c.MatchInt(n))
		c.Op = filter.OpNotIn
		require.Equal(t, n != m && n != 7, c.MatchInt(n))
	})
}
