package index

import (
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
)

// Range is a part of one partition of index rows.
type Range struct {
	Kind     keys.IndexKind
	Name     string
	From, To string // bounds of the sort keys
	// value is what all rows of the range have, "" if they have several
	// values. Rows of one value are in the default order of runs.
	Value string
	// union, if not nil, stands for the ranges in it instead: those of single
	// values, of which a run has to be in one.
	Union []Range
}

// Source is the index rows for one clause: every run that satisfies it is
// in each of the ranges, unless its index rows lag behind.
type Source []Range

// Order is an index whose order is that of the search.
type Order struct {
	Kind   keys.IndexKind
	Name   string
	Key    filter.OrderKey
	Simple bool // ties are in the default order
}

// Narrowed returns the ids that are in both lists; nil stands for all.
func Narrowed(ids, more []string) []string {
	if ids == nil {
		return more
	}
	return slices.DeleteFunc(ids, func(id string) bool { return !slices.Contains(more, id) })
}

// MaxUnion is how many values of an IN have their index rows read side by side.
// More are left to the run list.
const MaxUnion = 16

// OfText returns the rows of one text in the partition of a range.
func OfText(r Range, text string) Range {
	r.Value, _ = keys.Text(text)
	r.From, r.To = keys.Bounds(r.Value)
	return r
}

// AnyOf returns the rows of some texts in the partition of a range, those of
// each text once.
func AnyOf(r Range, list []string) []Range {
	union := make([]Range, 0, len(list))
	for _, text := range list {
		one := OfText(r, text)
		if !slices.ContainsFunc(union, func(r Range) bool { return r.Value == one.Value }) {
			union = append(union, one)
		}
	}
	return union
}

// Wildcards are the characters of LIKE that stand for others.
const Wildcards = "%_"

// BeforeWildcard is the beginning of a pattern that stands for itself.
func BeforeWildcard(pattern string) string {
	if i := strings.IndexAny(pattern, Wildcards); i >= 0 {
		return pattern[:i]
	}
	return pattern
}

// TrigramRanges returns the rows of the trigrams that every text has that a
// LIKE pattern matches; nil if there are none.
func TrigramRanges(field, pattern string) Source {
	var all []string
	for literal := range strings.FieldsFuncSeq(pattern, func(r rune) bool { return strings.ContainsRune(Wildcards, r) }) {
		all = append(all, Trigrams(literal)...)
	}
	if len(all) == 0 {
		return nil
	}
	slices.Sort(all)
	ranges := make(Source, 0, len(all))
	for _, t := range slices.Compact(all) {
		from, to := keys.Bounds(t)
		ranges = append(ranges, Range{Kind: keys.IndexTrigram, Name: field, From: from, To: to, Value: t})
	}
	return ranges
}
