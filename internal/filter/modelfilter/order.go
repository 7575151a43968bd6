package modelfilter

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// modelOrderKey resolves a name of the order of registered models. timestamp is
// the time of the last update, too.
// Source: model_registry/sqlalchemy_store.py, _parse_search_registered_models_order_by.
func modelOrderKey(name string) (filter.OrderKey, error) {
	switch name {
	case "name":
		return filter.OrderKey{Key: "name", Attr: Name}, nil
	case "timestamp", "last_updated_timestamp":
		return filter.OrderKey{Key: "last_updated_timestamp", Attr: LastUpdateTime}, nil
	default:
		return filter.OrderKey{}, filter.Invalidf("Invalid order by key '%s' specified. Valid keys are '%s'", name,
			pyrepr.Set("name", "timestamp"))
	}
}

// completeModels orders registered models of one place by name.
func completeModels(o filter.Order) filter.Order {
	return o.ThenBy(filter.OrderKey{Key: "name", Attr: Name})
}

// versionOrderKey resolves an identifier of the order of versions. Its prefix
// makes no difference: tag.name is the name.
// Source: model_registry/sqlalchemy_store.py, _parse_search_model_versions_order_by.
func versionOrderKey(text string) (filter.OrderKey, error) {
	entity, key, err := filter.SplitIdentifier(text, "attribute", "attributes")
	if err != nil {
		return filter.OrderKey{}, err
	}
	next := filter.OrderKey{Key: filter.TrimKey(key)}
	switch next.Key {
	case "name":
		next.Attr = Name
	case "version_number":
		next.Attr = VersionNumber
	case "creation_timestamp":
		next.Attr = CreationTime
	case "last_updated_timestamp":
		next.Attr = LastUpdateTime
	default:
		valid := pyrepr.Set("name", "version_number", "creation_timestamp", "last_updated_timestamp")
		if entity == filter.EntityAttribute {
			return next, filter.Invalidf("Invalid attribute key '%s' specified. Valid keys are '%s'", next.Key, valid)
		}
		return next, filter.Invalidf("Invalid order by key '%s' specified. Valid keys are %s", next.Key, valid)
	}
	return next, nil
}

// completeVersions orders versions of one place by name, then the highest first.
func completeVersions(o filter.Order) filter.Order {
	return o.
		ThenBy(filter.OrderKey{Key: "name", Attr: Name}).
		ThenBy(filter.OrderKey{Key: "version_number", Attr: VersionNumber, Desc: true})
}
