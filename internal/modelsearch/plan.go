package modelsearch

import (
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/modelfilter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
)

// trigramSize is the least bytes of a prefix that is as selective as a trigram.
const trigramSize = 3

// modelPlan says how a search over registered models finds its candidates.
type modelPlan struct {
	names   []string // the only ones that can match; nil: any
	prefix  string   // with which all that can match begin
	sources []index.Source
}

// planModels chooses what can serve clauses on the names of models.
func planModels(clauses []filter.Clause) modelPlan {
	var p modelPlan
	for i := range clauses {
		c := &clauses[i]
		if c.Entity != filter.EntityAttribute || c.Attr != modelfilter.Name {
			continue
		}
		switch c.Op {
		case filter.OpEq, filter.OpIn:
			p.names = index.Narrowed(p.names, clauseTexts(c))
		case filter.OpLike, filter.OpILike:
			if src := index.TrigramRanges(index.FieldModelName, c.Value.Str); src != nil {
				p.sources = append(p.sources, src)
			}
			if at := strings.IndexAny(c.Value.Str+index.Wildcards, index.Wildcards); c.Op == filter.OpLike && at > len(p.prefix) {
				p.prefix = c.Value.Str[:at]
			}
		default:
		}
	}
	return p
}

// clauseTexts are the texts that an equality or a list names.
func clauseTexts(c *filter.Clause) []string {
	if c.Op == filter.OpEq {
		return []string{c.Value.Str}
	}
	return append([]string{}, c.Value.Strs...)
}
