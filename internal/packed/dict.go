package packed

import (
	"slices"
	"sort"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Dict is a map of strings as alternating keys and values, sorted by key:
// the form in which items hold tags and params. A dict is never changed in
// place; set and remove return a new one.
type Dict []string

// Len is how many entries d has.
func (d Dict) Len() int { return len(d) / 2 }

func (d Dict) find(key string) (int, bool) {
	n := sort.Search(len(d)/2, func(i int) bool { return d[2*i] >= key })
	return 2 * n, 2*n < len(d) && d[2*n] == key
}

// Get returns the value of a key, and whether d has it.
func (d Dict) Get(key string) (string, bool) {
	if i, ok := d.find(key); ok {
		return d[i+1], true
	}
	return "", false
}

// Set returns d with an entry more, or another value of it.
func (d Dict) Set(key, value string) Dict {
	i, ok := d.find(key)
	if !ok {
		return slices.Insert(slices.Clip(d), i, key, value)
	}
	if d[i+1] == value {
		return d
	}
	c := slices.Clone(d)
	c[i+1] = value
	return c
}

// Remove returns d without a key.
func (d Dict) Remove(key string) Dict {
	i, ok := d.find(key)
	if !ok {
		return d
	}
	return slices.Concat(d[:i], d[i+2:])
}

// Merge returns the union of d and o; o wins where both have a key.
func (d Dict) Merge(o Dict) Dict {
	switch {
	case len(o) == 0:
		return d
	case len(d) == 0:
		return o
	}
	return make(Dict, 0, len(d)+len(o)).AppendMerged(d, o, func(_, value string) string { return value })
}

// AppendMerged appends the union of a and b to d, which neither shares memory
// with; choose decides where both have a key.
func (d Dict) AppendMerged(a, b Dict, choose func(a, b string) string) Dict {
	for len(a) > 0 && len(b) > 0 {
		switch c := strings.Compare(a[0], b[0]); {
		case c < 0:
			d, a = append(d, a[0], a[1]), a[2:]
		case c > 0:
			d, b = append(d, b[0], b[1]), b[2:]
		default:
			d, a, b = append(d, a[0], choose(a[1], b[1])), a[2:], b[2:]
		}
	}
	return append(append(d, a...), b...)
}

// Size is the bytes of all keys and values with what DynamoDB adds for each.
func (d Dict) Size() int {
	n := 0
	for _, s := range d {
		n += len(s) + 1
	}
	return n
}

// DictOf returns a dict of tags; the last of several with one key wins.
func DictOf(tags []mlflow.Tag) Dict {
	kv := slices.Clone(tags)
	slices.SortStableFunc(kv, func(a, b mlflow.Tag) int { return strings.Compare(a.Key, b.Key) })
	d := make(Dict, 0, 2*len(kv))
	for _, t := range kv {
		if n := len(d); n > 0 && d[n-2] == t.Key {
			d[n-1] = t.Value
			continue
		}
		d = append(d, t.Key, t.Value)
	}
	return d
}

// Tags returns the entries of d as tags.
func (d Dict) Tags() []mlflow.Tag {
	if len(d) == 0 {
		return nil
	}
	tags := make([]mlflow.Tag, len(d)/2)
	for i := range tags {
		tags[i] = mlflow.Tag{Key: d[2*i], Value: d[2*i+1]}
	}
	return tags
}

// Params returns the entries as params.
func (d Dict) Params() []mlflow.Param {
	if len(d) == 0 {
		return nil
	}
	params := make([]mlflow.Param, len(d)/2)
	for i := range params {
		params[i] = mlflow.Param{Key: d[2*i], Value: d[2*i+1]}
	}
	return params
}
