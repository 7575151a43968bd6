package runfilter

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/syntax"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// read resolves the key and the value of a comparison.
// Source: search_utils.py, SearchUtils._get_comparison.
func read(c filter.Comparison) (filter.RawClause, error) {
	entity, key, err := identifier(c.Operand(), isFilterKey, filterKeys)
	if err != nil {
		return filter.RawClause{}, err
	}
	raw := filter.RawClause{Entity: entity, Key: key, Comparator: c.Comparator()}
	if c.IsNullTest() {
		if entity != filter.EntityTag && entity != filter.EntityParam {
			return filter.RawClause{}, filter.Invalidf("IS NULL / IS NOT NULL is only supported for tags and params, not for '%s' '%s'",
				entity, key)
		}
		return raw, nil
	}
	raw.Value, err = filter.ReadValue(entity, key, attr(key).IsInt(), "run_id", c.Value())
	return raw, err
}

// check checks the comparator and completes the clause.
// Source: sqlalchemy_store.py, _get_sqlalchemy_filter_clauses, and the is_*
// methods of SearchUtils.
func check(raw filter.RawClause) (filter.Clause, error) {
	// Aliases of attributes count for every entity: metrics.created is the metric
	// start_time.
	c := filter.Clause{Entity: raw.Entity, Key: alias(raw.Key), Value: raw.Value}
	op, known := filter.ParseOp(raw.Comparator)
	c.Op = op
	switch raw.Entity {
	case filter.EntityMetric:
		if !known || !op.IsNumeric() {
			return c, filter.InvalidComparator(raw.Comparator, numericComparators(), "")
		}
	case filter.EntityParam, filter.EntityTag:
		if !known || !op.IsText() && !op.IsNull() {
			closing := ""
			if raw.Entity == filter.EntityParam {
				closing = "'"
			}
			return c, filter.InvalidComparator(raw.Comparator, nullableComparators(), closing)
		}
	case filter.EntityDataset:
		if !known || !op.IsText() && !op.IsList() {
			return c, filter.InvalidComparator(raw.Comparator, filter.TextComparators(), "")
		}
	case filter.EntityAttribute:
		c.Attr = attr(raw.Key)
		if c.Attr.IsInt() && (!known || !op.IsNumeric()) {
			return c, filter.InvalidComparator(raw.Comparator, filter.TextComparators(), "")
		}
		if !c.Attr.IsInt() && (!known || !op.IsText() && !op.IsList()) {
			return c, filter.InvalidComparator(raw.Comparator, filter.TextComparators(), "'")
		}
	}
	return c, filter.CheckList(&c)
}

func numericComparators() string { return pyrepr.Set("=", "!=", ">", ">=", "<", "<=") }

func nullableComparators() string {
	return pyrepr.Set("=", "!=", "LIKE", "ILIKE", syntax.IsNull, syntax.IsNotNull)
}

// orderKey resolves a name of an order_by.
// Source: sqlalchemy_store.py, _get_orderby_clauses.
func orderKey(name string) (filter.OrderKey, error) {
	entity, key, err := identifier(name, isOrderKey, orderKeys)
	if err != nil {
		return filter.OrderKey{}, err
	}
	if entity == filter.EntityDataset {
		return filter.OrderKey{}, filter.Invalidf("Invalid identifier type 'dataset'")
	}
	// A metric called created is ordered by as start_time: aliases count
	// for every entity.
	next := filter.OrderKey{Entity: entity, Key: alias(key)}
	if entity == filter.EntityAttribute {
		next.Attr = attr(key)
	}
	return next, nil
}

// complete orders runs of one place by start time and id.
func complete(o filter.Order) filter.Order {
	return o.
		ThenBy(filter.OrderKey{Key: "start_time", Attr: StartTime, Desc: true}).
		ThenBy(filter.OrderKey{Key: "run_id", Attr: RunID})
}
