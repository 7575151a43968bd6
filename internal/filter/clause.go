package filter

import (
	"math"
	"strconv"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// Entity says what kind of thing a clause or an order key is about.
type Entity uint8

// The entities, with the prefixes that filters spell them with. Which of them a
// search knows is up to its grammar.
const (
	EntityAttribute Entity = iota // attribute., attributes., attr., run. or none
	EntityMetric                  // metric., metrics.
	EntityParam                   // param., params., parameter., parameters.
	EntityTag                     // tag., tags.
	EntityDataset                 // dataset., datasets.
)

// String returns MLflow's canonical name of the entity, which error texts use.
func (e Entity) String() string {
	switch e {
	case EntityMetric:
		return "metric"
	case EntityParam:
		return "parameter"
	case EntityTag:
		return "tag"
	case EntityDataset:
		return "dataset"
	default:
		return "attribute"
	}
}

// Clause is one condition of a query. All clauses of a query must hold.
type Clause struct {
	// Entity is what the clause is about.
	Entity Entity
	// Key is the name of the metric, param or tag, the field of the dataset, or
	// the canonical name of the attribute.
	Key string
	// Attr is the attribute of an EntityAttribute clause.
	Attr Attr
	// Op is the comparator.
	Op Op
	// Value is what to compare with: a float for metrics; an int, ints or a float
	// for attributes that are integers; otherwise strings.
	Value Value
}

// String returns the clause in canonical form. Parsing it gives the same clause,
// unless its value holds both kinds of quotes or ends in a backslash, which
// MLflow's language cannot always express.
func (c *Clause) String() string {
	var b strings.Builder
	c.write(&b)
	return b.String()
}

func (c *Clause) write(b *strings.Builder) {
	writeKey(b, c.Entity, c.Key)
	b.WriteByte(' ')
	b.WriteString(c.Op.String())
	if c.Value.Kind != ValueNone {
		b.WriteByte(' ')
		c.Value.write(b, c.Attr.isQuoted())
	}
}

// writeKey writes prefix and key, quoting any key that is not one plain word.
func writeKey(b *strings.Builder, e Entity, key string) {
	b.WriteString(e.String())
	b.WriteByte('.')
	if e == EntityAttribute || e == EntityDataset {
		b.WriteString(key)
		return
	}
	quote := byte('`')
	if strings.Contains(key, "`") {
		quote = '"'
	}
	b.WriteByte(quote)
	b.WriteString(key)
	b.WriteByte(quote)
}

func (v *Value) write(b *strings.Builder, quoteInts bool) {
	switch v.Kind {
	case ValueString:
		writeQuoted(b, v.Str)
	case ValueInt:
		writeInt(b, v.Int, quoteInts)
	case ValueFloat:
		writeFloat(b, v.Float, quoteInts)
	case ValueStrings:
		writeList(b, len(v.Strs), func(i int) { b.WriteString(pyrepr.String(v.Strs[i])) })
	case ValueInts:
		writeList(b, len(v.Ints), func(i int) { writeInt(b, v.Ints[i], true) })
	case ValueNone:
	}
}

// writeList writes a list whose elements item writes.
func writeList(b *strings.Builder, n int, item func(i int)) {
	b.WriteByte('(')
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		item(i)
	}
	b.WriteByte(')')
}

func writeQuoted(b *strings.Builder, s string) {
	quote := byte('\'')
	if strings.Contains(s, "'") {
		quote = '"'
	}
	b.WriteByte(quote)
	b.WriteString(s)
	b.WriteByte(quote)
}

func writeInt(b *strings.Builder, n int64, quoted bool) {
	s := strconv.FormatInt(n, 10)
	if quoted {
		s = "'" + s + "'"
	}
	b.WriteString(s)
}

// writeFloat writes a literal that MLflow's tokenizer takes for a float: with a
// point or an exponent, and no plus sign.
func writeFloat(b *strings.Builder, f float64, quoted bool) {
	var s string
	switch {
	case quoted: // an experiment id beyond int64
		s = "'" + strconv.FormatFloat(f, 'f', 0, 64) + "'"
	case math.IsInf(f, 1):
		s = "1e999"
	case math.IsInf(f, -1):
		s = "-1e999"
	default:
		s = strings.Replace(strconv.FormatFloat(f, 'g', -1, 64), "e+", "e", 1)
		if !strings.ContainsAny(s, ".e") {
			s += ".0"
		}
	}
	b.WriteString(s)
}
