package runfilter

import (
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// identifier resolves an identifier of a run filter or order_by to its entity
// and its key as written.
// Source: search_utils.py, SearchUtils._get_identifier.
func identifier(text string, valid func(key string) bool, validKeys func() string) (filter.Entity, string, error) {
	prefix, key, dotted := strings.Cut(text, ".")
	if !dotted {
		prefix, key = "attribute", text
	}
	entity, err := entityNamed(prefix)
	if err != nil {
		return 0, "", err
	}
	key = filter.TrimKey(key)
	switch {
	case entity == filter.EntityAttribute && !valid(key):
		return 0, "", filter.Invalidf("Invalid attribute key '%s' specified. Valid keys are '%s'", key, validKeys())
	case entity == filter.EntityDataset && !slices.Contains(DatasetKeys(), key):
		return 0, "", filter.Invalidf("Invalid dataset key '%s' specified. Valid keys are '%s'", key,
			pyrepr.Set(DatasetKeys()...))
	}
	return entity, key, nil
}

// entityNamed resolves the prefix of an identifier, which may stand in
// backticks.
// Source: search_utils.py, SearchUtils._valid_entity_type.
func entityNamed(prefix string) (filter.Entity, error) {
	name := filter.TrimQuotes(prefix, "`")
	switch name {
	case "metric", "metrics":
		return filter.EntityMetric, nil
	case "parameter", "parameters", "param", "params":
		return filter.EntityParam, nil
	case "tag", "tags":
		return filter.EntityTag, nil
	case "attribute", "attributes", "attr", "run":
		return filter.EntityAttribute, nil
	case "dataset", "datasets":
		return filter.EntityDataset, nil
	default:
		return 0, filter.Invalidf("Invalid entity type '%s'. Valid values are "+
			"['metric', 'parameter', 'tag', 'attribute', 'dataset']", name)
	}
}

// alias maps the alternative spellings of run attributes to the canonical.
// Source: search_utils.py, SearchUtils.translate_key_alias.
func alias(key string) string {
	switch key {
	case "created", "Created":
		return "start_time"
	case "run name", "Run name", "Run Name":
		return "run_name"
	default:
		return key
	}
}

// attr finds the attribute with a name or an alias; 0 if there is none.
func attr(key string) filter.Attr {
	switch alias(key) {
	case "run_id":
		return RunID
	case "run_name":
		return RunName
	case "user_id":
		return UserID
	case "status":
		return Status
	case "artifact_uri":
		return ArtifactURI
	case "start_time":
		return StartTime
	case "end_time":
		return EndTime
	default:
		return 0
	}
}

func isFilterKey(key string) bool { return attr(key) != 0 }

// isOrderKey differs from isFilterKey in the aliases of run_name.
// Source: search_utils.py, SearchUtils.VALID_ORDER_BY_ATTRIBUTE_KEYS.
func isOrderKey(key string) bool {
	return attr(key) != 0 && (key == "run_name" || alias(key) != "run_name")
}

func filterKeys() string {
	return pyrepr.Set("artifact_uri", "end_time", "run_id", "run_name", "start_time", "status", "user_id",
		"created", "Created", "run name", "Run name", "Run Name")
}

func orderKeys() string {
	return pyrepr.Set("artifact_uri", "end_time", "run_id", "run_name", "start_time", "status", "user_id",
		"created", "Created")
}
