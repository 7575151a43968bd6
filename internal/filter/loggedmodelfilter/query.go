// Package loggedmodelfilter is what searches for logged models can ask for:
// metrics, params, tags and the attributes of [Attr]. MLflow reads their filters
// by rules of their own, so that this package has a grammar beside that of package
// filter, over the same syntax. [Parse] turns a filter into a [Query], whose
// structure is open to planners; it is evaluated over any [View]. Orders are no
// text, and stand with the search.
//
// Source: MLflow 3.18, mlflow/utils/search_logged_model_utils.py, for what is
// accepted; mlflow/store/tracking/sqlalchemy_store.py for what it means on SQLite.
package loggedmodelfilter

import (
	"math"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
)

// Query is a parsed filter of a search over logged models.
type Query struct {
	// Clauses must all hold. Attributes have the names of [Attr].
	Clauses []filter.Clause
	// Datasets restrict points: a comparison of a metric is of the latest point of
	// any of them, and without such a comparison there must be a point of one.
	Datasets []Dataset
}

// Match tells whether a model satisfies the query.
func (q *Query) Match(v View) bool {
	metrics := false
	for i := range q.Clauses {
		c := &q.Clauses[i]
		metrics = metrics || c.Entity == filter.EntityMetric
		if !q.matchClause(c, v) {
			return false
		}
	}
	if metrics || len(q.Datasets) == 0 {
		return true
	}
	_, found := q.Latest(v, "", Dataset{})
	return found
}

func (q *Query) matchClause(c *filter.Clause, v View) bool {
	var s string
	var ok bool
	switch {
	case c.Entity == filter.EntityMetric:
		p, found := q.Latest(v, c.Key, Dataset{})
		return found && !math.IsNaN(c.Value.Float) && c.MatchMetric(p.Value)
	case c.Entity == filter.EntityParam:
		s, ok = v.Param(c.Key)
	case c.Entity == filter.EntityTag:
		s, ok = v.Tag(c.Key)
	case isTime(c.Key):
		return !math.IsNaN(c.Value.Float) && c.MatchInt(v.Time(c.Key))
	default:
		s, ok = v.Text(c.Key)
	}
	return ok && c.MatchText(s)
}

// Latest returns the point of a metric by which a model is compared and
// ordered: of those of the datasets of the query, and of one more, the one with
// the highest step, then timestamp, then value. The metric "" stands for all.
// Source: sqlalchemy_store.py, _get_latest_logged_model_metrics_subquery.
func (q *Query) Latest(v View, metric string, of Dataset) (latest Point, found bool) {
	v.Points(metric, func(p Point) bool {
		among := len(q.Datasets) == 0 || slices.ContainsFunc(q.Datasets, func(d Dataset) bool { return d.Has(p) })
		if among && of.Has(p) && (!found || p.isAfter(latest)) {
			latest, found = p, true
		}
		return true
	})
	return latest, found
}
