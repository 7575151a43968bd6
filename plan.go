package dynamodbstore

import (
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/runfilter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
)

// completeIndexes says which index rows are there for all settled runs of an
// experiment. What is not complete serves no search.
type completeIndexes interface {
	// basics are the rows of metrics, params and attributes.
	basics() bool
	// datasets are the rows of dataset inputs.
	datasets() bool
	tag(key string) bool
	trigrams(field string) bool
}

// indexRange is a part of one partition of index rows.
type indexRange struct {
	kind     keys.IndexKind
	name     string
	from, to string // bounds of the sort keys
	// value is what all rows of the range have, "" if they have several
	// values. Rows of one value are in the default order of runs.
	value string
	// union, if not nil, stands for the ranges in it instead: those of single
	// values, of which a run has to be in one.
	union []indexRange
}

// indexSource is the index rows for one clause: every run that satisfies it is
// in each of the ranges, unless its index rows lag behind.
type indexSource []indexRange

// indexOrder is an index whose order is that of the search.
type indexOrder struct {
	kind   keys.IndexKind
	name   string
	key    filter.OrderKey
	simple bool // ties are in the default order
}

// runPlan says how a search over one experiment finds its candidates. It knows
// nothing of how many there are; probes tell.
type runPlan struct {
	ids     []string // the only runs that can match; nil: any
	sources []indexSource
	order   *indexOrder
}

// planRuns chooses the indexes that can serve a query.
func planRuns(q *runfilter.Query, complete completeIndexes) runPlan {
	var p runPlan
	for i := range q.Clauses {
		c := &q.Clauses[i]
		if ids := clauseIDs(c); ids != nil {
			p.ids = narrowed(p.ids, ids)
			continue
		}
		if src, ok := planClause(c, complete); ok {
			p.sources = append(p.sources, src)
		}
	}
	p.order = planOrder(q.Order, complete)
	return p
}

// clauseIDs returns the run ids that a clause names, nil if it is about
// something else.
func clauseIDs(c *filter.Clause) []string {
	if c.Entity != filter.EntityAttribute || c.Attr != runfilter.RunID {
		return nil
	}
	switch c.Op {
	case filter.OpEq:
		return []string{c.Value.Str}
	case filter.OpIn:
		return append([]string{}, c.Value.Strs...)
	default:
		return nil
	}
}

// narrowed returns the ids that are in both lists; nil stands for all.
func narrowed(ids, more []string) []string {
	if ids == nil {
		return more
	}
	return slices.DeleteFunc(ids, func(id string) bool { return !slices.Contains(more, id) })
}

// planClause returns the index rows of the runs that satisfy a clause.
func planClause(c *filter.Clause, complete completeIndexes) (indexSource, bool) {
	switch c.Entity {
	case filter.EntityMetric:
		src := metricRanges(c)
		return src, complete.basics() && src != nil
	case filter.EntityParam:
		return planText(c, keys.IndexParam, complete.basics(), fieldParamPrefix+c.Key, complete)
	case filter.EntityTag:
		field := tagField(c.Key, complete.trigrams)
		if c.Key == runNameTag {
			field = fieldRunName
		}
		return planText(c, keys.IndexTag, complete.tag(c.Key), field, complete)
	case filter.EntityAttribute:
		if c.Attr == runfilter.RunName { // which filters take for the tag
			tag := *c
			tag.Entity, tag.Key = filter.EntityTag, runNameTag
			return planText(&tag, keys.IndexTag, complete.tag(runNameTag), fieldRunName, complete)
		}
	case filter.EntityDataset:
		return planText(c, keys.IndexDataset, complete.datasets(), "", complete)
	}
	return nil, false
}

// metricRanges returns the rows of the metrics that satisfy a clause: no
// others, so that "metrics.errors > 0" is selective where most have none.
func metricRanges(c *filter.Clause) indexSource {
	first, last := keys.MetricNumbers()
	r := indexRange{kind: keys.IndexMetric, name: c.Key, from: first, to: last}
	at := keys.Metric(c.Value.Float)
	from, to := keys.Bounds(at)
	switch c.Op {
	case filter.OpEq:
		r.from, r.to, r.value = from, to, at
	case filter.OpGt:
		r.from = to
	case filter.OpGe:
		r.from = from
	case filter.OpLt:
		r.to = from
	case filter.OpLe:
		r.to = to
	case filter.OpNe:
		r.to = keys.Last // NaN is none of the numbers
	default:
		return nil
	}
	return indexSource{r}
}

