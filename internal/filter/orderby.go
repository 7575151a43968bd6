package filter

import (
	"errors"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/syntax"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

// OrderKey is one key of an order.
type OrderKey struct {
	// Entity is what the key is about; never EntityDataset.
	Entity Entity
	// Key is the name of the metric, param or tag, or of the attribute.
	Key string
	// Attr is the attribute of an EntityAttribute key. AttrRunName orders by the
	// run's own name, not by its tag.
	Attr Attr
	// Desc puts the largest first.
	Desc bool
	// NullLow makes an absent value the smallest: first ascending, last
	// descending. Otherwise absent values are last in both directions.
	NullLow bool
}

// String returns the key as an order_by entry.
func (k OrderKey) String() string {
	var b strings.Builder
	writeKey(&b, k.Entity, k.Key)
	if k.Desc {
		b.WriteString(" DESC")
	} else {
		b.WriteString(" ASC")
	}
	return b.String()
}

// parseRunOrder reads the order_by list of a search over runs and completes it.
// Source: sqlalchemy_store.py, _get_orderby_clauses.
func parseRunOrder(orderBy []string) (Order, error) {
	order := make(Order, 0, len(orderBy)+2)
	for _, text := range orderBy {
		name, desc, err := readOrderBy(text)
		if err != nil {
			return nil, err
		}
		entity, key, err := runIdentifier(name, isRunOrderKey, runOrderKeys)
		if err != nil {
			return nil, err
		}
		if entity == EntityDataset {
			return nil, invalid("Invalid identifier type 'dataset'")
		}
		// A metric called created is ordered by as start_time: aliases count
		// for every entity.
		next := OrderKey{Entity: entity, Key: runAlias(key), Desc: desc}
		if entity == EntityAttribute {
			next.Attr = runAttr(key)
		}
		if order.has(next.Entity, next.Key) {
			return nil, duplicateFields(orderBy)
		}
		order = append(order, next)
	}
	return order.
		thenBy(OrderKey{Key: "start_time", Attr: AttrStartTime, Desc: true}).
		thenBy(OrderKey{Key: "run_id", Attr: AttrRunID}), nil
}

// parseExperimentOrder reads the order_by list of a search over experiments and
// completes it.
// Source: sqlalchemy_store.py, _get_search_experiments_order_by_clauses.
func parseExperimentOrder(orderBy []string) (Order, error) {
	if len(orderBy) == 0 {
		orderBy = []string{"creation_time DESC", "experiment_id ASC"}
	}
	order := make(Order, 0, len(orderBy)+1)
	for _, text := range orderBy {
		name, desc, err := readOrderBy(text)
		if err != nil {
			return nil, err
		}
		entity, key, err := experimentIdentifier(name)
		if err != nil {
			return nil, err
		}
		if entity != EntityAttribute {
			return nil, invalid("Invalid order_by entity: %s", entity)
		}
		if !order.has(entity, key) {
			order = append(order, OrderKey{Key: key, Attr: experimentAttr(key), Desc: desc, NullLow: true})
		}
	}
	return order.thenBy(OrderKey{Key: "experiment_id", Attr: AttrExperimentID, Desc: true, NullLow: true}), nil
}

// has tells whether the order has a key.
func (o Order) has(entity Entity, key string) bool {
	for _, k := range o {
		if k.Entity == entity && k.Key == key {
			return true
		}
	}
	return false
}

// readOrderBy cuts an order_by entry into its identifier and direction.
// Source: search_utils.py, SearchUtils._parse_order_by_string.
func readOrderBy(text string) (name string, desc bool, err error) {
	unparsable := invalid("Invalid order_by clause '%s'. Could not be parsed.", text)
	name, err = syntax.Identifier(text)
	if errors.Is(err, syntax.ErrTooLarge) {
		return "", false, invalid("Error on parsing order_by clause '%s'", text)
	}
	if err != nil {
		return "", false, unparsable
	}
	words, ok := syntax.Words(strings.ReplaceAll(name, "`", `"`))
	if !ok || len(words) > 2 {
		return "", false, unparsable
	}
	if len(words) == 2 {
		name = words[0]
		switch strings.ToLower(words[1]) {
		case "asc":
		case "desc":
			desc = true
		default:
			return "", false, invalid("Invalid ordering key in order_by clause '%s'.", text)
		}
	}
	return strings.TrimFunc(name, pyrepr.IsSpace), desc, nil
}
