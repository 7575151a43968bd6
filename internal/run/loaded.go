package run

import (
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Loaded is a run as its partition holds it: head, with the overflow merged
// in, and registers.
type Loaded struct {
	Head      *Head
	Registers packed.Dict
	Closed    bool // registers and head are closed in one generation
	Shards    int
	Active    int64 // time of the last change of head or registers, ms
}

// Assemble puts the items of one run together; nil if the head is missing.
func Assemble(id string, items []table.Item) (*Loaded, error) {
	l := &Loaded{}
	var spilled [EntryKinds]packed.Dict
	var registers []packed.Dict // of each item
	var fence table.Item
	for _, it := range items {
		switch sk := it.Key.SK; {
		case sk == keys.Meta:
			h, err := DecodeHead(id, it)
			if err != nil || h == nil {
				return nil, err
			}
			l.Head = h.Clone()
		case keys.IsMetrics(sk):
			if sk == keys.Metrics {
				fence, l.Shards = it, int(it.Num(keys.Shards))
			}
			registers = append(registers, RegistersOf(it))
			l.Active = max(l.Active, it.Num(keys.Changed))
		default:
			for k := range EntryKinds {
				if strings.HasPrefix(sk, k.Prefix()) {
					spilled[k] = append(spilled[k], it.Str(keys.Key), it.Str(keys.Value))
				}
			}
		}
	}
	if l.Head == nil {
		return nil, nil //nolint:nilnil // nil is the absent run
	}
	for k, d := range spilled {
		l.Head.Entries[k] = l.Head.Entries[k].Merge(document.SortedDict(d))
	}
	l.Registers = MergeRegisters(registers)
	l.Active = max(l.Active, l.Head.Changed)
	l.Closed = !l.Head.Open && fence.Str(keys.State) == keys.StateClosed && fence.Num(keys.Gen) == l.Head.Gen
	return l, nil
}

// Packed returns the run in the form that search looks at.
func (l *Loaded) Packed() *Packed {
	p := &Packed{ID: l.Head.ID}
	h := l.Head
	p.Exp, p.name, p.user, p.status, p.mark = h.Exp, h.Name, h.User, h.Status, h.Mark
	p.Start, p.markGen = h.Start, h.MarkGen
	if h.End != nil {
		p.end, p.hasEnd = *h.End, true
	}
	p.dicts = &[packedSections]packed.Dict{
		l.Registers, h.Entries[EntryParam], h.Entries[EntryTag], h.Entries[EntryInput], h.Entries[EntryModel],
		h.Entries[EntryOutput],
	}
	return p
}
