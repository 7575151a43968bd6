package document

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

func TestInlineEntries(t *testing.T) {
	t.Parallel()
	isName := func(key, _ string) bool { return key == "name" }
	type state struct {
		inline, moved, spilled packed.Dict
		frozen                 bool
	}
	for _, tc := range []struct {
		name  string
		rules EntryRules
		moved packed.Dict // already
		start state
		set   packed.Dict
		want  state
	}{
		{"all fit", EntryRules{Budget: 12}, nil, state{}, packed.Dict{"a", "1234", "b", "12"}, state{inline: packed.Dict{"a", "1234", "b", "12"}}},
		{
			"what fits stays and the first that does not freezes",
			EntryRules{Budget: 12, Padding: EntryPadding},
			nil,
			state{},
			packed.Dict{"a", "1234", "b", "12345", "c", ""},
			state{inline: packed.Dict{"a", "1234"}, spilled: packed.Dict{"b", "12345", "c", ""}, frozen: true},
		},
		{
			"without padding",
			EntryRules{Budget: 12},
			nil,
			state{inline: packed.Dict{"a", "1234"}},
			packed.Dict{"b", "1234"},
			state{inline: packed.Dict{"a", "1234", "b", "1234"}},
		},
		{
			"frozen: nothing new",
			EntryRules{Budget: 100, Limit: 100},
			nil,
			state{frozen: true, inline: packed.Dict{"a", "1"}},
			packed.Dict{"a", "2", "b", ""},
			state{inline: packed.Dict{"a", "2"}, spilled: packed.Dict{"b", ""}, frozen: true},
		},
		{
			"too long moves out",
			EntryRules{Budget: 8, Limit: 8},
			nil,
			state{inline: packed.Dict{"a", "1", "b", "2"}},
			packed.Dict{"a", "1234"},
			state{inline: packed.Dict{"b", "2"}, spilled: packed.Dict{"a", "1234"}, frozen: true},
		},
		{
			"the key counts again",
			EntryRules{Budget: 8, Limit: 8, KeyAgain: true},
			nil,
			state{frozen: true, inline: packed.Dict{"a", "1", "b", "2"}},
			packed.Dict{"a", "12"},
			state{inline: packed.Dict{"b", "2"}, spilled: packed.Dict{"a", "12"}, frozen: true},
		},
		{
			"grows up to the limit and does not freeze",
			EntryRules{Budget: 8, Limit: 10},
			nil,
			state{inline: packed.Dict{"a", "1", "b", "2"}},
			packed.Dict{"a", "123"},
			state{inline: packed.Dict{"a", "123", "b", "2"}},
		},
		{
			"as many moves as one write takes",
			EntryRules{Budget: 1, Limit: 1, Moves: 2},
			packed.Dict{"x", ""},
			state{frozen: true, inline: packed.Dict{"a", "1", "b", "2"}},
			packed.Dict{"a", "3", "b", "4", "c", "5"},
			state{inline: packed.Dict{"b", "4"}, moved: packed.Dict{"a", "3", "x", ""}, spilled: packed.Dict{"c", "5"}, frozen: true},
		},
		{
			"pinned",
			EntryRules{Budget: 1, Limit: 1, Pinned: isName},
			nil,
			state{frozen: true},
			packed.Dict{"name", "long", "other", ""},
			state{inline: packed.Dict{"name", "long"}, spilled: packed.Dict{"other", ""}, frozen: true},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := tc.start
			e := InlineEntries{EntryRules: tc.rules, Inline: &got.inline, Size: got.inline.Size(), Frozen: &got.frozen}
			if tc.rules.Moves > 0 {
				got.moved = tc.moved
				e.Moved = &got.moved
			}
			got.spilled = e.Set(tc.set)
			require.Equal(t, tc.want, got)
		})
	}
}

// TestInlineEntriesKeepAll: an entry is inline, moved or spilled, and only
// one of them; no key becomes inline in a frozen document; dicts stay as they
// were.
func TestInlineEntriesKeepAll(t *testing.T) {
	t.Parallel()
	some := rapid.Custom(func(t *rapid.T) mlflow.Tag {
		return mlflow.Tag{Key: rapid.StringMatching("[a-h]").Draw(t, "key"), Value: strings.Repeat("v", rapid.IntRange(0, 6).Draw(t, "length"))}
	})
	rapid.Check(t, func(t *rapid.T) {
		var inline, moved packed.Dict
		frozen := false
		rules := EntryRules{
			Budget: rapid.IntRange(0, 20).Draw(t, "budget"), Limit: rapid.IntRange(0, 30).Draw(t, "limit"),
			Padding: rapid.IntRange(0, EntryPadding).Draw(t, "padding"), KeyAgain: rapid.Bool().Draw(t, "again"), Moves: 3,
		}
		for range rapid.IntRange(1, 6).Draw(t, "changes") {
			d := packed.DictOf(rapid.SliceOfN(some, 0, 4).Draw(t, "entries"))
			was, wasFrozen, copied := inline, frozen, slices.Clone(inline)
			e := InlineEntries{EntryRules: rules, Inline: &inline, Size: inline.Size(), Frozen: &frozen, Moved: &moved}
			spilled := e.Set(d)
			require.Equal(t, copied, slices.Clone(was))
			require.LessOrEqual(t, moved.Len(), rules.Moves)
			for ; len(d) > 0; d = d[2:] {
				value, isInline := inline.Get(d[0])
				_, wasInline := was.Get(d[0])
				where := map[bool]packed.Dict{true: moved, false: spilled}[wasInline]
				if !isInline {
					value, _ = where.Get(d[0])
					require.True(t, frozen)
				}
				require.Equal(t, d[1], value)
				require.False(t, isInline && !wasInline && wasFrozen)
			}
		}
	})
}
