package loggedmodel

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/loggedmodelfilter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// loggedOrder is a complete order of logged models. What a model does not have
// comes last in both directions.
type loggedOrder struct {
	keys     filter.Order
	datasets []loggedmodelfilter.Dataset // of the points of each key
}

// parseLoggedOrder reads an order, and completes it by creation time, newest
// first, and id.
// Source: MLflow 3.17, sqlalchemy_store.py, _apply_order_by_search_logged_models.
func parseLoggedOrder(orderBy []mlflow.LoggedModelOrder) (loggedOrder, error) {
	var o loggedOrder
	add := func(entity filter.Entity, key string, desc bool, d loggedmodelfilter.Dataset) {
		o.keys = append(o.keys, filter.OrderKey{Entity: entity, Key: key, Desc: desc})
		o.datasets = append(o.datasets, d)
	}
	for _, ob := range orderBy {
		entity, key, prefixed := strings.Cut(ob.Field, ".")
		if prefixed && entity != "metrics" {
			return o, failure.Invalidf("Invalid order by field name: %s. Only metrics are supported.", ob.Field)
		}
		if prefixed {
			add(filter.EntityMetric, key, ob.Descending, loggedmodelfilter.Dataset(ob.Dataset))
			continue
		}
		attr, ok := loggedmodelfilter.Attr(ob.Field)
		if !ok {
			return o, failure.Invalidf("Invalid order by field name: %s", ob.Field)
		}
		add(filter.EntityAttribute, attr, ob.Descending, loggedmodelfilter.Dataset{})
	}
	for _, last := range []struct {
		attr string
		desc bool
	}{{"creation_timestamp_ms", true}, {"model_id", false}} {
		if !slices.ContainsFunc(o.keys, func(k filter.OrderKey) bool {
			return k.Entity == filter.EntityAttribute && k.Key == last.attr
		}) {
			add(filter.EntityAttribute, last.attr, last.desc, loggedmodelfilter.Dataset{})
		}
	}
	return o, nil
}

// isDefault reports whether the order is that of the list.
func (o loggedOrder) isDefault() bool {
	return len(o.keys) == 2 && o.keys[0].Key == "creation_timestamp_ms" && o.keys[0].Desc &&
		o.keys[1].Key == "model_id" && !o.keys[1].Desc
}

// tuple is the place of a model in the order, where metrics are those among the
// datasets of the query.
func (o loggedOrder) tuple(q *loggedmodelfilter.Query, m loggedView) filter.Tuple {
	t := make(filter.Tuple, len(o.keys))
	for i, k := range o.keys {
		switch {
		case k.Entity == filter.EntityMetric:
			if p, ok := q.Latest(m, k.Key, o.datasets[i]); ok {
				t[i] = filter.Element{Kind: filter.ElementFloat, Float: p.Value}
			}
		case k.Key == "creation_timestamp_ms":
			t[i] = filter.Element{Kind: filter.ElementInt, Int: m.created}
		case k.Key == "last_updated_timestamp_ms":
			t[i] = filter.Element{Kind: filter.ElementInt, Int: m.Updated}
		default:
			t[i] = loggedElement(m, k.Key)
		}
	}
	return t
}

func loggedElement(v loggedView, attr string) filter.Element {
	text, ok := v.Text(attr)
	if !ok {
		return filter.Element{}
	}
	if attr == "status" || attr == "experiment_id" {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return filter.Element{Kind: filter.ElementInt, Int: n}
		}
	}
	return filter.Element{Kind: filter.ElementString, Str: text}
}

// loggedToken is a page token of a search for logged models. Unlike others it
// carries what was searched for: MLflow's texts quote it.
type loggedToken struct {
	Experiments []string                  `json:"experiment_ids"`
	Filter      string                    `json:"filter_string"`
	Order       []mlflow.LoggedModelOrder `json:"order_by"`
	Position    []byte                    `json:"position"`
}

func newLoggedToken(p mlflow.SearchLoggedModelsParams) *loggedToken {
	return &loggedToken{Experiments: p.ExperimentIDs, Filter: p.Filter, Order: p.OrderBy}
}

func (t *loggedToken) encode(last filter.Tuple) (string, error) {
	t.Position = filter.AppendTuple(nil, last)
	b, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("encode page token: %w", err)
	}
	return base64.URLEncoding.EncodeToString(b), nil
}

// decode returns the position in a token that is of the search t; nil without
// a token.
// Source: MLflow 3.17, search_utils.py, SearchLoggedModelsPaginationToken.
func (t *loggedToken) decode(token string) ([]byte, error) {
	if token == "" {
		return nil, nil
	}
	b, err := base64.URLEncoding.DecodeString(token)
	if err != nil {
		return nil, failure.Invalidf("Invalid page token, could not base64-decode")
	}
	var old loggedToken
	if err := json.Unmarshal(b, &old); err != nil || len(old.Position) == 0 {
		return nil, failure.Invalidf("Invalid page token: %s", token)
	}
	const mismatch = "%[1]s in the page token %[2]s not match the requested %[3]s. Expected: %[4]s. Found: %[5]s"
	switch {
	case !slices.Equal(old.Experiments, t.Experiments):
		return nil, failure.Invalidf(mismatch, "Experiment IDs", "do", "experiment IDs",
			pyrepr.List(t.Experiments), pyrepr.List(old.Experiments))
	case old.Filter != t.Filter:
		return nil, failure.Invalidf(mismatch, "Filter string", "does", "filter string", cmp.Or(t.Filter, "None"), cmp.Or(old.Filter, "None"))
	case !slices.Equal(old.Order, t.Order):
		return nil, failure.Invalidf(mismatch, "Order by", "does", "order by", pythonOrder(t.Order), pythonOrder(old.Order))
	}
	return old.Position, nil
}

// pythonOrder writes an order as Python prints it.
func pythonOrder(order []mlflow.LoggedModelOrder) string {
	if len(order) == 0 {
		return "None"
	}
	orNone := func(s string) string {
		if s == "" {
			return "None"
		}
		return pyrepr.String(s)
	}
	parts := make([]string, len(order))
	for i, o := range order {
		ascending := "True"
		if o.Descending {
			ascending = "False"
		}
		parts[i] = "{'field_name': " + pyrepr.String(o.Field) + ", 'ascending': " + ascending + ", 'dataset_name': " +
			orNone(o.Dataset.Name) + ", 'dataset_digest': " + orNone(o.Dataset.Digest) + "}"
	}
	return "[" + strings.Join(parts, ", ") + "]"
}
