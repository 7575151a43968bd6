package history

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/point"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// Rolling up moves points from records, which hold all keys of a batch, to
// blocks, which hold one key: so reading one key costs what that key takes.
//
// It pays when readers save more than it costs. Deleting records costs about as
// much as writing them did, and a write unit has the price of five read units.
// So it waits until readers of one key read much that they do not need, longer
// in a run of few keys, of which few are read, and until there are enough
// points of each key for blocks to be cheap.
const (
	// pileWaste is how many bytes readers may read for nothing, times the
	// number of keys up to pileKeys: 128 KB, 32 RCU, in a run of eight keys or
	// more, 1 MB, a page of a query, in a run of one. pileBlocks is how many
	// blocks may be written for each unit that the records took.
	pileWaste  = 1 << 20
	pileKeys   = 8
	pileBlocks = 1.0
	// settledWaste and settledBlocks are the same once a run has ended: no more
	// will pile up.
	settledWaste  = pileWaste / 4
	settledBlocks = 4.0
	// rollUpWorkers is how many histories are rolled up at once.
	rollUpWorkers = 4
	// blockPointBytes is about what a point takes in a block.
	blockPointBytes = 10
	// rollUpBytes bounds the records that are rolled up in one go, and with
	// them the memory: a point takes 24 bytes there.
	rollUpBytes = 4 << 20
)

// A Pile is records that are not rolled up: their bytes, the write units that
// they took, and their points.
type Pile struct{ bytes, units, Points int }

// Add adds a pile.
func (p *Pile) Add(o Pile) {
	p.bytes += o.bytes
	p.units += o.units
	p.Points += o.Points
}

// RecordPile is the pile of one record.
func RecordPile(it table.Item, points int) Pile {
	size := it.Size()
	return Pile{size, int(table.WriteUnits(0, size)), points}
}

// A Worth says from which pile on rolling up pays.
type Worth struct {
	Waste  int
	Blocks float64
}

// WorthOf is from when on it pays for a run that is settled, or is not.
func WorthOf(settled bool) Worth {
	if settled {
		return Worth{settledWaste, settledBlocks}
	}
	return Worth{pileWaste, pileBlocks}
}

// Pays reports whether rolling up a pile of points of so many keys pays.
func (w Worth) Pays(p Pile, keyCount int) bool {
	waste := p.bytes - p.Points/max(1, keyCount)*blockPointBytes
	return p.units > 0 && float64(keyCount) <= w.Blocks*float64(p.units) && waste*min(keyCount, pileKeys) >= w.Waste
}

// half is what rolling up is tried for: those who ask for it have estimated.
func (w Worth) half() Worth { return Worth{w.Waste / 2, w.Blocks * 2} }

// QueueRollUp has a run's records rolled up if that is worth about w, unless
// too much waits.
func (s *Store) QueueRollUp(ctx context.Context, run string, w Worth) bool {
	return s.rollups.Add(ctx, s.Workspace, run, func(ctx context.Context) error { return s.RollUp(ctx, run, w.half()) })
}

// RollUp moves the points of a run's records to blocks, some MB at a time, as
// long as that is worth w. Blocks are put first, then the records are deleted:
// whoever reads beside that misses nothing, see EachBlock. Each item is atomic,
// the whole is not. After a crash, or with another server at the same work,
// points stand in records and blocks or in two blocks, which readers drop;
// rolling up the same records again writes the same blocks. Records that are
// written meanwhile are met or stay.
//
// A block lives as long as the last of the records that it was made of: points
// may live longer than their retention says, by the time that it took the
// records to pile up. A batch that is logged again while its record is being
// rolled up keeps its old expiry.
//
// Units: 1 RCU for each 4 KB of records, and for each record of up to 1 KB
// 1 WCU; about 10 bytes of a block for each point, 1 WCU for each block and KB.
func (s *Store) RollUp(ctx context.Context, run string, w Worth) error {
	for after := ""; ; {
		next, err := s.rollUpSome(ctx, run, after, w)
		if err != nil || next == "" || s.rollups.IsClosed() {
			return err
		}
		after = next
	}
}

// rollUpSome rolls up records behind the sort key after, up to rollUpBytes,
// and returns where to go on; "" when nothing is left that is worth it.
func (s *Store) rollUpSome(ctx context.Context, run, after string, w Worth) (next string, err error) {
	ctx, cancel := context.WithTimeout(table.DeferSync(ctx), workspace.WriteTimeout)
	defer cancel()
	records, next, err := s.someRecords(ctx, run, after)
	if err != nil {
		return "", err
	}
	c, err := columnsOf(records)
	if err != nil || !w.Pays(c.pile, len(c.columns)) {
		return "", err
	}
	var blocks []table.Item
	for key, col := range c.columns {
		items, err := s.blockItems(run, key, 0, col.points, col.expiry)
		if err != nil {
			return "", err
		}
		blocks = append(blocks, writtenAt(items, col.written)...)
	}
	return next, s.replace(ctx, blocks, records)
}

