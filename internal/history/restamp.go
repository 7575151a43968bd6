package history

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Restamp gives the points of a run the expiry of what is kept for the given days
// from when they were written, item by item, each atomically unless somebody has
// written it anew or removed it meanwhile. Records come before blocks, so that what
// is rolled up meanwhile is met as a block, unless that is written in the moment
// after the last block was read: it keeps the expiry of its records until the next
// pass.
func (s *Store) Restamp(ctx context.Context, run string, days int64) (changed int64, err error) {
	q := table.Query{PK: s.Keys.HistoryPK(run), From: "A", To: keys.Last, Descending: true}
	for it, err := range table.Items(ctx, s.Table, q) {
		if err != nil {
			return changed, err
		}
		if err := document.CheckVersion(it); err != nil {
			return changed, err
		}
		u, needed := s.restampItem(it, days)
		if !needed {
			continue
		}
		_, err := s.Table.Update(ctx, u)
		if _, isLost := document.AsConditionError(err); isLost {
			continue
		}
		if err != nil {
			return changed, err
		}
		changed++
	}
	return changed, nil
}

// restampItem returns the update of an item of a metric history, if it needs
// one.
func (s *Store) restampItem(it table.Item, days int64) (table.Update, bool) {
	u := table.Update{Key: it.Key, Cond: table.Exists()}
	was, expires := it.Get(table.TTLAttr)
	if expires {
		u.Cond = table.Equal(table.Attr{Name: table.TTLAttr, Value: was})
	}
	written := it.Num(keys.Changed)
	if written == 0 {
		written = s.NowMillis()
		u.Set = []table.Attr{{Name: keys.Changed, Value: table.Number(written)}}
	}
	want := s.ExpiryFrom(written, days, was.Num())
	if want == was.Num() {
		return u, false
	}
	if want == 0 {
		u.Set, u.Remove = nil, []string{table.TTLAttr}
		return u, true
	}
	u.Set = append(u.Set, table.Attr{Name: table.TTLAttr, Value: table.Number(want)})
	return u, true
}
