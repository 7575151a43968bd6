package registry

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// modelBudget is the size of the description, tags and aliases of a registered
// model, or of a version, above which new or longer ones become items of their
// own. A model's document is written with each change of its versions, at 2 WCU
// for each KB.
const modelBudget = 8 << 10

// noteKind is what users write on a registered model or a version.
type noteKind int

const (
	noteDescription noteKind = iota // of the key ""
	noteTag
	noteAlias // of models only; the value is the version
	noteKinds
)

func notePrefixes() [noteKinds]string {
	return [noteKinds]string{keys.DescriptionPrefix, keys.TagPrefix, keys.AliasPrefix}
}

func (k noteKind) prefix() string { return notePrefixes()[k] }

// notes are what users write on a registered model or a version, as far as it
// stands in the document. Once one did not fit they are frozen: from then on no
// key becomes inline, so what is not inline stands in an item of its own.
type notes struct {
	entries [noteKinds]packed.Dict
	frozen  bool
}

func (n *notes) size() int {
	size := 0
	for _, d := range n.entries {
		size += d.Size()
	}
	return size
}

// noteRules say where notes of a kind stand. That it is a prompt is inline
// always.
func noteRules(kind noteKind) document.EntryRules {
	r := document.EntryRules{Budget: modelBudget, Limit: modelBudget, Padding: document.EntryPadding}
	if kind == noteTag {
		r.Pinned = func(key, value string) bool { return key == isPromptTag && value == isPromptValue }
	}
	return r
}

// set sets an entry inline and returns true if it fits; otherwise the entry has
// to stand in an item of its own.
func (n *notes) set(kind noteKind, key, value string) bool {
	e := document.InlineEntries{EntryRules: noteRules(kind), Inline: &n.entries[kind], Size: n.size(), Frozen: &n.frozen}
	return len(e.Set(packed.Dict{key, value})) == 0
}

// IsPrompt reports whether the entries are those of a prompt, or of a version
// of one.
func (n *notes) IsPrompt() bool {
	value, _ := n.entries[noteTag].Get(isPromptTag)
	return value == isPromptValue
}

// MayLack reports whether a tag is not here but may stand in an item of its own.
func (n *notes) MayLack(tag string) bool {
	_, inline := n.entries[noteTag].Get(tag)
	return n.frozen && !inline
}

// drop removes an entry and returns true if it was inline or is nowhere;
// otherwise it may stand in an item of its own.
func (n *notes) drop(kind noteKind, key string) bool {
	_, inline := n.entries[kind].Get(key)
	n.entries[kind] = n.entries[kind].Remove(key)
	return inline || !n.frozen
}

func (n *notes) description() string {
	text, _ := n.entries[noteDescription].Get("")
	return text
}

// attrs appends the attributes of the notes.
func (n *notes) attrs(attrs []table.Attr) []table.Attr {
	if text := n.description(); text != "" {
		attrs = append(attrs, table.Attr{Name: keys.Description, Value: table.String(text)})
	}
	for kind, name := range map[noteKind]string{noteTag: keys.Tags, noteAlias: keys.Aliases} {
		if d := n.entries[kind]; len(d) > 0 {
			attrs = append(attrs, table.Attr{Name: name, Value: table.Map(d)})
		}
	}
	if n.frozen {
		attrs = append(attrs, table.Attr{Name: keys.Frozen, Value: table.Number(1)})
	}
	return attrs
}

// notesOf is the inverse of attrs.
func notesOf(it table.Item) notes {
	n := notes{frozen: it.Num(keys.Frozen) == 1}
	if text := it.Str(keys.Description); text != "" {
		n.entries[noteDescription] = packed.Dict{"", text}
	}
	tags, _ := it.Get(keys.Tags)
	aliases, _ := it.Get(keys.Aliases)
	n.entries[noteTag], n.entries[noteAlias] = tags.Strings(), aliases.Strings()
	return n
}

// noteKey is the key of an entry that stands in an item of its own.
type noteKey func(kind noteKind, key string) table.Key

func (s *reader) modelNoteKey(id string) noteKey {
	return func(kind noteKind, key string) table.Key { return s.Keys.ModelOverflow(id, kind.prefix(), key) }
}

func (s *reader) versionNoteKey(id, uid string) noteKey {
	return func(kind noteKind, key string) table.Key { return s.Keys.VersionOverflow(id, uid, kind.prefix(), key) }
}

// setOp sets an entry, and returns the write of its own item if it needs one.
func (n *notes) setOp(at noteKey, kind noteKind, key, value string) []table.Op {
	_, inline := n.entries[kind].Get(key)
	frozen := n.frozen
	switch {
	case !n.set(kind, key, value):
	case frozen && !inline: // it may have stood elsewhere
		return []table.Op{table.Delete{Key: at(kind, key)}}
	default:
		return nil
	}
	return []table.Op{table.Put{Item: document.OverflowItem(at(kind, key), key, value)}}
}

// dropOp removes an entry, likewise.
func (n *notes) dropOp(at noteKey, kind noteKind, key string) []table.Op {
	if n.drop(kind, key) {
		return nil
	}
	return []table.Op{table.Delete{Key: at(kind, key)}}
}

// describeOp sets the description; "" removes it.
func (n *notes) describeOp(at noteKey, text string) []table.Op {
	if text == "" {
		return n.dropOp(at, noteDescription, "")
	}
	return n.setOp(at, noteDescription, "", text)
}

// newNotes are the notes of something new, all of them inline.
func newNotes(description string, tags []mlflow.Tag) (n notes) {
	if n.entries[noteTag] = packed.DictOf(tags); description != "" {
		n.entries[noteDescription] = packed.Dict{"", description}
	}
	return n
}

// fill sets the notes of something new, and returns the items of those that do
// not fit.
func (n *notes) fill(at noteKey, description string, tags []mlflow.Tag) []table.Item {
	ops := n.describeOp(at, description)
	for d := packed.DictOf(tags); len(d) > 0; d = d[2:] {
		ops = append(ops, n.setOp(at, noteTag, d[0], d[1])...)
	}
	var items []table.Item
	for _, op := range ops {
		if p, ok := op.(table.Put); ok {
			items = append(items, p.Item)
		}
	}
	return items
}

// wholeNotes returns notes with what stands in items of its own, which are in
// a range of a model's partition. 1 RCU for each 4 KB of it.
func (s *reader) wholeNotes(ctx context.Context, n notes, id, from, to string) (notes, error) {
	if !n.frozen {
		return n, nil
	}
	var found [noteKinds][]mlflow.Tag
	q := table.Query{PK: s.Keys.ModelPK(id), From: from, To: to}
	for it, err := range table.Items(ctx, s.Table, q) {
		if err != nil {
			return n, err
		}
		for kind, prefix := range notePrefixes() {
			if keys.OverflowKind(it.Key.SK) == prefix {
				found[kind] = append(found[kind], mlflow.Tag{Key: it.Str(keys.Key), Value: it.Str(keys.Value)})
			}
		}
	}
	for kind, more := range found {
		n.entries[kind] = n.entries[kind].Merge(packed.DictOf(more))
	}
	return n, nil
}
