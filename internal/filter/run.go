package filter

import (
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// RunQuery is a parsed search over runs.
type RunQuery struct {
	// Clauses must all hold.
	Clauses []Clause
	// Order is the complete order of the result: what order_by asks for, then
	// the start time, latest first, then the run id.
	Order Order
}

// ParseRuns parses the filter and the order_by list of a search over runs. Errors
// are of type [*Error], and of several mistakes it reports the one that MLflow
// reports: the filter's form, then order_by, then comparators.
func ParseRuns(filter string, orderBy []string) (*RunQuery, error) {
	raw, err := parseRunFilter(filter)
	if err != nil {
		return nil, err
	}
	order, err := parseRunOrder(orderBy)
	if err != nil {
		return nil, err
	}
	q := &RunQuery{Order: order}
	for _, r := range raw {
		c, err := checkRunClause(r)
		if err != nil {
			return nil, err
		}
		q.Clauses = append(q.Clauses, c)
	}
	return q, nil
}

// Filter returns the clauses in canonical form, joined by AND.
func (q *RunQuery) Filter() string { return joinClauses(q.Clauses) }

func joinClauses(clauses []Clause) string {
	var b strings.Builder
	for i := range clauses {
		if i > 0 {
			b.WriteString(" AND ")
		}
		clauses[i].write(&b)
	}
	return b.String()
}

func parseRunFilter(text string) ([]rawClause, error) {
	comparisons, err := parseStatement(text, true)
	if err != nil {
		return nil, err
	}
	out := make([]rawClause, 0, len(comparisons))
	for _, c := range comparisons {
		raw, err := readRunClause(c)
		if err != nil {
			return nil, err
		}
		out = append(out, raw)
	}
	return out, nil
}

// readRunClause resolves the key and the value of a comparison.
// Source: search_utils.py, SearchUtils._get_comparison.
func readRunClause(c comparison) (rawClause, error) {
	if err := c.validate(); err != nil {
		return rawClause{}, err
	}
	entity, key, err := runIdentifier(c.parts[0].Text, isRunFilterKey, runFilterKeys)
	if err != nil {
		return rawClause{}, err
	}
	raw := rawClause{entity: entity, key: key, comparator: c.parts[1].Text}
	if c.isNullTest() {
		if entity != EntityTag && entity != EntityParam {
			return rawClause{}, invalid("IS NULL / IS NOT NULL is only supported for tags and params, not for '%s' '%s'",
				entity, key)
		}
		return raw, nil
	}
	raw.value, err = parseValue(entity, key, runAttr(key).IsInt(), "run_id", &c.parts[2])
	return raw, err
}

// checkRunClause checks the comparator and completes the clause.
// Source: sqlalchemy_store.py, _get_sqlalchemy_filter_clauses, and the is_*
// methods of SearchUtils.
func checkRunClause(raw rawClause) (Clause, error) {
	comparator := strings.ToUpper(raw.comparator)
	// Aliases of attributes count for every entity: metrics.created is the metric
	// start_time.
	c := Clause{Entity: raw.entity, Key: runAlias(raw.key), Value: raw.value}
	op, known := parseOp(comparator)
	c.Op = op
	switch raw.entity {
	case EntityMetric:
		if !known || !isNumericOp(op) {
			return c, invalidComparator(comparator, numericComparators(), "")
		}
	case EntityParam, EntityTag:
		if !known || !isStringOp(op) && !isNullOp(op) {
			closing := ""
			if raw.entity == EntityParam {
				closing = "'"
			}
			return c, invalidComparator(comparator, nullableComparators(), closing)
		}
	case EntityDataset:
		if !known || !isStringOp(op) && !isListOp(op) {
			return c, invalidComparator(comparator, stringComparators(), "")
		}
	case EntityAttribute:
		c.Attr = runAttr(raw.key)
		c.Key = c.Attr.String()
		if c.Attr.IsInt() && (!known || !isNumericOp(op)) {
			return c, invalidComparator(comparator, stringComparators(), "")
		}
		if !c.Attr.IsInt() && (!known || !isStringOp(op) && !isListOp(op)) {
			return c, invalidComparator(comparator, stringComparators(), "'")
		}
	}
	return c, checkList(&c)
}

func isRunFilterKey(key string) bool { return runAttr(key) != 0 }

// isRunOrderKey differs from isRunFilterKey in the aliases of run_name.
// Source: search_utils.py, SearchUtils.VALID_ORDER_BY_ATTRIBUTE_KEYS.
func isRunOrderKey(key string) bool {
	return runAttr(key) != 0 && (key == "run_name" || runAlias(key) != "run_name")
}

func runFilterKeys() string {
	return pyrepr.Set("artifact_uri", "end_time", "run_id", "run_name", "start_time", "status", "user_id",
		"created", "Created", "run name", "Run name", "Run Name")
}

func runOrderKeys() string {
	return pyrepr.Set("artifact_uri", "end_time", "run_id", "run_name", "start_time", "status", "user_id",
		"created", "Created")
}
