package dynamodbstore

import (
	"context"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// loadedRun is a run as its partition holds it: head, with the overflow merged
// in, and registers.
type loadedRun struct {
	head      *runHead
	registers dict
	closed    bool // registers and head are closed in one generation
	shards    int
	active    int64 // time of the last change of head or registers, ms
}

// loadRun reads all of a run's partition; nil if there is no such run. Not a
// snapshot: each item is as it was at some moment of the query.
func (s *Store) loadRun(ctx context.Context, id string) (*loadedRun, error) {
	var items []table.Item
	q := table.Query{PK: s.ks.RunPK(id), From: "A", To: keys.Last}
	for it, err := range table.Items(ctx, s.t, q) {
		if err != nil {
			return nil, err
		}
		items = append(items, it)
	}
	return assembleRun(id, items)
}

// assembleRun puts the items of one run together; nil if the head is missing.
func assembleRun(id string, items []table.Item) (*loadedRun, error) {
	l := &loadedRun{}
	var spilled [entryKinds]dict
	var registers []dict // of each item
	var fence table.Item
	for _, it := range items {
		switch sk := it.Key.SK; {
		case sk == keys.Meta:
			h, err := decodeHead(id, it)
			if err != nil || h == nil {
				return nil, err
			}
			l.head = h.clone()
		case keys.IsMetrics(sk):
			if sk == keys.Metrics {
				fence, l.shards = it, int(it.Num(keys.Shards))
			}
			registers = append(registers, registersOf(it))
			l.active = max(l.active, it.Num(keys.Changed))
		default:
			for k := range entryKinds {
				if strings.HasPrefix(sk, k.prefix()) {
					spilled[k] = append(spilled[k], it.Str(keys.Key), it.Str(keys.Value))
				}
			}
		}
	}
	if l.head == nil {
		return nil, nil //nolint:nilnil // nil is the absent run
	}
	for k, d := range spilled {
		l.head.entries[k] = l.head.entries[k].merge(sortedDict(d))
	}
	l.registers = mergeRegisters(registers)
	l.active = max(l.active, l.head.changed)
	l.closed = !l.head.open && fence.Str(keys.State) == keys.StateClosed && fence.Num(keys.Gen) == l.head.gen
	return l, nil
}

// sortedDict sorts entries that were read in the order of their sort keys.
func sortedDict(kv dict) dict {
	tags := make([]Tag, 0, kv.len())
	for i := 0; i < len(kv); i += 2 {
		tags = append(tags, Tag{kv[i], kv[i+1]})
	}
	return dictOf(tags)
}

// packed returns the run in the form that search looks at.
func (l *loadedRun) packed() *packedRun {
	p := &packedRun{id: l.head.id}
	h := l.head
	p.exp, p.name, p.user, p.status, p.mark = h.exp, h.name, h.user, h.status, h.mark
	p.start, p.markGen = h.start, h.markGen
	if h.end != nil {
		p.end, p.hasEnd = *h.end, true
	}
	p.dicts = &[packedSections]dict{
		l.registers, h.entries[entryParam], h.entries[entryTag], h.entries[entryInput], h.entries[entryModel],
		h.entries[entryOutput],
	}
	return p
}
