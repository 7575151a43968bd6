package loggedmodelfilter

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/syntax"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// Parse parses the filter of a search over logged models. Errors are of type
// [*filter.Error]. Where MLflow fails with an internal error, over unknown
// attributes and numbers that are none, the texts are our own.
// Source: utils/search_logged_model_utils.py.
func Parse(text string) (*Query, error) {
	q := &Query{}
	if text == "" {
		return q, nil
	}
	nodes, err := syntax.Clauses(text)
	switch {
	case errors.Is(err, syntax.ErrTooLarge):
		return nil, filter.Invalidf("Invalid filter string: %s. It is too long.", pyrepr.String(text))
	case err != nil:
		return nil, filter.Invalidf("Invalid filter string: %s. Expected a single SQL expression.", pyrepr.String(text))
	}
	var unknown error // the first status that is none; MLflow looks for mistakes of form first
	for i := range nodes {
		switch n := &nodes[i]; {
		case n.IsComparison():
			c, err := clause(n)
			if err != nil {
				return nil, err
			}
			if err := resolveStatus(&c, n); unknown == nil {
				unknown = err
			}
			q.Clauses = append(q.Clauses, c)
		case strings.EqualFold(strings.TrimSpace(n.Text), "AND"):
		default:
			return nil, filter.Invalidf("Invalid filter string: %s. Expected a list of comparisons separated by 'AND' "+
				"(e.g. 'metrics.loss > 0.1 AND params.lr = 0.01').", pyrepr.String(text))
		}
	}
	if unknown != nil {
		return nil, unknown
	}
	return q, nil
}

func clause(n *syntax.Node) (filter.Clause, error) {
	parts := n.Parts()
	if len(parts) != 3 {
		return filter.Clause{}, filter.Invalidf("Invalid comparison: %s. Expected a comparison with 3 tokens.", n.Joined())
	}
	c, err := identifier(parts[0].Text)
	if err != nil {
		return c, err
	}
	numeric := c.Entity == filter.EntityMetric || c.Entity == filter.EntityAttribute && isTime(c.Key)
	word := strings.ToUpper(parts[1].Text)
	op, known := filter.ParseOp(word)
	c.Op = op
	if numeric && (!known || !op.IsNumeric()) {
		return c, invalidOp(c, word, "('<', '<=', '>', '>=', '=', '!=')")
	}
	if !numeric && (!known || !op.IsText() && !op.IsList()) {
		return c, invalidOp(c, word, "('=', '!=', 'LIKE', 'ILIKE', 'IN', 'NOT IN')")
	}
	if numeric {
		c.Value, err = number(parts[2].Text)
		return c, err
	}
	if c.Value, err = text(parts[2].Text); err != nil {
		return c, err
	}
	if c.Entity == filter.EntityAttribute && c.Key == "experiment_id" {
		asIntegers(&c.Value)
	}
	return c, filter.CheckList(&c)
}

// resolveStatus turns the names of statuses in a clause of them into the numbers
// as which models have them.
// Source: sqlalchemy_store.py, _apply_filter_string_datasets_search_logged_models.
func resolveStatus(c *filter.Clause, n *syntax.Node) error {
	if c.Entity != filter.EntityAttribute || c.Key != "status" {
		return nil
	}
	if c.Op == filter.OpLike || c.Op == filter.OpILike {
		return filter.Invalidf("Invalid comparison operator for status: %s", c.Op)
	}
	numbers := map[string]string{"UNSPECIFIED": "0", "PENDING": "1", "READY": "2", "FAILED": "3"}
	number, ok := numbers[c.Value.Str]
	if c.Value.Kind == filter.ValueStrings {
		ok = true
		for i, name := range c.Value.Strs {
			number, known := numbers[name]
			c.Value.Strs[i], ok = number, ok && known
		}
	}
	if !ok {
		return filter.Invalidf("Unknown model status in filter: %s", valueRepr(*c, n.Parts()[2].Text))
	}
	c.Value.Str = number
	return nil
}

// valueRepr prints the value of a clause, which text is, as Python does.
func valueRepr(c filter.Clause, text string) string {
	if c.Value.Kind != filter.ValueStrings {
		return pyrepr.String(c.Value.Str)
	}
	items, _ := syntax.ParseTuple(text) // it was parsed before
	return syntax.Tuple(items)
}

