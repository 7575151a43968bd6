package experiment

import (
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/experimentfilter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
)

// experimentPlan says how a search over experiments finds its candidates.
type experimentPlan struct {
	ids     []string // the only experiments that can match; nil: any
	named   bool     // only the experiment of that name can
	name    string
	sources []index.Source
}

// planExperiments chooses what can serve a query. trigrams says which fields
// are indexed for every experiment.
func planExperiments(q *experimentfilter.Query, trigrams func(field string) bool) experimentPlan {
	var p experimentPlan
	for i := range q.Clauses {
		c := &q.Clauses[i]
		switch {
		case c.Attr == experimentfilter.ExperimentID && (c.Op == filter.OpEq || c.Op == filter.OpIn):
			p.ids = index.Narrowed(p.ids, experimentIDs(c.Value))
		case c.Attr == experimentfilter.Name && c.Op == filter.OpEq:
			p.named, p.name = true, c.Value.Str
		default:
			if src := experimentSource(c, trigrams); src != nil {
				p.sources = append(p.sources, src)
			}
		}
	}
	return p
}

// experimentIDs are the ids that a value names; one beyond 64 bits is nobody's.
func experimentIDs(v filter.Value) []string {
	ids := []string{}
	if v.Kind == filter.ValueInt {
		return append(ids, strconv.FormatInt(v.Int, 10))
	}
	for _, n := range v.Ints {
		ids = append(ids, strconv.FormatInt(n, 10))
	}
	return ids
}

// experimentSource returns the trigram rows for a clause; nil if there are
// none.
func experimentSource(c *filter.Clause, trigrams func(field string) bool) index.Source {
	if c.Op != filter.OpLike && c.Op != filter.OpILike {
		return nil
	}
	field := index.FieldExperimentName
	if c.Entity == filter.EntityTag {
		field = index.TagField(c.Key, trigrams)
	}
	if !trigrams(field) {
		return nil
	}
	return index.TrigramRanges(field, c.Value.Str)
}
