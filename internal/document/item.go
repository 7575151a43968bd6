package document

import (
	"errors"
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// OverflowItem is the item of an entry that does not stand inline.
func OverflowItem(key table.Key, name, value string) table.Item {
	return table.NewItem(key,
		table.Attr{Name: keys.Version, Value: table.Number(SchemaVersion)},
		table.Attr{Name: keys.Key, Value: table.String(name)},
		table.Attr{Name: keys.Value, Value: table.String(value)})
}

// AppendExpiry appends the ttl of what expires; 0: it does not.
func AppendExpiry(attrs []table.Attr, expiry int64) []table.Attr {
	if expiry == 0 {
		return attrs
	}
	return append(attrs, table.Attr{Name: table.TTLAttr, Value: table.Number(expiry)})
}

// TombstoneStage in place of a stage marks an experiment that is gone for good.
const TombstoneStage = "TOMBSTONE"

// IsCanceled reports whether a transaction found something else than it was
// made for.
func IsCanceled(err error) bool {
	_, lost := errors.AsType[*table.CanceledError](err)
	return lost
}

// TombstoneStatus in place of a status marks a run whose creation was never
// finished.
const TombstoneStatus = "TOMBSTONE"

// SplitTags appends the tags that match as attributes and returns the others.
func SplitTags(tags packed.Dict, attrs []table.Attr, match func(string) bool) (packed.Dict, []table.Attr) {
	var rest packed.Dict
	for i := 0; i < len(tags); i += 2 {
		if match != nil && match(tags[i]) {
			attrs = append(attrs, table.Attr{Name: keys.TagAttr + tags[i], Value: table.String(tags[i+1])})
			continue
		}
		rest = append(rest, tags[i], tags[i+1])
	}
	return rest, attrs
}

// JoinTags is the inverse of SplitTags.
func JoinTags(it table.Item) packed.Dict {
	var own packed.Dict
	lo, _ := slices.BinarySearchFunc(it.Attrs, keys.TagAttr, func(a table.Attr, s string) int {
		return strings.Compare(a.Name, s)
	})
	for _, a := range it.Attrs[lo:] {
		key, ok := strings.CutPrefix(a.Name, keys.TagAttr)
		if !ok {
			break
		}
		own = append(own, key, a.Value.Str())
	}
	v, _ := it.Get(keys.Tags)
	return packed.Dict(v.Strings()).Merge(own)
}

// TagsDiffer reports whether the tags of an item stand elsewhere than SplitTags
// would put them.
func TagsDiffer(it table.Item, match func(string) bool) bool {
	for _, a := range it.Attrs {
		if key, ok := strings.CutPrefix(a.Name, keys.TagAttr); ok && !match(key) {
			return true
		}
	}
	v, _ := it.Get(keys.Tags)
	for d := v.Strings(); len(d) > 0; d = d[2:] {
		if match(d[0]) {
			return true
		}
	}
	return false
}

// SortedDict sorts entries that were read in the order of their sort keys.
func SortedDict(kv packed.Dict) packed.Dict {
	tags := make([]mlflow.Tag, 0, kv.Len())
	for i := 0; i < len(kv); i += 2 {
		tags = append(tags, mlflow.Tag{Key: kv[i], Value: kv[i+1]})
	}
	return packed.DictOf(tags)
}

// RepeatedKey returns a key that is in a list twice, if one is.
func RepeatedKey(list []mlflow.Tag) (string, bool) {
	seen := make(map[string]bool, len(list))
	for _, t := range list {
		if seen[t.Key] {
			return t.Key, true
		}
		seen[t.Key] = true
	}
	return "", false
}

// OverflowItems are the items of entries that do not stand inline.
func OverflowItems(d packed.Dict, key func(string) table.Key) []table.Item {
	var items []table.Item
	for ; len(d) > 0; d = d[2:] {
		items = append(items, OverflowItem(key(d[0]), d[0], d[1]))
	}
	return items
}

// AsConditionError returns the lost condition of a write that failed for it.
func AsConditionError(err error) (*table.ConditionError, bool) {
	var lost *table.ConditionError
	ok := errors.As(err, &lost)
	return lost, ok
}
