package dynamodbstore

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestInlineEntries(t *testing.T) {
	t.Parallel()
	isName := func(key, _ string) bool { return key == "name" }
	type state struct {
		inline, moved, spilled dict
		frozen                 bool
	}
	for _, tc := range []struct {
		name  string
		rules entryRules
		moved dict // already
		start state
		set   dict
		want  state
	}{
		{"all fit", entryRules{budget: 12}, nil, state{}, dict{"a", "1234", "b", "12"}, state{inline: dict{"a", "1234", "b", "12"}}},
		{
			"what fits stays and the first that does not freezes",
			entryRules{budget: 12, padding: entryPadding},
			nil,
			state{},
			dict{"a", "1234", "b", "12345", "c", ""},
			state{inline: dict{"a", "1234"}, spilled: dict{"b", "12345", "c", ""}, frozen: true},
		},
		{
			"without padding",
			entryRules{budget: 12},
			nil,
			state{inline: dict{"a", "1234"}},
			dict{"b", "1234"},
			state{inline: dict{"a", "1234", "b", "1234"}},
		},
		{
			"frozen: nothing new",
			entryRules{budget: 100, limit: 100},
			nil,
			state{frozen: true, inline: dict{"a", "1"}},
			dict{"a", "2", "b", ""},
			state{inline: dict{"a", "2"}, spilled: dict{"b", ""}, frozen: true},
		},
		{
			"too long moves out",
			entryRules{budget: 8, limit: 8},
			nil,
			state{inline: dict{"a", "1", "b", "2"}},
			dict{"a", "1234"},
			state{inline: dict{"b", "2"}, spilled: dict{"a", "1234"}, frozen: true},
		},
		{
			"the key counts again",
			entryRules{budget: 8, limit: 8, keyAgain: true},
			nil,
			state{frozen: true, inline: dict{"a", "1", "b", "2"}},
			dict{"a", "12"},
			state{inline: dict{"b", "2"}, spilled: dict{"a", "12"}, frozen: true},
		},
		{
			"grows up to the limit and does not freeze",
			entryRules{budget: 8, limit: 10},
			nil,
			state{inline: dict{"a", "1", "b", "2"}},
			dict{"a", "123"},
			state{inline: dict{"a", "123", "b", "2"}},
		},
		{
			"as many moves as one write takes",
			entryRules{budget: 1, limit: 1, moves: 2},
			dict{"x", ""},
			state{frozen: true, inline: dict{"a", "1", "b", "2"}},
			dict{"a", "3", "b", "4", "c", "5"},
			state{inline: dict{"b", "4"}, moved: dict{"a", "3", "x", ""}, spilled: dict{"c", "5"}, frozen: true},
		},
		{
			"pinned",
			entryRules{budget: 1, limit: 1, pinned: isName},
			nil,
			state{frozen: true},
			dict{"name", "long", "other", ""},
			state{inline: dict{"name", "long"}, spilled: dict{"other", ""}, frozen: true},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := tc.start
			e := inlineEntries{entryRules: tc.rules, inline: &got.inline, size: got.inline.size(), frozen: &got.frozen}
			if tc.rules.moves > 0 {
				got.moved = tc.moved
				e.moved = &got.moved
			}
			got.spilled = e.set(tc.set)
			require.Equal(t, tc.want, got)
		})
	}
}

// TestInlineEntriesKeepAll: an entry is inline, moved or spilled, and only
// one of them; no key becomes inline in a frozen document; dicts stay as they
// were.
func TestInlineEntriesKeepAll(t *testing.T) {
	t.Parallel()
	some := rapid.Custom(func(t *rapid.T) Tag {
		return Tag{rapid.StringMatching("[a-h]").Draw(t, "key"), strings.Repeat("v", rapid.IntRange(0, 6).Draw(t, "length"))}
	})
	rapid.Check(t, func(t *rapid.T) {
		var inline, moved dict
		frozen := false
		rules := entryRules{
			budget: rapid.IntRange(0, 20).Draw(t, "budget"), limit: rapid.IntRange(0, 30).Draw(t, "limit"),
			padding: rapid.IntRange(0, entryPadding).Draw(t, "padding"), keyAgain: rapid.Bool().Draw(t, "again"), moves: 3,
		}
		for range rapid.IntRange(1, 6).Draw(t, "changes") {
			d := dictOf(rapid.SliceOfN(some, 0, 4).Draw(t, "entries"))
			was, wasFrozen, copied := inline, frozen, slices.Clone(inline)
			e := inlineEntries{entryRules: rules, inline: &inline, size: inline.size(), frozen: &frozen, moved: &moved}
			spilled := e.set(d)
			require.Equal(t, copied, slices.Clone(was))
			require.LessOrEqual(t, moved.len(), rules.moves)
			for ; len(d) > 0; d = d[2:] {
				value, isInline := inline.get(d[0])
				_, wasInline := was.get(d[0])
				where := map[bool]dict{true: moved, false: spilled}[wasInline]
				if !isInline {
					value, _ = where.get(d[0])
					require.True(t, frozen)
				}
				require.Equal(t, d[1], value)
				require.False(t, isInline && !wasInline && wasFrozen)
			}
		}
	})
}
