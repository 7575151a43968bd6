package loggedmodel

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// setLoggedModelEntries is how logged models were filled first: what it decided
// is stored in tables, so it decides for ever.
func setLoggedModelEntries(m *Document, to *packed.Dict, d packed.Dict) (spilled packed.Dict) {
	for ; len(d) > 0; d = d[2:] {
		key, value := d[0], d[1]
		old, inline := to.Get(key)
		size := m.tags.Size() + m.params.Size() + len(key) + len(value) - len(old)
		if (inline || !m.frozen) && size <= loggedModelBudget {
			*to = to.Set(key, value)
			continue
		}
		m.frozen = true
		*to = to.Remove(key)
		spilled = append(spilled, key, value)
	}
	return spilled
}

func TestLoggedModelEntries(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		was, m := &Document{}, &Document{}
		for range rapid.IntRange(1, 8).Draw(t, "changes") {
			to, wasTo := &m.tags, &was.tags
			if rapid.Bool().Draw(t, "params") {
				to, wasTo = &m.params, &was.params
			}
			var list []mlflow.Tag
			for range rapid.IntRange(0, 4).Draw(t, "entries") {
				key := rapid.SampledFrom([]string{"a", "b", "cc"}).Draw(t, "key")
				old, _ := to.Get(key)
				room := loggedModelBudget - m.tags.Size() - m.params.Size() - len(key) + len(old)
				n := rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(0, 6<<10), rapid.IntRange(room-4, room+4)).Draw(t, "length")
				list = append(list, mlflow.Tag{Key: key, Value: strings.Repeat("v", max(n, 0))})
			}
			d := packed.DictOf(list)
			require.Equal(t, setLoggedModelEntries(was, wasTo, d), m.setEntries(to, d))
			require.Equal(t, was, m)
		}
	})
}