// maxUnion is how many values of an IN have their index rows read side by side.
// More are left to the run list.
const maxUnion = 16

// planText plans a clause on a text that has index rows by value, if byValue,
// and perhaps trigrams: those of field, "" if it can have none.
func planText(c *filter.Clause, kind keys.IndexKind, byValue bool, field string, complete completeIndexes) (indexSource, bool) {
	r := indexRange{kind: kind, name: c.Key, from: keys.First, to: keys.BehindTexts()}
	switch c.Op {
	case filter.OpEq:
		r = ofText(r, c.Value.Str)
	case filter.OpIn:
		switch list := anyOf(r, c.Value.Strs); {
		case len(list) > maxUnion:
			return nil, false
		case len(list) == 1:
			r = list[0]
		default:
			r.union = list
		}
	case filter.OpIsNotNull:
	case filter.OpLike, filter.OpILike:
		if field != "" && complete.trigrams(field) {
			if src := trigramRanges(field, c.Value.Str); src != nil {
				return src, true
			}
		}
		prefix := beforeWildcard(c.Value.Str)
		if c.Op == filter.OpILike || prefix == "" {
			return nil, false
		}
		r.from, r.to = keys.TextPrefix(prefix)
	default:
		return nil, false
	}
	return indexSource{r}, byValue
}

// ofText returns the rows of one text in the partition of a range.
func ofText(r indexRange, text string) indexRange {
	r.value, _ = keys.Text(text)
	r.from, r.to = keys.Bounds(r.value)
	return r
}

// anyOf returns the rows of some texts in the partition of a range, those of
// each text once.
func anyOf(r indexRange, list []string) []indexRange {
	union := make([]indexRange, 0, len(list))
	for _, text := range list {
		one := ofText(r, text)
		if !slices.ContainsFunc(union, func(r indexRange) bool { return r.value == one.value }) {
			union = append(union, one)
		}
	}
	return union
}

// wildcards are the characters of LIKE that stand for others.
const wildcards = "%_"

// beforeWildcard is the beginning of a pattern that stands for itself.
func beforeWildcard(pattern string) string {
	if i := strings.IndexAny(pattern, wildcards); i >= 0 {
		return pattern[:i]
	}
	return pattern
}

// trigramRanges returns the rows of the trigrams that every text has that a
// LIKE pattern matches; nil if there are none.
func trigramRanges(field, pattern string) indexSource {
	var all []string
	for literal := range strings.FieldsFuncSeq(pattern, func(r rune) bool { return strings.ContainsRune(wildcards, r) }) {
		all = append(all, fieldTrigrams(literal)...)
	}
	if len(all) == 0 {
		return nil
	}
	slices.Sort(all)
	ranges := make(indexSource, 0, len(all))
	for _, t := range slices.Compact(all) {
		from, to := keys.Bounds(t)
		ranges = append(ranges, indexRange{kind: keys.IndexTrigram, name: field, from: from, to: to, value: t})
	}
	return ranges
}

// planOrder returns the index in whose order the runs are asked for.
func planOrder(o filter.Order, complete completeIndexes) *indexOrder {
	out := &indexOrder{
		key: o[0], name: o[0].Key,
		simple: len(o) == 3 && o[1].Attr == runfilter.StartTime && o[1].Desc && o[2].Attr == runfilter.RunID && !o[2].Desc,
	}
	usable := complete.basics()
	switch o[0].Entity {
	case filter.EntityMetric:
		out.kind = keys.IndexMetric
	case filter.EntityParam:
		out.kind = keys.IndexParam
	case filter.EntityTag:
		out.kind, usable = keys.IndexTag, complete.tag(o[0].Key)
	case filter.EntityAttribute, filter.EntityDataset:
		out.kind, usable = keys.IndexAttr, usable && o[0].Attr == runfilter.RunName
	}
	if !usable {
		return nil
	}
	return out
}
