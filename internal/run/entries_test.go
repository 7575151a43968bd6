package run

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// setHeadEntries is how heads were filled first: what it decided is stored in
// tables, so it decides for ever.
func setHeadEntries(h *Head, kind EntryKind, d packed.Dict) (spilled packed.Dict) {
	if !h.Frozen && h.Size()+d.Size() <= headBudget {
		h.Entries[kind] = h.Entries[kind].Merge(d)
		return nil
	}
	for i := 0; i < len(d); i += 2 {
		key, value := d[i], d[i+1]
		old, inline := h.Entries[kind].Get(key)
		size := h.Size() + len(value) - len(old)
		fits := !h.Frozen && size+len(key) <= headBudget ||
			inline && (size <= headLimit || h.Moves.Len() >= MaxMoves)
		if fits || kind == EntryTag && key == mlflow.RunNameTag {
			h.Entries[kind] = h.Entries[kind].Set(key, value)
			continue
		}
		h.Frozen = true
		if inline {
			h.Entries[kind] = h.Entries[kind].Remove(key)
			h.Moves = h.Moves.Set(key, value)
			continue
		}
		spilled = append(spilled, key, value)
	}
	return spilled
}

func TestHeadEntries(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		was := &Head{Name: strings.Repeat("n", rapid.IntRange(0, 500).Draw(t, "name")), User: "u"}
		for range rapid.SampledFrom([]int{0, MaxMoves - 1, MaxMoves}).Draw(t, "moves") {
			was.Moves = append(was.Moves, strings.Repeat("m", 1+was.Moves.Len()), "")
		}
		for _, kind := range []EntryKind{EntryTag, EntryParam} {
			was.Entries[kind] = packed.Dict{"a", "1", "b", "2"}
		}
		h := was.Clone()
		near := rapid.SampledFrom([]int{headBudget, headLimit})
		for range rapid.IntRange(1, 8).Draw(t, "changes") {
			kind := rapid.SampledFrom([]EntryKind{EntryTag, EntryParam, EntryOutput}).Draw(t, "kind")
			var tags []mlflow.Tag
			for range rapid.IntRange(0, 4).Draw(t, "entries") {
				key := rapid.OneOf(rapid.SampledFrom([]string{"a", "b", "cc"}), rapid.Just(mlflow.RunNameTag)).Draw(t, "key")
				old, _ := h.Entries[kind].Get(key)
				room := near.Draw(t, "near") - h.Size() - len(key) + len(old)
				n := rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(0, 40<<10), rapid.IntRange(room-4, room+4)).Draw(t, "length")
				tags = append(tags, mlflow.Tag{Key: key, Value: strings.Repeat("v", max(n, 0))})
			}
			d := packed.DictOf(tags)
			require.Equal(t, setHeadEntries(was, kind, d), h.SetEntries(kind, d))
			require.Equal(t, was, h)
		}
	})
}
