package registry

import (
	"context"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Trigrams returns the keys of the trigram rows of a model's name, the one
// field of models that has any, sorted.
func (s *reader) Trigrams(m *Model) []table.Key {
	place, pk := keys.ModelPlace(m.created, m.ID), s.Keys.TrigramPK(index.FieldModelName)
	trigrams := index.Trigrams(m.Name)
	out := make([]table.Key, len(trigrams))
	for i, t := range trigrams {
		out[i] = table.Key{PK: pk, SK: keys.IndexSK(t, place)}
	}
	slices.SortFunc(out, table.Key.Compare)
	return out
}

// putModelTrigrams writes those trigram rows of next, a renamed or (cur nil) a
// new model, that cur did not have, and returns those that cur alone had. Until
// the document is written they are rows too many. 1 WCU a row.
func (s *Store) putModelTrigrams(ctx context.Context, cur, next *Model) (stale []table.Key, err error) {
	var old []table.Key
	if cur != nil {
		old = s.Trigrams(cur)
	}
	change := index.Diff(old, s.Trigrams(next))
	return change.Deletes, s.index.Put(ctx, change.Puts, keys.Rev, next.Rev)
}

// dropModelTrigrams removes rows that a model does not have any more. They are
// rows too many, so a failure fails nobody.
func (s *Store) dropModelTrigrams(ctx context.Context, m *Model, stale []table.Key) {
	if err := s.index.Delete(ctx, stale, keys.Rev, m.Rev); err != nil {
		s.Logger.WarnContext(ctx, "trigrams stay until a garbage collection", "model", m.ID, "error", err)
	}
}

// VersionIndex returns the keys of the index rows of a version: by its run, if
// it has one, and by its source. Neither ever changes. The rows are candidates:
// who follows one looks whether the version is of that run or source.
func (s *reader) VersionIndex(model string, v *Version) []table.Key {
	sk := keys.VersionIndexSK(model, v.version)
	out := []table.Key{{PK: s.Keys.VersionIndexPK(keys.IndexVersionSource, v.source), SK: sk}}
	if v.run != "" {
		out = append(out, table.Key{PK: s.Keys.VersionIndexPK(keys.IndexVersionRun, v.run), SK: sk})
	}
	return out
}

// versionIndexItems are the index rows of a version, which say when they were
// written: they may be there before their version, and without it for good.
func (s *reader) versionIndexItems(model string, v *Version) []table.Item {
	rows := s.VersionIndex(model, v)
	items := make([]table.Item, len(rows))
	for i, k := range rows {
		items[i] = table.NewItem(k,
			table.Attr{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
			table.Attr{Name: keys.Created, Value: table.Number(s.NowMillis())})
	}
	return items
}

// removeModelRows removes everything of a model that has no document any more:
// what is in its partition, index rows of its versions, trigrams. Each item is
// removed atomically; nothing makes any of it useful again.
func (s *Store) removeModelRows(ctx context.Context, m *Model) error {
	rows := s.Trigrams(m)
	q := table.Query{PK: s.Keys.ModelPK(m.ID), From: keys.First, To: keys.Last}
	for it, err := range table.Items(ctx, s.Table, q) {
		if err != nil {
			return err
		}
		kind := keys.Classify(it.Key).Kind
		if kind == keys.KindModelPointer { // a tombstone
			continue
		}
		if kind == keys.KindModelVersion {
			v, err := DecodeVersion(it)
			if err != nil {
				return err
			}
			rows = append(rows, s.VersionIndex(m.ID, v)...)
		}
		if rows = append(rows, it.Key); len(rows) >= index.Batch {
			if err := s.Table.BatchWrite(ctx, nil, rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
	}
	return s.Table.BatchWrite(ctx, nil, rows)
}

// removeVersionRows removes what a deleted version leaves behind, likewise.
func (s *Store) removeVersionRows(ctx context.Context, model string, v *Version) error {
	rows := s.VersionIndex(model, v)
	if v.frozen {
		from, to := keys.VersionOverflowRange(v.uid)
		for it, err := range table.Items(ctx, s.Table, table.Query{PK: s.Keys.ModelPK(model), From: from, To: to}) {
			if err != nil {
				return err
			}
			rows = append(rows, it.Key)
		}
	}
	return s.Table.BatchWrite(ctx, nil, rows)
}
