package modelfilter

import (
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/syntax"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// offer is what differs between the filters of registered models and those of
// their versions.
type offer struct {
	noun    string                       // for texts
	attrs   func(key string) filter.Attr // 0: none of that name
	valid   func() string                // the valid keys, as a Python set
	lists   []string                     // the attributes that take lists
	numbers bool                         // numbers are values of the attributes that are integers
}

// offerOfModels follows search_utils.py, SearchModelUtils, and
// model_registry/sqlalchemy_store.py, _get_search_registered_model_filter_query.
func offerOfModels() *offer {
	return &offer{
		noun: "registered model", attrs: modelAttr, valid: func() string { return pyrepr.Set("name") }, lists: []string{"name"},
	}
}

// offerOfVersions follows search_utils.py, SearchModelVersionUtils, and
// model_registry/sqlalchemy_store.py, _get_search_model_versions_filter_clauses.
func offerOfVersions() *offer {
	return &offer{
		noun: "model version", attrs: versionAttr,
		valid: func() string { return pyrepr.Set("name", "version_number", "run_id", "source_path") },
		lists: []string{"name", "run_id"}, numbers: true,
	}
}

// grammar returns the grammar of filters. Orders are still to be added.
func (o *offer) grammar() filter.Grammar { return filter.Grammar{Read: o.read, Check: o.check} }

// read resolves the key and the value of a comparison.
func (o *offer) read(c filter.Comparison) (filter.RawClause, error) {
	if c.IsNullTest() {
		return filter.RawClause{}, filter.Invalidf("IS NULL / IS NOT NULL is not supported for %s search.", o.noun)
	}
	entity, key, err := o.identifier(c.Operand())
	if err != nil {
		return filter.RawClause{}, err
	}
	raw := filter.RawClause{Entity: entity, Key: key, Comparator: c.Comparator()}
	raw.Value, err = o.value(entity, key, c.Value())
	return raw, err
}

// identifier resolves an identifier. The name of an attribute may stand in no
// quotes.
func (o *offer) identifier(text string) (filter.Entity, string, error) {
	entity, key, err := filter.SplitIdentifier(text, "attribute")
	if err != nil {
		return 0, "", err
	}
	if entity == filter.EntityAttribute && o.attrs(key) == 0 {
		return 0, "", filter.Invalidf("Invalid attribute key '%s' specified. Valid keys are '%s'", key, o.valid())
	}
	return entity, filter.TrimKey(key), nil
}

// value reads the value of a clause.
func (o *offer) value(entity filter.Entity, key string, n *syntax.Node) (filter.Value, error) {
	switch {
	case n.IsText():
		return filter.TextValue(n.Text)
	case entity == filter.EntityTag:
		return filter.Value{}, filter.Invalidf("Expected a quoted string value for tag (e.g. 'my-value'). Got value %s", n.Text)
	case n.IsList():
		return filter.ListValue(o.lists, key, n.Text)
	case o.numbers && n.IsNumber():
		if !o.attrs(key).IsInt() {
			return filter.Value{}, filter.Invalidf("Only the '%s' attributes support comparison with numeric values.",
				pyrepr.Set("version_number", "creation_timestamp", "last_updated_timestamp"))
		}
		return filter.NumberValue(n), nil
	default:
		return filter.Value{}, filter.Invalidf("Expected a quoted string value or a list of quoted string values for attributes. "+
			"Got value %s", n.Text)
	}
}

// check checks the comparator and completes the clause.
func (o *offer) check(raw filter.RawClause) (filter.Clause, error) {
	c := filter.Clause{Entity: raw.Entity, Key: raw.Key, Value: raw.Value}
	op, known := filter.ParseOp(raw.Comparator)
	c.Op = op
	if raw.Entity == filter.EntityTag {
		if !known || !op.IsText() {
			return c, filter.Invalidf("Invalid comparator for tag: %s", raw.Comparator)
		}
		return c, nil
	}
	c.Attr = o.attrs(raw.Key)
	if c.Attr.IsInt() {
		if !known || !op.IsNumeric() {
			return c, filter.Invalidf("Invalid comparator for attribute %s: %s", raw.Key, raw.Comparator)
		}
		return c, resolveInt(raw.Key, &c.Value)
	}
	if !known || !op.IsText() && (!op.IsList() || !slices.Contains(o.lists, raw.Key)) {
		return c, filter.Invalidf("Invalid comparator for attribute: %s", raw.Comparator)
	}
	return c, filter.CheckList(&c)
}

// resolveInt turns the value of an integer attribute into an integer, as
// Python's int does.
func resolveInt(key string, v *filter.Value) error {
	switch v.Kind {
	case filter.ValueInt:
		return nil
	case filter.ValueString:
		if n, ok := filter.ParsePyInt(v.Str); ok {
			*v = n
			return nil
		}
		return filter.Invalidf("Invalid value for numeric attribute '%s': %s", key, pyrepr.String(v.Str))
	default:
		return filter.Invalidf("Invalid value for numeric attribute '%s': %s", key, pyrepr.Float(v.Float))
	}
}

func modelAttr(key string) filter.Attr {
	if key == "name" {
		return Name
	}
	return 0
}

func versionAttr(key string) filter.Attr {
	switch key {
	case "name":
		return Name
	case "version_number":
		return VersionNumber
	case "run_id":
		return RunID
	case "source_path":
		return SourcePath
	default:
		return 0
	}
}
