package filter

import (
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/syntax"
)

// ExperimentQuery is a parsed search over experiments.
type ExperimentQuery struct {
	// Clauses must all hold.
	Clauses []Clause
	// Order is the complete order of the result. Without order_by it is the
	// creation time, latest first, then the id, smallest first; with it, the
	// largest id comes first among equals.
	Order Order
}

// ParseExperiments parses the filter and the order_by list of a search over
// experiments. Errors are of type [*Error], and of several mistakes it reports
// the one that MLflow reports: the filter's form, then comparators and values,
// then order_by.
func ParseExperiments(filter string, orderBy []string) (*ExperimentQuery, error) {
	comparisons, err := parseStatement(filter, false)
	if err != nil {
		return nil, err
	}
	raws := make([]rawClause, 0, len(comparisons))
	for _, c := range comparisons {
		raw, err := readExperimentClause(c)
		if err != nil {
			return nil, err
		}
		raws = append(raws, raw)
	}
	q := &ExperimentQuery{}
	for _, raw := range raws {
		c, err := checkExperimentClause(raw)
		if err != nil {
			return nil, err
		}
		q.Clauses = append(q.Clauses, c)
	}
	q.Order, err = parseExperimentOrder(orderBy)
	if err != nil {
		return nil, err
	}
	return q, nil
}

// Filter returns the clauses in canonical form, joined by AND.
func (q *ExperimentQuery) Filter() string { return joinClauses(q.Clauses) }

// readExperimentClause resolves the key and the value of a comparison.
// Source: search_utils.py, SearchExperimentsUtils._get_comparison.
func readExperimentClause(c comparison) (rawClause, error) {
	if err := c.validate(); err != nil {
		return rawClause{}, err
	}
	entity, key, err := experimentIdentifier(c.parts[0].Text)
	if err != nil {
		return rawClause{}, err
	}
	raw := rawClause{entity: entity, key: key, comparator: strings.ToUpper(c.parts[1].Text)}
	if c.isNullTest() {
		if entity != EntityTag {
			return rawClause{}, invalid("IS NULL / IS NOT NULL is only supported for tags, not for attribute '%s'", key)
		}
		return raw, nil
	}
	numeric := key == "creation_time" || key == "last_update_time"
	raw.value, err = parseValue(entity, key, numeric, "experiment_id", &c.parts[2])
	return raw, err
}

// checkExperimentClause checks the comparator and completes the clause.
// Source: sqlalchemy_store.py, _get_search_experiments_filter_clauses.
func checkExperimentClause(raw rawClause) (Clause, error) {
	c := Clause{Entity: raw.entity, Key: raw.key, Value: raw.value}
	op, known := parseOp(raw.comparator)
	c.Op = op
	if raw.entity == EntityTag {
		if !known || !isStringOp(op) && !isNullOp(op) {
			return c, invalid("Invalid comparator for tag: %s", raw.comparator)
		}
		return c, checkList(&c)
	}
	c.Attr = experimentAttr(raw.key)
	switch c.Attr {
	case AttrExperimentID:
		if !known || op != OpEq && op != OpNe && !isListOp(op) {
			return c, invalid("Invalid comparator for experiment_id: %s", raw.comparator)
		}
		if err := resolveIDs(&c.Value); err != nil {
			return c, err
		}
	case AttrName:
		if !known || !isStringOp(op) {
			return c, invalidComparator(raw.comparator, stringComparators(), "'")
		}
	default:
		if !known || !isNumericOp(op) {
			return c, invalidComparator(raw.comparator, stringComparators(), "")
		}
		if c.Value.Kind == ValueFloat {
			return c, invalidTime(raw)
		}
	}
	return c, checkList(&c)
}

// invalidTime refuses a float for a time. An integer that became a float because
// it needs more than 64 bits is refused too; the database cannot take it.
func invalidTime(raw rawClause) error {
	return invalid("Invalid value for numeric attribute '%s': '%s'", raw.key, syntax.Float(raw.value.Float))
}

// resolveIDs turns the strings of an experiment_id clause into numbers. One that
// no id can equal, because it needs more than 64 bits, is dropped from a list.
// Source: mlflow/utils/validation.py, _parse_experiment_id.
func resolveIDs(v *Value) error {
	if v.Kind == ValueString {
		id, ok := parsePyInt(v.Str)
		if !ok {
			return invalidID(v.Str)
		}
		*v = id
		return nil
	}
	ids := make([]int64, 0, len(v.Strs))
	for _, s := range v.Strs {
		id, ok := parsePyInt(s)
		if !ok {
			return invalidID(s)
		}
		if id.Kind == ValueInt {
			ids = append(ids, id.Int)
		}
	}
	*v = Value{Kind: ValueInts, Ints: ids}
	return nil
}

func invalidID(text string) error {
	return invalid("Invalid experiment ID '%s'. Experiment ID must be a valid integer.", text)
}