// writtenAt gives blocks the time at which the last of their points was
// logged, for whoever applies another retention to them; 0: not known.
func writtenAt(blocks []table.Item, at int64) []table.Item {
	if at != 0 {
		for i := range blocks {
			blocks[i].Set(keys.Changed, table.Number(at))
		}
	}
	return blocks
}

// replace puts new items, then deletes old ones.
func (s *Store) replace(ctx context.Context, fresh, old []table.Item) error {
	if err := s.Table.BatchWrite(ctx, fresh, nil); err != nil {
		return err
	}
	gone := make([]table.Key, len(old))
	for i := range old {
		gone[i] = old[i].Key
	}
	return s.Table.BatchWrite(ctx, nil, gone)
}

// someRecords reads records behind the sort key after, up to about
// rollUpBytes, and returns the sort key of the last one if more follow.
func (s *Store) someRecords(ctx context.Context, run, after string) (records []table.Item, next string, err error) {
	q := table.Query{
		PK: s.Keys.HistoryPK(run), From: keys.RecordPrefix, To: table.PrefixEnd(keys.RecordPrefix), After: after,
	}
	for size := 0; ; {
		page, err := s.Table.Query(ctx, q)
		if err != nil {
			return nil, "", err
		}
		for _, it := range page.Items {
			if err := document.CheckVersion(it); err != nil {
				return nil, "", err
			}
			size += it.Size()
		}
		records = append(records, page.Items...)
		if page.Next == "" || size >= rollUpBytes {
			return records, page.Next, nil
		}
		q.After = page.Next
	}
}

// columns are the points of records by key.
type columns struct {
	pile    Pile
	columns map[string]*column
}

type column struct {
	points  []point.Point
	expiry  int64 // of the record that lives longest
	written int64 // when the last of the records was, ms
}

func columnsOf(records []table.Item) (*columns, error) {
	c := &columns{columns: map[string]*column{}}
	for _, it := range records {
		points := 0
		err := point.EachColumn(it.Str(keys.Points), func(key, body string) (bool, error) {
			col := c.columns[key]
			if col == nil {
				col = &column{expiry: it.Num(table.TTLAttr)}
				c.columns[key] = col
			}
			before := len(col.points)
			var err error
			col.points, err = point.ParseColumn(col.points, body)
			col.expiry = latestExpiry(col.expiry, it.Num(table.TTLAttr))
			col.written = max(col.written, it.Num(keys.Changed))
			points += len(col.points) - before
			return true, err
		})
		if err != nil {
			return nil, err
		}
		c.pile.Add(RecordPile(it, points))
	}
	return c, nil
}

const (
	// smallBlock is the number of points below which a block is small: what it
	// takes beside its points is not little any more.
	smallBlock = 64
	// mergeBlocks is how many small blocks of a level are merged.
	mergeBlocks = 16
)

// Merge replaces small blocks of one metric, as a reader has found them, by
// fewer ones: where there are at least so many of a level, by blocks of the
// next. With sixteen a point is rewritten once for each factor of sixteen, and
// only in what is read. New blocks are put first, as in RollUp. Blocks that somebody else has
// merged meanwhile stand in two blocks then, which readers drop.
// 1 WCU for each KB of the old blocks and of the new ones.
func (s *Store) Merge(ctx context.Context, run, metric string, small []table.Item, least int) error {
	ctx, cancel := context.WithTimeout(table.DeferSync(ctx), workspace.WriteTimeout)
	defer cancel()
	byLevel := map[int][]table.Item{}
	for _, it := range small {
		id, err := keys.ParseBlockSK(it.Key.SK)
		if err != nil {
			return err
		}
		byLevel[id.Level] = append(byLevel[id.Level], it)
	}
	for level, items := range byLevel {
		if len(items) < least || level >= maxLevel {
			continue
		}
		col := column{expiry: items[0].Num(table.TTLAttr)}
		for _, it := range items {
			var err error
			if col.points, err = appendBlock(col.points, it.Str(keys.Points)); err != nil {
				return err
			}
			col.expiry = latestExpiry(col.expiry, it.Num(table.TTLAttr))
			col.written = max(col.written, it.Num(keys.Changed))
		}
		merged, err := s.blockItems(run, metric, level+1, col.points, col.expiry)
		if err != nil {
			return err
		}
		if err := s.replace(ctx, writtenAt(merged, col.written), items); err != nil {
			return err
		}
	}
	return nil
}
