package registry

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// setNote is how notes were set first: what it decided is stored in tables, so
// it decides for ever.
func setNote(n *notes, kind noteKind, key, value string) bool {
	old := n.entries[kind]
	_, inline := old.Get(key)
	next := old.Set(key, value)
	fits := (!n.frozen || inline) && n.size()-old.Size()+next.Size() <= modelBudget
	if fits || kind == noteTag && key == isPromptTag && value == isPromptValue {
		n.entries[kind] = next
		return true
	}
	n.frozen = true
	n.entries[kind] = old.Remove(key)
	return false
}

func TestNotes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		was, n := &notes{}, &notes{}
		for range rapid.IntRange(1, 30).Draw(t, "changes") {
			kind := noteKind(rapid.IntRange(0, int(noteKinds)-1).Draw(t, "kind"))
			key := rapid.OneOf(rapid.SampledFrom([]string{"", "a", "bb"}), rapid.Just(isPromptTag)).Draw(t, "key")
			if rapid.IntRange(0, 4).Draw(t, "drop") == 0 {
				require.Equal(t, was.drop(kind, key), n.drop(kind, key))
				continue
			}
			old, _ := n.entries[kind].Get(key)
			room := modelBudget - n.size() - len(key) + len(old)
			length := rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(0, 4<<10), rapid.IntRange(room-6, room+4)).Draw(t, "length")
			value := strings.Repeat("v", max(length, 0))
			if rapid.Bool().Draw(t, "prompt") {
				value = isPromptValue
			}
			require.Equal(t, setNote(was, kind, key, value), n.set(kind, key, value))
			require.Equal(t, was, n)
		}
	})
}
