package dynamodbstore

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gobwas/glob"
)

// tagMatcher reports whether a tag is copied to an attribute of its own.
type tagMatcher func(key string) bool

// compilePatterns returns a matcher of any of the globs. '*' matches dots too.
func compilePatterns(patterns []string) (tagMatcher, error) {
	var prefixes []string
	var globs []*glob.Pattern
	for _, p := range patterns {
		if prefix, ok := strings.CutSuffix(p, "*"); ok && !strings.ContainsAny(prefix, `*?[]{}!\`) {
			prefixes = append(prefixes, prefix)
			continue
		}
		g, err := glob.Compile(p)
		if err != nil {
			return nil, fmt.Errorf("tag pattern %q is no glob: %w", p, err)
		}
		globs = append(globs, g)
	}
	return func(key string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(key, p) }) ||
			slices.ContainsFunc(globs, func(g *glob.Pattern) bool { return g.Match(key) })
	}, nil
}

// withAlways returns the patterns with the one that cannot be removed.
func withAlways(patterns []string) []string {
	if slices.Contains(patterns, alwaysDenormalize) {
		return patterns
	}
	return append([]string{alwaysDenormalize}, patterns...)
}

// unionOf appends those patterns of more that list does not have.
func unionOf(list, more []string) []string {
	list = slices.Clone(list)
	for _, p := range more {
		if !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list
}
