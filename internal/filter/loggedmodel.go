package filter

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/syntax"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// LoggedModel is a logged model as filters and orders see it.
type LoggedModel interface {
	// Text returns an attribute, integers in decimal digits; false if it has
	// none.
	Text(attr string) (string, bool)
	// Time returns creation_timestamp_ms or last_updated_timestamp_ms.
	Time(attr string) int64
	Param(key string) (string, bool)
	Tag(key string) (string, bool)
	// Points calls visit with the points of a metric, all of them, in any order,
	// until it returns false. The metric "" stands for all.
	Points(metric string, visit func(p ModelPoint) bool)
}

// ModelPoint is a point of a metric of a logged model.
type ModelPoint struct {
	Value           float64
	Timestamp, Step int64
	Run             string
	Dataset, Digest string // "" without a dataset
}

// ModelDataset names the datasets of points. An empty part stands for all.
type ModelDataset struct{ Name, Digest string }

// Has reports whether a point is of the dataset.
func (d ModelDataset) Has(p ModelPoint) bool {
	return (d.Name == "" || d.Name == p.Dataset) && (d.Digest == "" || d.Digest == p.Digest)
}

// LoggedModelQuery is a parsed filter of a search over logged models.
type LoggedModelQuery struct {
	// Clauses must all hold. Attributes have the names of [LoggedModelAttr].
	Clauses []Clause
	// Datasets restrict points: a comparison of a metric is of the latest point of
	// any of them, and without such a comparison there must be a point of one.
	Datasets []ModelDataset
}

// Match tells whether a model satisfies the query.
func (q *LoggedModelQuery) Match(m LoggedModel) bool {
	metrics := false
	for i := range q.Clauses {
		c := &q.Clauses[i]
		metrics = metrics || c.Entity == EntityMetric
		if !q.matchClause(c, m) {
			return false
		}
	}
	if metrics || len(q.Datasets) == 0 {
		return true
	}
	_, found := q.Latest(m, "", ModelDataset{})
	return found
}

func (q *LoggedModelQuery) matchClause(c *Clause, m LoggedModel) bool {
	var s string
	var ok bool
	switch {
	case c.Entity == EntityMetric:
		p, found := q.Latest(m, c.Key, ModelDataset{})
		return found && !math.IsNaN(c.Value.Float) && c.matchMetric(p.Value)
	case c.Entity == EntityParam:
		s, ok = m.Param(c.Key)
	case c.Entity == EntityTag:
		s, ok = m.Tag(c.Key)
	case isModelTime(c.Key):
		return !math.IsNaN(c.Value.Float) && compared(c.Op, compareIntFloat(m.Time(c.Key), c.Value.Float))
	default:
		s, ok = m.Text(c.Key)
	}
	return ok && c.matchString(s)
}

// Latest returns the point of a metric by which a model is compared and
// ordered: of those of the datasets of the query, and of one more, the one with
// the highest step, then timestamp, then value. The metric "" stands for all.
// Source: sqlalchemy_store.py, _get_latest_logged_model_metrics_subquery.
func (q *LoggedModelQuery) Latest(m LoggedModel, metric string, of ModelDataset) (latest ModelPoint, found bool) {
	m.Points(metric, func(p ModelPoint) bool {
		among := len(q.Datasets) == 0 || slices.ContainsFunc(q.Datasets, func(d ModelDataset) bool { return d.Has(p) })
		if among && of.Has(p) && (!found || p.isAfter(latest)) {
			latest, found = p, true
		}
		return true
	})
	return latest, found
}

func (p ModelPoint) isAfter(other ModelPoint) bool {
	return cmp.Or(cmp.Compare(p.Step, other.Step), cmp.Compare(p.Timestamp, other.Timestamp),
		cmp.Compare(p.Value, other.Value)) > 0
}

