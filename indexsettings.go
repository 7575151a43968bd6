package dynamodbstore

import "context"

// Stand-ins until config.go has methods of these names: remove them there.

func (c *settings) fresh(ctx context.Context) (*configuration, error) { return c.current(ctx) }

func (c *configuration) trigramFieldsWritten() []string {
	return unionOf(alwaysTrigramFields(), c.trigramFields)
}

func (c *configuration) matcherOf(exp string) tagMatcher {
	if m, ok := c.matchers[exp]; ok {
		return m
	}
	return c.matchers[""]
}

func (c *configuration) indexSpec(string) []string { return nil }

func (c *configuration) indexedField(string) bool { return true }
