package experiment

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// setExperimentTags is how experiments were filled first: what it decided is
// stored in tables, so it decides for ever.
func setExperimentTags(e *Document, tags packed.Dict) {
	var spilled packed.Dict
	for i := 0; i < len(tags); i += 2 {
		key, value := tags[i], tags[i+1]
		_, inline := e.tags.Get(key)
		if next := e.tags.Set(key, value); (!e.frozen || inline) && next.Size() <= experimentBudget {
			e.tags = next
			continue
		}
		e.frozen = true
		e.tags = e.tags.Remove(key)
		spilled = append(spilled, key, value)
	}
	e.spilled = e.spilled.Merge(spilled)
}

func TestExperimentTags(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		was, e := &Document{}, &Document{}
		for range rapid.IntRange(1, 8).Draw(t, "changes") {
			var tags []mlflow.Tag
			for range rapid.IntRange(0, 4).Draw(t, "entries") {
				key := rapid.SampledFrom([]string{"a", "b", "cc"}).Draw(t, "key")
				old, _ := e.tags.Get(key)
				room := experimentBudget - e.tags.Size() - len(key) + len(old)
				n := rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(0, 10<<10), rapid.IntRange(room-6, room+4)).Draw(t, "length")
				tags = append(tags, mlflow.Tag{Key: key, Value: strings.Repeat("v", max(n, 0))})
			}
			d := packed.DictOf(tags)
			setExperimentTags(was, d)
			e.setTags(d)
			require.Equal(t, was, e)
			if rapid.Bool().Draw(t, "written") {
				was, e = was.Clone(), e.Clone()
			}
		}
	})
}
