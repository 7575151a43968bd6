// Package runfilter is what searches for runs can ask for: metrics, params,
// tags, dataset inputs and the attributes below, in the language of package
// filter. [Parse] turns a filter and an order_by into a [Query], whose structure
// is open to planners; it is evaluated over any [View].
//
// Source: MLflow 3.18, mlflow/utils/search_utils.py, SearchUtils, for what is
// accepted; mlflow/store/tracking/sqlalchemy_store.py for what it means on SQLite.
package runfilter

import "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"

// The attributes of runs.
const (
	RunID filter.Attr = iota + 1
	// RunName in a clause is about the tag mlflow.runName, as in MLflow's SQL
	// store. An order goes by the run's own name.
	RunName
	UserID
	Status
	ArtifactURI
	StartTime = filter.IntAttr | (iota + 1)
	EndTime   = filter.IntAttr | (iota + 1)
)

// Query is a parsed search over runs. Its order is what order_by asks for, then
// the start time, latest first, then the run id.
type Query struct{ filter.Query }

// Parse parses the filter and the order_by list of a search over runs. Errors are
// of type [*filter.Error], and of several mistakes it reports the one that MLflow
// reports: the filter's form, then order_by, then comparators.
func Parse(where string, orderBy []string) (*Query, error) {
	g := filter.Grammar{
		Read: read, Check: check, OrderKey: orderKey, Complete: complete, OrderFirst: true, QuoteStrays: true,
	}
	q, err := g.Parse(where, orderBy)
	if err != nil {
		return nil, err
	}
	return &Query{q}, nil
}

// Match tells whether the run satisfies every clause of the query. It does not
// allocate.
func (q *Query) Match(v View) bool {
	for i := range q.Clauses {
		if !matches(&q.Clauses[i], v) {
			return false
		}
	}
	return true
}

// AppendPlace appends the run's place in the order to t, which may be a tuple of
// another run cut to length 0.
func (q *Query) AppendPlace(t filter.Tuple, v View) filter.Tuple {
	order := q.Order
	for i := range order {
		k := &order[i]
		switch {
		case k.Entity == filter.EntityMetric:
			t = append(t, filter.MetricElement(v.Metric(k.Key)))
		case k.Entity == filter.EntityParam:
			t = append(t, filter.TextElement(v.Param(k.Key)))
		case k.Entity == filter.EntityTag:
			t = append(t, filter.TextElement(v.Tag(k.Key)))
		case k.Attr.IsInt():
			t = append(t, filter.IntElement(v.IntAttr(k.Attr)))
		default:
			t = append(t, filter.TextElement(v.StringAttr(k.Attr)))
		}
	}
	return t
}