// ParseLoggedModels parses the filter of a search over logged models. Errors
// are of type [*Error]. Where MLflow fails with an internal error, over unknown
// attributes and numbers that are none, the texts are our own.
// Source: utils/search_logged_model_utils.py.
func ParseLoggedModels(text string) (*LoggedModelQuery, error) {
	q := &LoggedModelQuery{}
	if text == "" {
		return q, nil
	}
	nodes, err := syntax.Clauses(text)
	switch {
	case errors.Is(err, syntax.ErrTooLarge):
		return nil, invalid("Invalid filter string: %s. It is too long.", pyrepr.String(text))
	case err != nil:
		return nil, invalid("Invalid filter string: %s. Expected a single SQL expression.", pyrepr.String(text))
	}
	var unknown error // the first status that is none; MLflow looks for mistakes of form first
	for i := range nodes {
		switch n := &nodes[i]; {
		case n.IsComparison():
			c, err := modelClause(n)
			if err != nil {
				return nil, err
			}
			if err := resolveStatus(&c, n); unknown == nil {
				unknown = err
			}
			q.Clauses = append(q.Clauses, c)
		case strings.EqualFold(strings.TrimSpace(n.Text), "AND"):
		default:
			return nil, invalid("Invalid filter string: %s. Expected a list of comparisons separated by 'AND' "+
				"(e.g. 'metrics.loss > 0.1 AND params.lr = 0.01').", pyrepr.String(text))
		}
	}
	if unknown != nil {
		return nil, unknown
	}
	return q, nil
}

func modelClause(n *syntax.Node) (Clause, error) {
	parts := n.Parts()
	if len(parts) != 3 {
		return Clause{}, invalid("Invalid comparison: %s. Expected a comparison with 3 tokens.", n.Joined())
	}
	c, err := modelIdentifier(parts[0].Text)
	if err != nil {
		return c, err
	}
	numeric := c.Entity == EntityMetric || c.Entity == EntityAttribute && isModelTime(c.Key)
	word := strings.ToUpper(parts[1].Text)
	op, known := parseOp(word)
	c.Op = op
	if numeric && (!known || !isNumericOp(op)) {
		return c, invalidModelOp(c, word, "('<', '<=', '>', '>=', '=', '!=')")
	}
	if !numeric && (!known || !isStringOp(op) && !isListOp(op)) {
		return c, invalidModelOp(c, word, "('=', '!=', 'LIKE', 'ILIKE', 'IN', 'NOT IN')")
	}
	if numeric {
		c.Value, err = modelNumber(parts[2].Text)
		return c, err
	}
	if c.Value, err = modelText(parts[2].Text); err != nil {
		return c, err
	}
	if c.Entity == EntityAttribute && c.Key == "experiment_id" {
		c.Value = c.Value.asIntegers()
	}
	return c, checkList(&c)
}

// resolveStatus turns the names of statuses in a clause of them into the numbers
// as which models have them.
// Source: sqlalchemy_store.py, _apply_filter_string_datasets_search_logged_models.
func resolveStatus(c *Clause, n *syntax.Node) error {
	if c.Entity != EntityAttribute || c.Key != "status" {
		return nil
	}
	if c.Op == OpLike || c.Op == OpILike {
		return invalid("Invalid comparison operator for status: %s", c.Op)
	}
	numbers := map[string]string{"UNSPECIFIED": "0", "PENDING": "1", "READY": "2", "FAILED": "3"}
	number, ok := numbers[c.Value.Str]
	if c.Value.Kind == ValueStrings {
		ok = true
		for i, name := range c.Value.Strs {
			number, known := numbers[name]
			c.Value.Strs[i], ok = number, ok && known
		}
	}
	if !ok {
		return invalid("Unknown model status in filter: %s", modelValueRepr(*c, n.Parts()[2].Text))
	}
	c.Value.Str = number
	return nil
}

// modelValueRepr prints the value of a clause, which text is, as Python does.
func modelValueRepr(c Clause, text string) string {
	if c.Value.Kind != ValueStrings {
		return pyrepr.String(c.Value.Str)
	}
	items, _ := syntax.ParseTuple(text) // it was parsed before
	return syntax.Tuple(items)
}

