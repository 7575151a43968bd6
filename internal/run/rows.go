package run

import (
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// Tombstone is what takes the place of a run's head.
func (s *Rows) Tombstone(id string) table.Item {
	return table.NewItem(s.Keys.Run(id),
		table.Attr{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		table.Attr{Name: keys.Status, Value: table.String(document.TombstoneStatus)},
		s.ExpiresIn(workspace.TombstoneAge))
}

// Open is the row that marks a run as open in its generation.
func (s *Rows) Open(h *Head) table.Item {
	return table.NewItem(s.Keys.OpenRow(h.Exp, h.ID, h.Gen),
		table.Attr{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		table.Attr{Name: keys.Start, Value: table.Number(h.Start)},
		table.Attr{Name: keys.Changed, Value: table.Number(h.Changed)})
}

// OpenList is a list row without content.
func (s *Rows) OpenList(h *Head) table.Item {
	return table.NewItem(s.Keys.RunRow(h.Exp, h.Start, h.ID),
		table.Attr{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		table.Attr{Name: keys.Gen, Value: table.Number(h.Gen)},
		table.Attr{Name: keys.State, Value: table.String(keys.StateOpen)},
		table.Attr{Name: keys.Changed, Value: table.Number(h.Changed)})
}

// RegistersOf returns the registers of an item, sorted by key.
func RegistersOf(it table.Item) packed.Dict {
	d := make(packed.Dict, 0, 2*len(it.Attrs))
	for _, a := range it.Attrs {
		if key, ok := strings.CutPrefix(a.Name, keys.MetricAttr); ok {
			d = append(d, key, a.Value.Str())
		}
	}
	return d
}

// MergeRegisters merges the registers of several items; the greater of a key
// wins. It merges pairs, then pairs of those, and so on: however many items a
// run has, a register is copied as often as their number can be halved.
func MergeRegisters(items []packed.Dict) packed.Dict {
	if len(items) == 1 {
		return items[0]
	}
	from := slices.Concat(items...)
	to := make(packed.Dict, 0, len(from))
	ends := make([]int, 0, len(items)) // of what is merged by now, in from
	for n := 0; len(items) > 0; items = items[1:] {
		n += len(items[0])
		ends = append(ends, n)
	}
	greater := func(a, b string) string { return max(a, b) }
	for len(ends) > 1 {
		to = to[:0]
		begin, pairs := 0, ends[:0]
		for ; len(ends) > 0; ends = ends[min(2, len(ends)):] {
			middle, end := ends[0], ends[min(1, len(ends)-1)]
			to = to.AppendMerged(from[begin:middle], from[middle:end], greater)
			begin, pairs = end, append(pairs, len(to))
		}
		from, to, ends = to, from, pairs
	}
	return from
}

// Deleted adds a run to the deleted ones of its experiment. The row only
// says where to look for expiries to take away; it stays when the run is
// restored, and goes a day after the run would have gone.
func (s *Rows) Deleted(h *Head) table.Put {
	return table.Put{Item: table.NewItem(s.Keys.DeletedRow(h.Exp, h.Start, h.ID),
		table.Attr{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		table.Attr{Name: table.TTLAttr, Value: table.Number(h.Expiry + workspace.SecondsADay)})}
}

// coverLimit is the size up to which a list row carries the whole run.
const coverLimit = 16 << 10

// ClosedList is the list row of a settled run, without its index.
func (s *Rows) ClosedList(l *Loaded) table.Item {
	h := l.Head
	attrs := []table.Attr{
		{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		{Name: keys.Gen, Value: table.Number(h.Gen)},
		{Name: keys.State, Value: table.String(keys.StateClosed)},
	}
	if !h.Frozen && l.Shards == 0 && h.Size()+l.Registers.Size() <= coverLimit {
		attrs = append(attrs, table.Attr{Name: keys.Packed, Value: table.Bytes(packRun(h, l.Registers))})
	}
	return table.NewItem(s.Keys.RunRow(h.Exp, h.Start, h.ID), document.AppendExpiry(attrs, h.Expiry)...)
}

// CachedHeadBytes is the size up to which a head is cached.
const CachedHeadBytes = 32 << 10
