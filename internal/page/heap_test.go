package page

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestHeap: the root is the least of what was pushed, popped and replaced, and
// what was popped is not held any more.
func TestHeap(t *testing.T) {
	t.Parallel()
	before := func(a, b *int) bool { return *a < *b }
	rapid.Check(t, func(t *rapid.T) {
		var heap, want []int
		for range rapid.IntRange(1, 60).Draw(t, "changes") {
			x := rapid.IntRange(1, 20).Draw(t, "x")
			switch {
			case len(want) == 0 || rapid.IntRange(0, 1).Draw(t, "push") == 0:
				heap, want = PushHeap(heap, x, before), append(want, x)
			case rapid.Bool().Draw(t, "pop"):
				heap, want = PopHeap(heap, before), want[1:]
				require.Zero(t, heap[:len(heap)+1][len(heap)])
			default:
				heap[0], want[0] = x, x
				SinkRoot(heap, before)
			}
			slices.Sort(want)
			require.Len(t, heap, len(want))
			if len(want) > 0 {
				require.Equal(t, want[0], heap[0])
			}
		}
		require.ElementsMatch(t, want, heap)
	})
}
