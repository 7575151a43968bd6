package filter

import (
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/syntax"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// Op is a comparator.
type Op uint8

// The comparators. Like compares case-sensitively, ILike without regard to the
// case of ASCII letters.
const (
	OpEq Op = iota
	OpNe
	OpGt
	OpGe
	OpLt
	OpLe
	OpLike
	OpILike
	OpIn
	OpNotIn
	OpIsNull
	OpIsNotNull
)

// opTexts is the spelling of each comparator, in the order of the constants.
func opTexts() [12]string {
	return [...]string{
		"=", "!=", ">", ">=", "<", "<=", "LIKE", "ILIKE", syntax.In, syntax.NotIn, syntax.IsNull, syntax.IsNotNull,
	}
}

// String returns the comparator as filters spell it.
func (o Op) String() string {
	if texts := opTexts(); int(o) < len(texts) {
		return texts[o]
	}
	return "Op(" + strconv.Itoa(int(o)) + ")"
}

// ParseOp finds the comparator with a spelling, in upper case.
func ParseOp(text string) (Op, bool) {
	for i, t := range opTexts() {
		if t == text {
			return Op(i), true
		}
	}
	return 0, false
}

// IsNumeric tells whether numbers are compared so.
func (o Op) IsNumeric() bool { return o <= OpLe }

// IsText tells whether a text is compared with one other so.
func (o Op) IsText() bool { return o <= OpNe || o == OpLike || o == OpILike }

// IsList tells whether the value is a list.
func (o Op) IsList() bool { return o == OpIn || o == OpNotIn }

// IsNull tells whether there is no value: IS NULL and IS NOT NULL.
func (o Op) IsNull() bool { return o == OpIsNull || o == OpIsNotNull }

// InvalidComparator is the text for a comparator that is not in set. MLflow
// forgets the closing quote in most places.
func InvalidComparator(comparator, set, closing string) *Error {
	return Invalidf("Invalid comparator '%s' not one of '%s%s", comparator, set, closing)
}

// TextComparators prints those of texts and lists.
func TextComparators() string { return pyrepr.Set("=", "!=", "LIKE", "ILIKE", syntax.In, syntax.NotIn) }

// CheckList refuses a list after any comparator but IN and NOT IN. The real store
// passes it on to the database, which fails.
func CheckList(c *Clause) error {
	if (c.Value.Kind == ValueStrings || c.Value.Kind == ValueInts) && !c.Op.IsList() {
		return Invalidf("Invalid comparator '%s' for a list of values. Use IN or NOT IN.", c.Op)
	}
	return nil
}