func invalidOp(c filter.Clause, op, ops string) error {
	return filter.Invalidf("Invalid comparison operator for %s.%s: %s. Expected one of %s.",
		entities()[c.Entity], c.Key, pyrepr.String(op), ops)
}

func entities() [4]string {
	return [...]string{
		filter.EntityAttribute: "attributes", filter.EntityMetric: "metrics", filter.EntityParam: "params", filter.EntityTag: "tags",
	}
}

// identifier resolves an identifier. An attribute may stand without its prefix.
func identifier(text string) (filter.Clause, error) {
	prefix, key, ok := strings.Cut(text, ".")
	if !ok || key == "" || prefix == "" || strings.Trim(prefix, "abcdefghijklmnopqrstuvwxyz") != "" {
		return attribute(strings.Trim(text, "`"))
	}
	entities := entities()
	i := slices.Index(entities[:], prefix)
	if i < 0 {
		return filter.Clause{}, filter.Invalidf("Invalid entity type: %s. Expected one of ['attributes', 'metrics', 'params', 'tags'].",
			pyrepr.String(prefix))
	}
	key = strings.Trim(key, "`")
	if filter.Entity(i) == filter.EntityAttribute {
		return attribute(key)
	}
	return filter.Clause{Entity: filter.Entity(i), Key: key}, nil
}

func attribute(key string) (filter.Clause, error) {
	attr, ok := Attr(key)
	if !ok {
		return filter.Clause{}, filter.Invalidf("Invalid attribute key %s specified. Valid keys are %s",
			pyrepr.String(key), pyrepr.List(attrs()))
	}
	return filter.Clause{Entity: filter.EntityAttribute, Key: attr}, nil
}

// Attr returns the name of an attribute of logged models by which they can be
// filtered and ordered, and whether there is one.
// Source: dbmodels/models.py, SqlLoggedModel.ALIASES.
func Attr(name string) (string, bool) {
	switch name {
	case "creation_time", "creation_timestamp":
		name = "creation_timestamp_ms"
	case "last_updated_timestamp":
		name = "last_updated_timestamp_ms"
	}
	return name, slices.Contains(attrs(), name)
}

func attrs() []string {
	return []string{
		"artifact_location", "creation_timestamp_ms", "experiment_id", "last_updated_timestamp_ms", "lifecycle_stage",
		"model_id", "model_type", "name", "source_run_id", "status", "status_message",
	}
}

func isTime(attr string) bool {
	return attr == "creation_timestamp_ms" || attr == "last_updated_timestamp_ms"
}

// number reads a number as Python's float does.
func number(text string) (filter.Value, error) {
	digits := strings.ReplaceAll(strings.TrimFunc(text, pyrepr.IsSpace), "_", "")
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil && !math.IsInf(f, 0) || strings.ContainsAny(digits, "xXpP") {
		return filter.Value{}, filter.Invalidf("could not convert string to float: %s", pyrepr.String(text))
	}
	return filter.Value{Kind: filter.ValueFloat, Float: f}, nil
}

// text reads a text, which may stand in no quotes, or a list.
func text(text string) (filter.Value, error) {
	if !strings.HasPrefix(text, "(") || !strings.HasSuffix(text, ")") {
		return filter.Value{Kind: filter.ValueString, Str: strings.Trim(text, "'")}, nil
	}
	items, ok := syntax.ParseTuple(text)
	if !ok {
		return filter.Value{}, filter.Invalidf("While parsing a list in the query, expected a list of values, but got ill-formed list.")
	}
	v := filter.Value{Kind: filter.ValueStrings}
	for _, item := range items {
		v.Strs = append(v.Strs, item.Text)
	}
	return v, nil
}

// asIntegers writes texts that are integers as these are compared: in decimal
// digits.
func asIntegers(v *filter.Value) {
	decimal := func(s string) string {
		if f, err := strconv.ParseFloat(strings.TrimSpace(s), 64); err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return strconv.FormatInt(int64(f), 10)
		}
		return s
	}
	v.Str = decimal(v.Str)
	v.Strs = slices.Clone(v.Strs)
	for i := range v.Strs {
		v.Strs[i] = decimal(v.Strs[i])
	}
}
