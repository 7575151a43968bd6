package dynamo

import (
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// aliasBase keeps aliases short: expressions are limited to 4 KB.
const aliasBase = 36

// expr builds the expressions of one request. Every attribute name and value
// in them is an alias.
type expr struct {
	names  map[string]string
	values map[string]types.AttributeValue
}

// name returns a new alias of an attribute name.
func (e *expr) name(name string) string {
	if e.names == nil {
		e.names = make(map[string]string)
	}
	alias := "#" + strconv.FormatInt(int64(len(e.names)), aliasBase)
	e.names[alias] = name
	return alias
}

// value returns a new alias of a value.
func (e *expr) value(v types.AttributeValue) string {
	if e.values == nil {
		e.values = make(map[string]types.AttributeValue)
	}
	alias := ":" + strconv.FormatInt(int64(len(e.values)), aliasBase)
	e.values[alias] = v
	return alias
}

// cond returns the terms of a condition, which have to hold all.
func (e *expr) cond(c table.Cond, now int64) []string {
	if c.IsZero() {
		return nil
	}
	pk, ttl, at := e.name(table.PKAttr), e.name(table.TTLAttr), e.value(number(now))
	if c.IsAbsent() {
		return []string{"(attribute_not_exists(" + pk + ") OR " + ttl + "<=" + at + ")"}
	}
	terms := []string{"attribute_exists(" + pk + ")", "(attribute_not_exists(" + ttl + ") OR " + ttl + ">" + at + ")"}
	for _, a := range c.Attrs() {
		terms = append(terms, e.name(a.Name)+"="+e.value(encodeValue(a.Value)))
	}
	return terms
}

// update returns the update expression of u, nil if it changes nothing, and
// the terms of its condition.
func (e *expr) update(u table.Update, now int64) (update *string, terms []string) {
	terms = e.cond(u.Cond, now)
	add := make([]string, 0, len(u.Add))
	remove := make([]string, 0, len(u.Remove))
	set := make([]string, 0, len(u.Set)+len(u.Raise))
	for _, a := range u.Set {
		set = append(set, e.name(a.Name)+"="+e.value(encodeValue(a.Value)))
	}
	for _, a := range u.Raise {
		n, v := e.name(a.Name), e.value(encodeValue(a.Value))
		set = append(set, n+"="+v)
		terms = append(terms, "(attribute_not_exists("+n+") OR "+n+"<"+v+")")
	}
	for _, name := range u.Remove {
		remove = append(remove, e.name(name))
	}
	for _, a := range u.Add {
		add = append(add, e.name(a.Name)+" "+e.value(encodeValue(a.Value)))
	}
	var b strings.Builder
	clause(&b, "SET ", set)
	clause(&b, " REMOVE ", remove)
	clause(&b, " ADD ", add)
	if b.Len() == 0 {
		return nil, terms
	}
	s := b.String()
	return &s, terms
}

func clause(b *strings.Builder, verb string, parts []string) {
	if len(parts) == 0 {
		return
	}
	b.WriteString(verb)
	b.WriteString(strings.Join(parts, ","))
}

// all joins the terms of a condition, nil if there are none.
func all(terms []string) *string {
	if len(terms) == 0 {
		return nil
	}
	s := strings.Join(terms, " AND ")
	return &s
}
