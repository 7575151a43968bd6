package filter

import (
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/syntax"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// promptTag marks registered models, and their versions, that are prompts.
const promptTag = "mlflow.prompt.is_prompt"

// ModelQuery is a parsed search over registered models or over model versions.
type ModelQuery struct {
	// Clauses must all hold.
	Clauses []Clause
	// Order is the complete order of the result. Models come by name unless
	// order_by says otherwise; versions by last update, latest first, then by
	// name, then the highest version first.
	Order Order
	// HidesPrompts says that prompts are left out: registered models with the
	// tag mlflow.prompt.is_prompt = 'true', and all versions of a model of which
	// any version has it. Clauses on that tag are not among Clauses then.
	// Source: model_registry/sqlalchemy_store.py, _update_query_to_exclude_prompts.
	HidesPrompts bool
}

// Match tells whether the model or version satisfies every clause of the query.
// HidesPrompts is for the caller to heed.
func (q *ModelQuery) Match(m Tagged) bool { return matchTagged(q.Clauses, m) }

// Filter returns the clauses in canonical form, joined by AND.
func (q *ModelQuery) Filter() string { return joinClauses(q.Clauses) }

// modelGrammar is what differs between the searches for registered models and
// for their versions.
type modelGrammar struct {
	kind    string                // for texts
	attrs   func(key string) Attr // 0: none of that name
	valid   func() string         // the valid keys, as a Python set
	lists   []string              // the attributes that take lists
	numbers bool                  // numbers are values of the attributes that are integers
	order   func(orderBy []string) (Order, error)
	// orderFirst: mistakes in order_by are reported before those in comparators.
	orderFirst bool
}

// ParseModels parses the filter and the order_by list of a search over
// registered models. Errors are of type [*Error].
// Source: search_utils.py, SearchModelUtils; model_registry/sqlalchemy_store.py,
// _get_search_registered_model_filter_query.
func ParseModels(filter string, orderBy []string) (*ModelQuery, error) {
	return modelGrammar{
		kind: "registered model", attrs: modelAttr, valid: func() string { return pyrepr.Set("name") }, lists: []string{"name"},
		order: parseModelOrder, orderFirst: true,
	}.parse(filter, orderBy)
}

// ParseModelVersions parses the filter and the order_by list of a search over
// model versions. Errors are of type [*Error].
// Source: search_utils.py, SearchModelVersionUtils; model_registry/sqlalchemy_store.py,
// _get_search_model_versions_filter_clauses.
func ParseModelVersions(filter string, orderBy []string) (*ModelQuery, error) {
	return modelGrammar{
		kind: "model version", attrs: versionAttr,
		valid: func() string { return pyrepr.Set("name", "version_number", "run_id", "source_path") },
		lists: []string{"name", "run_id"}, numbers: true, order: parseVersionOrder,
	}.parse(filter, orderBy)
}

func (g modelGrammar) parse(filter string, orderBy []string) (*ModelQuery, error) {
	comparisons, err := parseStatement(filter, false)
	if err != nil {
		return nil, err
	}
	raws := make([]rawClause, 0, len(comparisons))
	for _, c := range comparisons {
		raw, err := g.read(c)
		if err != nil {
			return nil, err
		}
		raws = append(raws, raw)
	}
	order, orderErr := g.order(orderBy)
	if g.orderFirst && orderErr != nil {
		return nil, orderErr
	}
	q := &ModelQuery{Order: order, HidesPrompts: !asksForPrompts(raws)}
	for _, raw := range raws {
		c, err := g.check(raw)
		if err != nil {
			return nil, err
		}
		if !q.HidesPrompts || c.Entity != EntityTag || c.Key != promptTag {
			q.Clauses = append(q.Clauses, c)
		}
	}
	return q, orderErr
}

// asksForPrompts tells whether a filter asks for prompts, which its first clause
// on their tag decides.
// Source: model_registry/sqlalchemy_store.py, _is_querying_prompt.
func asksForPrompts(raws []rawClause) bool {
	for _, raw := range raws {
		if raw.entity == EntityTag && raw.key == promptTag {
			value := strings.ToLower(raw.value.Str)
			return raw.comparator == "=" && value == "true" || raw.comparator == "!=" && value == "false"
		}
	}
	return false
}

// read resolves the key and the value of a comparison.
func (g modelGrammar) read(c comparison) (rawClause, error) {
	if err := c.validate(); err != nil {
		return rawClause{}, err
	}
	if c.isNullTest() {
		return rawClause{}, invalid("IS NULL / IS NOT NULL is not supported for %s search.", g.kind)
	}
	entity, key, err := g.identifier(c.parts[0].Text)
	if err != nil {
		return rawClause{}, err
	}
	raw := rawClause{entity: entity, key: key, comparator: strings.ToUpper(c.parts[1].Text)}
	raw.value, err = g.value(entity, key, &c.parts[2])
	return raw, err
}

// identifier resolves an identifier. The name of an attribute may stand in no
// quotes.
func (g modelGrammar) identifier(text string) (Entity, string, error) {
	entity, key, err := splitIdentifier(text, "attribute")
	if err != nil {
		return 0, "", err
	}
	if entity == EntityAttribute && g.attrs(key) == 0 {
		return 0, "", invalid("Invalid attribute key '%s' specified. Valid keys are '%s'", key, g.valid())
	}
	return entity, trimKey(key), nil
}

// value reads the value of a clause.
func (g modelGrammar) value(entity Entity, key string, n *syntax.Node) (Value, error) {
	switch {
	case n.IsText():
		return stringValue(n.Text)
	case entity == EntityTag:
		return Value{}, invalid("Expected a quoted string value for tag (e.g. 'my-value'). Got value %s", n.Text)
	case n.IsList():
		return listOf(g.lists, key, n.Text)
	case g.numbers && n.IsNumber():
		if !g.attrs(key).IsInt() {
			return Value{}, invalid("Only the '%s' attributes support comparison with numeric values.",
				pyrepr.Set("version_number", "creation_timestamp", "last_updated_timestamp"))
		}
		return numberValue(n), nil
	default:
		return Value{}, invalid("Expected a quoted string value or a list of quoted string values for attributes. "+
			"Got value %s", n.Text)
	}
}

// check checks the comparator and completes the clause.
func (g modelGrammar) check(raw rawClause) (Clause, error) {
	c := Clause{Entity: raw.entity, Key: raw.key, Value: raw.value}
	op, known := parseOp(raw.comparator)
	c.Op = op
	if raw.entity == EntityTag {
		if !known || !isStringOp(op) {
			return c, invalid("Invalid comparator for tag: %s", raw.comparator)
		}
		return c, nil
	}
	c.Attr = g.attrs(raw.key)
	if c.Attr.IsInt() {
		if !known || !isNumericOp(op) {
			return c, invalid("Invalid comparator for attribute %s: %s", raw.key, raw.comparator)
		}
		return c, resolveInt(raw.key, &c.Value)
	}
	if !known || !isStringOp(op) && (!isListOp(op) || !slices.Contains(g.lists, raw.key)) {
		return c, invalid("Invalid comparator for attribute: %s", raw.comparator)
	}
	return c, checkList(&c)
}

// resolveInt turns the value of an integer attribute into an integer, as
// Python's int does.
func resolveInt(key string, v *Value) error {
	switch v.Kind {
	case ValueInt:
		return nil
	case ValueString:
		if n, ok := parsePyInt(v.Str); ok {
			*v = n
			return nil
		}
		return invalid("Invalid value for numeric attribute '%s': %s", key, pyrepr.String(v.Str))
	default:
		return invalid("Invalid value for numeric attribute '%s': %s", key, syntax.Float(v.Float))
	}
}

func modelAttr(key string) Attr {
	if key == "name" {
		return AttrName
	}
	return 0
}

func versionAttr(key string) Attr {
	switch key {
	case "name":
		return AttrName
	case "version_number":
		return AttrVersionNumber
	case "run_id":
		return AttrRunID
	case "source_path":
		return AttrSourcePath
	default:
		return 0
	}
}
