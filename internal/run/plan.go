package run

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/runfilter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// completeIndexes says which index rows are there for all settled runs of an
// experiment. What is not complete serves no search.
type completeIndexes interface {
	// basics are the rows of metrics, params and attributes.
	Basics() bool
	// datasets are the rows of dataset inputs.
	Datasets() bool
	Tag(key string) bool
	Trigrams(field string) bool
}

// Plan says how a search over one experiment finds its candidates. It knows
// nothing of how many there are; probes tell.
type Plan struct {
	IDs     []string // the only runs that can match; nil: any
	Sources []index.Source
	Order   *index.Order
}

// NewPlan chooses the indexes that can serve a query.
func NewPlan(q *runfilter.Query, complete completeIndexes) Plan {
	var p Plan
	for i := range q.Clauses {
		c := &q.Clauses[i]
		if ids := clauseIDs(c); ids != nil {
			p.IDs = index.Narrowed(p.IDs, ids)
			continue
		}
		if src, ok := planClause(c, complete); ok {
			p.Sources = append(p.Sources, src)
		}
	}
	p.Order = planOrder(q.Order, complete)
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

// planClause returns the index rows of the runs that satisfy a clause.
func planClause(c *filter.Clause, complete completeIndexes) (index.Source, bool) {
	switch c.Entity {
	case filter.EntityMetric:
		src := metricRanges(c)
		return src, complete.Basics() && src != nil
	case filter.EntityParam:
		return planText(c, keys.IndexParam, complete.Basics(), index.FieldParamPrefix+c.Key, complete)
	case filter.EntityTag:
		field := index.TagField(c.Key, complete.Trigrams)
		if c.Key == mlflow.RunNameTag {
			field = index.FieldRunName
		}
		return planText(c, keys.IndexTag, complete.Tag(c.Key), field, complete)
	case filter.EntityAttribute:
		if c.Attr == runfilter.RunName { // which filters take for the tag
			tag := *c
			tag.Entity, tag.Key = filter.EntityTag, mlflow.RunNameTag
			return planText(&tag, keys.IndexTag, complete.Tag(mlflow.RunNameTag), index.FieldRunName, complete)
		}
	case filter.EntityDataset:
		return planText(c, keys.IndexDataset, complete.Datasets(), "", complete)
	}
	return nil, false
}

// metricRanges returns the rows of the metrics that satisfy a clause: no
// others, so that "metrics.errors > 0" is selective where most have none.
func metricRanges(c *filter.Clause) index.Source {
	first, last := keys.MetricNumbers()
	r := index.Range{Kind: keys.IndexMetric, Name: c.Key, From: first, To: last}
	at := keys.Metric(c.Value.Float)
	from, to := keys.Bounds(at)
	switch c.Op {
	case filter.OpEq:
		r.From, r.To, r.Value = from, to, at
	case filter.OpGt:
		r.From = to
	case filter.OpGe:
		r.From = from
	case filter.OpLt:
		r.To = from
	case filter.OpLe:
		r.To = to
	case filter.OpNe:
		r.To = keys.Last // NaN is none of the numbers
	default:
		return nil
	}
	return index.Source{r}
}

// planText plans a clause on a text that has index rows by value, if byValue,
// and perhaps trigrams: those of field, "" if it can have none.
func planText(c *filter.Clause, kind keys.IndexKind, byValue bool, field string, complete completeIndexes) (index.Source, bool) {
	r := index.Range{Kind: kind, Name: c.Key, From: keys.First, To: keys.BehindTexts()}
	switch c.Op {
	case filter.OpEq:
		r = index.OfText(r, c.Value.Str)
	case filter.OpIn:
		switch list := index.AnyOf(r, c.Value.Strs); {
		case len(list) > index.MaxUnion:
			return nil, false
		case len(list) == 1:
			r = list[0]
		default:
			r.Union = list
		}
	case filter.OpIsNotNull:
	case filter.OpLike, filter.OpILike:
		if field != "" && complete.Trigrams(field) {
			if src := index.TrigramRanges(field, c.Value.Str); src != nil {
				return src, true
			}
		}
		prefix := index.BeforeWildcard(c.Value.Str)
		if c.Op == filter.OpILike || prefix == "" {
			return nil, false
		}
		r.From, r.To = keys.TextPrefix(prefix)
	default:
		return nil, false
	}
	return index.Source{r}, byValue
}

// planOrder returns the index in whose order the runs are asked for.
func planOrder(o filter.Order, complete completeIndexes) *index.Order {
	out := &index.Order{
		Key: o[0], Name: o[0].Key,
		Simple: len(o) == 3 && o[1].Attr == runfilter.StartTime && o[1].Desc && o[2].Attr == runfilter.RunID && !o[2].Desc,
	}
	usable := complete.Basics()
	switch o[0].Entity {
	case filter.EntityMetric:
		out.Kind = keys.IndexMetric
	case filter.EntityParam:
		out.Kind = keys.IndexParam
	case filter.EntityTag:
		out.Kind, usable = keys.IndexTag, complete.Tag(o[0].Key)
	case filter.EntityAttribute, filter.EntityDataset:
		out.Kind, usable = keys.IndexAttr, usable && o[0].Attr == runfilter.RunName
	}
	if !usable {
		return nil
	}
	return out
}
