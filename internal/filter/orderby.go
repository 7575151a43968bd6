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
	// Attr is the attribute of an EntityAttribute key.
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

// has tells whether the order has a key.
func (o Order) has(entity Entity, key string) bool {
	for _, k := range o {
		if k.Entity == entity && k.Key == key {
			return true
		}
	}
	return false
}

// ThenBy adds a key to the end of the order if it has none of that name.
func (o Order) ThenBy(k OrderKey) Order {
	if o.has(k.Entity, k.Key) {
		return o
	}
	return append(o, k)
}

// duplicateFields is the error for a field that is ordered by twice. MLflow
// forgets to say that it is the client's fault, and its client tries again for
// minutes.
func duplicateFields(orderBy []string) *Error {
	return Invalidf("`order_by` contains duplicate fields: %s", pyrepr.List(orderBy))
}

// readOrderBy cuts an order_by entry into its identifier and direction.
// Source: search_utils.py, SearchUtils._parse_order_by_string.
func readOrderBy(text string) (name string, desc bool, err error) {
	unparsable := Invalidf("Invalid order_by clause '%s'. Could not be parsed.", text)
	name, err = syntax.Identifier(text)
	if errors.Is(err, syntax.ErrTooLarge) {
		return "", false, Invalidf("Error on parsing order_by clause '%s'", text)
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
			return "", false, Invalidf("Invalid ordering key in order_by clause '%s'.", text)
		}
	}
	return strings.TrimFunc(name, pyrepr.IsSpace), desc, nil
}
