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

// validatePatterns refuses patterns that are no globs, and those that no key of
// a tag can match, which were meant otherwise. What is persisted is not held to
// it: other programs may write there, and it harms nothing.
func validatePatterns(patterns []string) error {
	for _, p := range patterns {
		if err := validateListed("tag pattern", p); err != nil {
			return err
		}
	}
	_, err := compilePatterns(patterns)
	return err
}

// validateListed refuses what cannot be meant as one entry of a list: nothing,
// blanks around it, or several in one. what names the kind of the entry. The
// alternatives of a glob, {a,b}, are one.
func validateListed(what, entry string) error {
	braces := 0
	for _, r := range entry {
		switch {
		case r == '{':
			braces++
		case r == '}':
			braces--
		case r == ',' && braces <= 0:
			return fmt.Errorf("%s %q has a comma: give each by itself", what, entry)
		case r < ' ' || r == 0x7f:
			return fmt.Errorf("%s %q has a control character", what, entry)
		}
	}
	switch {
	case strings.TrimSpace(entry) == "":
		return fmt.Errorf("%s %q is empty", what, entry)
	case strings.TrimSpace(entry) != entry:
		return fmt.Errorf("%s %q has blanks around it", what, entry)
	}
	return nil
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
