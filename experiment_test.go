package dynamodbstore

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// setExperimentTags is how experiments were filled first: what it decided is
// stored in tables, so it decides for ever.
func setExperimentTags(e *experimentDoc, tags dict) {
	var spilled dict
	for i := 0; i < len(tags); i += 2 {
		key, value := tags[i], tags[i+1]
		_, inline := e.tags.get(key)
		if next := e.tags.set(key, value); (!e.frozen || inline) && next.size() <= experimentBudget {
			e.tags = next
			continue
		}
		e.frozen = true
		e.tags = e.tags.remove(key)
		spilled = append(spilled, key, value)
	}
	e.spilled = e.spilled.merge(spilled)
}

func TestExperimentTags(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		was, e := &experimentDoc{}, &experimentDoc{}
		for range rapid.IntRange(1, 8).Draw(t, "changes") {
			var tags []Tag
			for range rapid.IntRange(0, 4).Draw(t, "entries") {
				key := rapid.SampledFrom([]string{"a", "b", "cc"}).Draw(t, "key")
				old, _ := e.tags.get(key)
				room := experimentBudget - e.tags.size() - len(key) + len(old)
				n := rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(0, 10<<10), rapid.IntRange(room-6, room+4)).Draw(t, "length")
				tags = append(tags, Tag{key, strings.Repeat("v", max(n, 0))})
			}
			d := dictOf(tags)
			setExperimentTags(was, d)
			e.setTags(d)
			require.Equal(t, was, e)
			if rapid.Bool().Draw(t, "written") {
				was, e = was.clone(), e.clone()
			}
		}
	})
}
