package dynamodbstore

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// setHeadEntries is how heads were filled first: what it decided is stored in
// tables, so it decides for ever.
func setHeadEntries(h *runHead, kind entryKind, d dict) (spilled dict) {
	if !h.frozen && h.size()+d.size() <= headBudget {
		h.entries[kind] = h.entries[kind].merge(d)
		return nil
	}
	for i := 0; i < len(d); i += 2 {
		key, value := d[i], d[i+1]
		old, inline := h.entries[kind].get(key)
		size := h.size() + len(value) - len(old)
		fits := !h.frozen && size+len(key) <= headBudget ||
			inline && (size <= headLimit || h.moves.len() >= maxMoves)
		if fits || kind == entryTag && key == runNameTag {
			h.entries[kind] = h.entries[kind].set(key, value)
			continue
		}
		h.frozen = true
		if inline {
			h.entries[kind] = h.entries[kind].remove(key)
			h.moves = h.moves.set(key, value)
			continue
		}
		spilled = append(spilled, key, value)
	}
	return spilled
}

func TestHeadEntries(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		was := &runHead{name: strings.Repeat("n", rapid.IntRange(0, 500).Draw(t, "name")), user: "u"}
		for range rapid.SampledFrom([]int{0, maxMoves - 1, maxMoves}).Draw(t, "moves") {
			was.moves = append(was.moves, strings.Repeat("m", 1+was.moves.len()), "")
		}
		for _, kind := range []entryKind{entryTag, entryParam} {
			was.entries[kind] = dict{"a", "1", "b", "2"}
		}
		h := was.clone()
		near := rapid.SampledFrom([]int{headBudget, headLimit})
		for range rapid.IntRange(1, 8).Draw(t, "changes") {
			kind := rapid.SampledFrom([]entryKind{entryTag, entryParam, entryOutput}).Draw(t, "kind")
			var tags []Tag
			for range rapid.IntRange(0, 4).Draw(t, "entries") {
				key := rapid.OneOf(rapid.SampledFrom([]string{"a", "b", "cc"}), rapid.Just(runNameTag)).Draw(t, "key")
				old, _ := h.entries[kind].get(key)
				room := near.Draw(t, "near") - h.size() - len(key) + len(old)
				n := rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(0, 40<<10), rapid.IntRange(room-4, room+4)).Draw(t, "length")
				tags = append(tags, Tag{key, strings.Repeat("v", max(n, 0))})
			}
			d := dictOf(tags)
			require.Equal(t, setHeadEntries(was, kind, d), h.setEntries(kind, d))
			require.Equal(t, was, h)
		}
	})
}
