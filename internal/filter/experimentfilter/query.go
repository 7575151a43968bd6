// Package experimentfilter is what searches for experiments can ask for: tags and
// the attributes below, in the language of package filter. [Parse] turns a filter
// and an order_by into a [Query], whose structure is open to planners; it is
// evaluated over any [filter.Tagged].
//
// Source: MLflow 3.18, mlflow/utils/search_utils.py, SearchExperimentsUtils, for
// what is accepted; mlflow/store/tracking/sqlalchemy_store.py for what it means on
// SQLite.
package experimentfilter

import "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"

// The attributes of experiments.
const (
	Name           filter.Attr = iota + 1
	ExperimentID               = filter.IDAttr | (iota + 1)
	CreationTime               = filter.IntAttr | (iota + 1)
	LastUpdateTime             = filter.IntAttr | (iota + 1)
)

// Query is a parsed search over experiments. Without order_by its order is the
// creation time, latest first, then the id, smallest first; with it, the largest
// id comes first among equals.
type Query struct{ filter.Query }

// Parse parses the filter and the order_by list of a search over experiments.
// Errors are of type [*filter.Error], and of several mistakes it reports the one
// that MLflow reports: the filter's form, then comparators and values, then
// order_by.
func Parse(where string, orderBy []string) (*Query, error) {
	if len(orderBy) == 0 {
		orderBy = []string{"creation_time DESC", "experiment_id ASC"}
	}
	g := filter.Grammar{Read: read, Check: check, OrderKey: orderKey, Complete: complete, Repeats: true}
	q, err := g.Parse(where, orderBy)
	if err != nil {
		return nil, err
	}
	return &Query{q}, nil
}

// Match tells whether the experiment satisfies every clause of the query. It does
// not allocate.
func (q *Query) Match(e filter.Tagged) bool { return q.MatchTagged(e) }