func invalidModelOp(c Clause, op, ops string) error {
	return invalid("Invalid comparison operator for %s.%s: %s. Expected one of %s.",
		modelEntities()[c.Entity], c.Key, pyrepr.String(op), ops)
}

func modelEntities() [4]string {
	return [...]string{EntityAttribute: "attributes", EntityMetric: "metrics", EntityParam: "params", EntityTag: "tags"}
}

// modelIdentifier resolves an identifier. An attribute may stand without its
// prefix.
func modelIdentifier(text string) (Clause, error) {
	prefix, key, ok := strings.Cut(text, ".")
	if !ok || key == "" || prefix == "" || strings.Trim(prefix, "abcdefghijklmnopqrstuvwxyz") != "" {
		return modelAttribute(strings.Trim(text, "`"))
	}
	entities := modelEntities()
	i := slices.Index(entities[:], prefix)
	if i < 0 {
		return Clause{}, invalid("Invalid entity type: %s. Expected one of ['attributes', 'metrics', 'params', 'tags'].",
			pyrepr.String(prefix))
	}
	key = strings.Trim(key, "`")
	if Entity(i) == EntityAttribute {
		return modelAttribute(key)
	}
	return Clause{Entity: Entity(i), Key: key}, nil
}

func modelAttribute(key string) (Clause, error) {
	attr, ok := LoggedModelAttr(key)
	if !ok {
		return Clause{}, invalid("Invalid attribute key %s specified. Valid keys are %s",
			pyrepr.String(key), pyrepr.List(loggedModelAttrs()))
	}
	return Clause{Entity: EntityAttribute, Key: attr}, nil
}

// LoggedModelAttr returns the name of an attribute of logged models by which
// they can be filtered and ordered, and whether there is one.
// Source: dbmodels/models.py, SqlLoggedModel.ALIASES.
func LoggedModelAttr(name string) (string, bool) {
	switch name {
	case "creation_time", "creation_timestamp":
		name = "creation_timestamp_ms"
	case "last_updated_timestamp":
		name = "last_updated_timestamp_ms"
	}
	return name, slices.Contains(loggedModelAttrs(), name)
}

func loggedModelAttrs() []string {
	return []string{
		"artifact_location", "creation_timestamp_ms", "experiment_id", "last_updated_timestamp_ms", "lifecycle_stage",
		"model_id", "model_type", "name", "source_run_id", "status", "status_message",
	}
}

func isModelTime(attr string) bool {
	return attr == "creation_timestamp_ms" || attr == "last_updated_timestamp_ms"
}

// modelNumber reads a number as Python's float does.
func modelNumber(text string) (Value, error) {
	digits := strings.ReplaceAll(strings.TrimFunc(text, pyrepr.IsSpace), "_", "")
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil && !math.IsInf(f, 0) || strings.ContainsAny(digits, "xXpP") {
		return Value{}, invalid("could not convert string to float: %s", pyrepr.String(text))
	}
	return Value{Kind: ValueFloat, Float: f}, nil
}

// modelText reads a text, which may stand in no quotes, or a list.
func modelText(text string) (Value, error) {
	if !strings.HasPrefix(text, "(") || !strings.HasSuffix(text, ")") {
		return Value{Kind: ValueString, Str: strings.Trim(text, "'")}, nil
	}
	items, ok := syntax.ParseTuple(text)
	if !ok {
		return Value{}, invalid("While parsing a list in the query, expected a list of values, but got ill-formed list.")
	}
	v := Value{Kind: ValueStrings}
	for _, item := range items {
		v.Strs = append(v.Strs, item.Text)
	}
	return v, nil
}

// asIntegers writes texts that are integers as these are compared: in decimal
// digits.
func (v Value) asIntegers() Value {
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
	return v
}
