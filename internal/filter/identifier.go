package filter

import (
	"slices"
	"strings"
)

// SplitIdentifier cuts an identifier of a search over anything but runs into its
// entity and its key as written. attributes are the prefixes of an attribute.
func SplitIdentifier(text string, attributes ...string) (Entity, string, error) {
	prefix, key, dotted := strings.Cut(text, ".")
	switch {
	case !dotted:
		return EntityAttribute, text, nil
	case prefix == "tag", prefix == "tags":
		return EntityTag, key, nil
	case !slices.Contains(attributes, prefix):
		return 0, "", Invalidf("Invalid entity type '%s'. Valid entity types are ('%s', 'tag', 'tags')", prefix,
			strings.Join(attributes, "', '"))
	}
	return EntityAttribute, key, nil
}

// TrimKey takes one pair of quotes of any kind off a key, then backticks.
func TrimKey(key string) string {
	if bare, ok := unquote(key); ok {
		key = bare
	}
	return TrimQuotes(key, "`")
}

// unquote takes one pair of single or double quotes off a string.
func unquote(s string) (string, bool) {
	for _, quote := range [...]string{"'", `"`} {
		if bare := TrimQuotes(s, quote); len(bare) != len(s) {
			return bare, true
		}
	}
	return s, false
}

// TrimQuotes takes one pair of a quote off a string.
func TrimQuotes(s, quote string) string {
	if len(s) >= 2 && strings.HasPrefix(s, quote) && strings.HasSuffix(s, quote) {
		return s[1 : len(s)-1]
	}
	return s
}
