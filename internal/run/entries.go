package run

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// headRules say where entries of a kind stand. Tags that grow in a frozen head
// stay there up to headLimit. The run's name is inline always.
func headRules(kind EntryKind) document.EntryRules {
	r := document.EntryRules{Budget: headBudget, Limit: headLimit, Moves: MaxMoves}
	if kind == EntryTag {
		r.Pinned = func(key, _ string) bool { return key == mlflow.RunNameTag }
	}
	return r
}

// SetEntries sets entries of a head that may be changed, and returns those
// that have to stand in items of their own. An inline tag that grows too long
// moves to an item in the same write.
func (h *Head) SetEntries(kind EntryKind, d packed.Dict) (spilled packed.Dict) {
	e := document.InlineEntries{
		EntryRules: headRules(kind), Inline: &h.Entries[kind], Size: h.Size(), Frozen: &h.Frozen, Moved: &h.Moves,
	}
	return e.Set(d)
}

// MaxMoves is how many tags one write of a head may move to overflow items.
const MaxMoves = 90
