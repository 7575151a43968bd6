package filter

import (
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// parseEntity resolves the prefix of an identifier, which may stand in
// backticks.
// Source: search_utils.py, SearchUtils._valid_entity_type.
func parseEntity(prefix string) (Entity, error) {
	name := trimQuotes(prefix, "`")
	switch name {
	case "metric", "metrics":
		return EntityMetric, nil
	case "parameter", "parameters", "param", "params":
		return EntityParam, nil
	case "tag", "tags":
		return EntityTag, nil
	case "attribute", "attributes", "attr", "run":
		return EntityAttribute, nil
	case "dataset", "datasets":
		return EntityDataset, nil
	default:
		return 0, invalid("Invalid entity type '%s'. Valid values are "+
			"['metric', 'parameter', 'tag', 'attribute', 'dataset']", name)
	}
}

// trimKey takes one pair of quotes of any kind off a key, then backticks.
func trimKey(key string) string {
	if bare, ok := unquote(key); ok {
		key = bare
	}
	return trimQuotes(key, "`")
}

// unquote takes one pair of single or double quotes off a string.
func unquote(s string) (string, bool) {
	for _, quote := range [...]string{"'", `"`} {
		if bare := trimQuotes(s, quote); len(bare) != len(s) {
			return bare, true
		}
	}
	return s, false
}

func trimQuotes(s, quote string) string {
	if len(s) >= 2 && strings.HasPrefix(s, quote) && strings.HasSuffix(s, quote) {
		return s[1 : len(s)-1]
	}
	return s
}

// runIdentifier resolves an identifier of a run filter or order_by to its entity
// and its key as written.
// Source: search_utils.py, SearchUtils._get_identifier.
func runIdentifier(text string, valid func(key string) bool, validKeys func() string) (Entity, string, error) {
	prefix, key, dotted := strings.Cut(text, ".")
	if !dotted {
		prefix, key = "attribute", text
	}
	entity, err := parseEntity(prefix)
	if err != nil {
		return 0, "", err
	}
	key = trimKey(key)
	switch {
	case entity == EntityAttribute && !valid(key):
		return 0, "", invalid("Invalid attribute key '%s' specified. Valid keys are '%s'", key, validKeys())
	case entity == EntityDataset && !slices.Contains(DatasetKeys(), key):
		return 0, "", invalid("Invalid dataset key '%s' specified. Valid keys are '%s'", key,
			pyrepr.Set(DatasetKeys()...))
	}
	return entity, key, nil
}

// runAlias maps the alternative spellings of run attributes to the canonical.
// Source: search_utils.py, SearchUtils.translate_key_alias.
func runAlias(key string) string {
	switch key {
	case "created", "Created":
		return "start_time"
	case "run name", "Run name", "Run Name":
		return "run_name"
	default:
		return key
	}
}

// experimentIdentifier resolves an identifier of an experiment filter or
// order_by.
// Source: search_utils.py, SearchExperimentsUtils._get_identifier.
func experimentIdentifier(text string) (Entity, string, error) {
	entity, key, err := splitIdentifier(text, "attribute", "attributes")
	if err != nil {
		return 0, "", err
	}
	key = trimKey(key)
	if entity == EntityAttribute && experimentAttr(key) == 0 {
		return 0, "", invalid("Invalid attribute key '%s' specified. Valid keys are '%s'", key,
			pyrepr.Set("name", "experiment_id", "creation_time", "last_update_time"))
	}
	return entity, key, nil
}

// splitIdentifier cuts an identifier of a search over anything but runs into its
// entity and its key as written. attributes are the prefixes of an attribute.
func splitIdentifier(text string, attributes ...string) (Entity, string, error) {
	prefix, key, dotted := strings.Cut(text, ".")
	switch {
	case !dotted:
		return EntityAttribute, text, nil
	case prefix == "tag", prefix == "tags":
		return EntityTag, key, nil
	case !slices.Contains(attributes, prefix):
		return 0, "", invalid("Invalid entity type '%s'. Valid entity types are ('%s', 'tag', 'tags')", prefix,
			strings.Join(attributes, "', '"))
	}
	return EntityAttribute, key, nil
}

func runAttr(key string) Attr { return attrNamed(runAlias(key), AttrRunID, AttrEndTime) }

func experimentAttr(key string) Attr { return attrNamed(key, AttrName, AttrLastUpdateTime) }
