package filter

import "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"

// parseModelOrder reads the order_by list of a search over registered models and
// completes it. timestamp is the time of the last update, too.
// Source: model_registry/sqlalchemy_store.py, _parse_search_registered_models_order_by.
func parseModelOrder(orderBy []string) (Order, error) {
	order := make(Order, 0, len(orderBy)+1)
	for _, text := range orderBy {
		name, desc, err := readOrderBy(text)
		if err != nil {
			return nil, err
		}
		next := OrderKey{Key: "last_updated_timestamp", Attr: AttrLastUpdateTime, Desc: desc}
		switch name {
		case "name":
			next.Key, next.Attr = "name", AttrName
		case "timestamp", "last_updated_timestamp":
		default:
			return nil, invalid("Invalid order by key '%s' specified. Valid keys are '%s'", name,
				pyrepr.Set("name", "timestamp"))
		}
		if order.has(next.Entity, next.Key) {
			return nil, duplicateFields(orderBy)
		}
		order = append(order, next)
	}
	return order.thenBy(OrderKey{Key: "name", Attr: AttrName}), nil
}

// parseVersionOrder reads the order_by list of a search over model versions and
// completes it.
// Source: model_registry/sqlalchemy_store.py, _parse_search_model_versions_order_by.
func parseVersionOrder(orderBy []string) (Order, error) {
	if len(orderBy) == 0 {
		orderBy = []string{"last_updated_timestamp DESC"}
	}
	order := make(Order, 0, len(orderBy)+2)
	for _, text := range orderBy {
		name, desc, err := readOrderBy(text)
		if err != nil {
			return nil, err
		}
		key, err := versionOrderKey(name)
		if err != nil {
			return nil, err
		}
		if order.has(EntityAttribute, key.Key) {
			return nil, duplicateFields(orderBy)
		}
		key.Desc = desc
		order = append(order, key)
	}
	return order.
		thenBy(OrderKey{Key: "name", Attr: AttrName}).
		thenBy(OrderKey{Key: "version_number", Attr: AttrVersionNumber, Desc: true}), nil
}

// versionOrderKey resolves an identifier of the order of versions. Its prefix
// makes no difference: tag.name is the name.
func versionOrderKey(text string) (OrderKey, error) {
	entity, key, err := splitIdentifier(text, "attribute", "attributes")
	if err != nil {
		return OrderKey{}, err
	}
	next := OrderKey{Key: trimKey(key)}
	switch next.Key {
	case "name":
		next.Attr = AttrName
	case "version_number":
		next.Attr = AttrVersionNumber
	case "creation_timestamp":
		next.Attr = AttrCreationTime
	case "last_updated_timestamp":
		next.Attr = AttrLastUpdateTime
	default:
		valid := pyrepr.Set("name", "version_number", "creation_timestamp", "last_updated_timestamp")
		if entity == EntityAttribute {
			return next, invalid("Invalid attribute key '%s' specified. Valid keys are '%s'", next.Key, valid)
		}
		return next, invalid("Invalid order by key '%s' specified. Valid keys are %s", next.Key, valid)
	}
	return next, nil
}

// thenBy adds a key to the end of the order if it has none of that name.
func (o Order) thenBy(k OrderKey) Order {
	if o.has(k.Entity, k.Key) {
		return o
	}
	return append(o, k)
}

// duplicateFields is the error for a field that is ordered by twice. MLflow
// forgets to say that it is the client's fault, and its client tries again for
// minutes.
func duplicateFields(orderBy []string) *Error {
	return invalid("`order_by` contains duplicate fields: %s", pyrepr.List(orderBy))
}
