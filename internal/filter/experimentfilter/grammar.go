package experimentfilter

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// read resolves the key and the value of a comparison.
// Source: search_utils.py, SearchExperimentsUtils._get_comparison.
func read(c filter.Comparison) (filter.RawClause, error) {
	entity, key, err := identifier(c.Operand())
	if err != nil {
		return filter.RawClause{}, err
	}
	raw := filter.RawClause{Entity: entity, Key: key, Comparator: c.Comparator()}
	if c.IsNullTest() {
		if entity != filter.EntityTag {
			return filter.RawClause{}, filter.Invalidf("IS NULL / IS NOT NULL is only supported for tags, not for attribute '%s'", key)
		}
		return raw, nil
	}
	numeric := key == "creation_time" || key == "last_update_time"
	raw.Value, err = filter.ReadValue(entity, key, numeric, "experiment_id", c.Value())
	return raw, err
}

// check checks the comparator and completes the clause.
// Source: sqlalchemy_store.py, _get_search_experiments_filter_clauses.
func check(raw filter.RawClause) (filter.Clause, error) {
	c := filter.Clause{Entity: raw.Entity, Key: raw.Key, Value: raw.Value}
	op, known := filter.ParseOp(raw.Comparator)
	c.Op = op
	if raw.Entity == filter.EntityTag {
		if !known || !op.IsText() && !op.IsNull() {
			return c, filter.Invalidf("Invalid comparator for tag: %s", raw.Comparator)
		}
		return c, filter.CheckList(&c)
	}
	c.Attr = attr(raw.Key)
	switch c.Attr {
	case ExperimentID:
		if !known || op != filter.OpEq && op != filter.OpNe && !op.IsList() {
			return c, filter.Invalidf("Invalid comparator for experiment_id: %s", raw.Comparator)
		}
		if err := resolveIDs(&c.Value); err != nil {
			return c, err
		}
	case Name:
		if !known || !op.IsText() {
			return c, filter.InvalidComparator(raw.Comparator, filter.TextComparators(), "'")
		}
	default:
		if !known || !op.IsNumeric() {
			return c, filter.InvalidComparator(raw.Comparator, filter.TextComparators(), "")
		}
		if c.Value.Kind == filter.ValueFloat {
			return c, invalidTime(raw)
		}
	}
	return c, filter.CheckList(&c)
}

// invalidTime refuses a float for a time. An integer that became a float because
// it needs more than 64 bits is refused too; the database cannot take it.
func invalidTime(raw filter.RawClause) error {
	return filter.Invalidf("Invalid value for numeric attribute '%s': '%s'", raw.Key, pyrepr.Float(raw.Value.Float))
}

// resolveIDs turns the strings of an experiment_id clause into numbers. One that
// no id can equal, because it needs more than 64 bits, is dropped from a list.
// Source: mlflow/utils/validation.py, _parse_experiment_id.
func resolveIDs(v *filter.Value) error {
	if v.Kind == filter.ValueString {
		id, ok := filter.ParsePyInt(v.Str)
		if !ok {
			return invalidID(v.Str)
		}
		*v = id
		return nil
	}
	ids := make([]int64, 0, len(v.Strs))
	for _, s := range v.Strs {
		id, ok := filter.ParsePyInt(s)
		if !ok {
			return invalidID(s)
		}
		if id.Kind == filter.ValueInt {
			ids = append(ids, id.Int)
		}
	}
	*v = filter.Value{Kind: filter.ValueInts, Ints: ids}
	return nil
}

func invalidID(text string) error {
	return filter.Invalidf("Invalid experiment ID '%s'. Experiment ID must be a valid integer.", text)
}

// identifier resolves an identifier of an experiment filter or order_by.
// Source: search_utils.py, SearchExperimentsUtils._get_identifier.
func identifier(text string) (filter.Entity, string, error) {
	entity, key, err := filter.SplitIdentifier(text, "attribute", "attributes")
	if err != nil {
		return 0, "", err
	}
	key = filter.TrimKey(key)
	if entity == filter.EntityAttribute && attr(key) == 0 {
		return 0, "", filter.Invalidf("Invalid attribute key '%s' specified. Valid keys are '%s'", key,
			pyrepr.Set("name", "experiment_id", "creation_time", "last_update_time"))
	}
	return entity, key, nil
}

// attr finds the attribute with a name; 0 if there is none.
func attr(key string) filter.Attr {
	switch key {
	case "name":
		return Name
	case "experiment_id":
		return ExperimentID
	case "creation_time":
		return CreationTime
	case "last_update_time":
		return LastUpdateTime
	default:
		return 0
	}
}

// orderKey resolves a name of an order_by.
// Source: sqlalchemy_store.py, _get_search_experiments_order_by_clauses.
func orderKey(name string) (filter.OrderKey, error) {
	entity, key, err := identifier(name)
	if err != nil {
		return filter.OrderKey{}, err
	}
	if entity != filter.EntityAttribute {
		return filter.OrderKey{}, filter.Invalidf("Invalid order_by entity: %s", entity)
	}
	return filter.OrderKey{Key: key, Attr: attr(key), NullLow: true}, nil
}

// complete orders experiments of one place by id.
func complete(o filter.Order) filter.Order {
	return o.ThenBy(filter.OrderKey{Key: "experiment_id", Attr: ExperimentID, Desc: true, NullLow: true})
}
