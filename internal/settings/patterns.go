package settings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gobwas/glob"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
)

// Matcher reports whether a tag is copied to an attribute of its own.
type Matcher func(key string) bool

// compilePatterns returns a matcher of any of the globs. '*' matches dots too.
func compilePatterns(patterns []string) (Matcher, error) {
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

// ValidatePatterns refuses patterns that are no globs, and those that no key of
// a tag can match, which were meant otherwise. What is persisted is not held to
// it: other programs may write there, and it harms nothing.
func ValidatePatterns(patterns []string) error {
	for _, p := range patterns {
		if err := validate.Listed("tag pattern", p); err != nil {
			return err
		}
	}
	_, err := compilePatterns(patterns)
	return err
}

// WithAlways returns the patterns with the one that cannot be removed.
func WithAlways(patterns []string) []string {
	if slices.Contains(patterns, alwaysDenormalize) {
		return patterns
	}
	return append([]string{alwaysDenormalize}, patterns...)
}

// UnionOf appends those patterns of more that list does not have.
func UnionOf(list, more []string) []string {
	list = slices.Clone(list)
	for _, p := range more {
		if !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list
}
