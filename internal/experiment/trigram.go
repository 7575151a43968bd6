package experiment

import (
	"context"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Trigrams returns the keys of all trigram rows of an experiment,
// sorted. The experiment must be whole, with tags that stand elsewhere.
func (s *Store) Trigrams(e *Document, fields []string) []table.Key {
	place := keys.ExperimentPlace(e.Created, e.ID)
	var out []table.Key
	for _, field := range fields {
		pk := s.Keys.TrigramPK(field)
		for _, t := range index.Trigrams(experimentField(e, field)) {
			out = append(out, table.Key{PK: pk, SK: keys.IndexSK(t, place)})
		}
	}
	slices.SortFunc(out, table.Key.Compare)
	return out
}

// experimentField returns the text of a trigram field of an experiment, which
// has no params.
func experimentField(e *Document, field string) string {
	if field == index.FieldExperimentName {
		return e.Name
	}
	return index.KeyedField(field, e.tags.Get, packed.Dict{}.Get)
}

// putTrigrams writes those trigram rows of next, a changed or (cur nil) a new
// experiment, that cur did not have, and returns those that cur alone had.
// What comes before the document changes is a row too many until it does.
// Of a tag that stands elsewhere the old rows are not known; they stay until a
// garbage collection finds them. 1 WCU a row.
func (s *Store) putTrigrams(ctx context.Context, cur, next *Document) (stale []table.Key, err error) {
	cfg, err := s.settings.Fresh(ctx)
	if err != nil {
		return nil, err
	}
	fields := cfg.TrigramFieldsWritten()
	whole := next.Clone()
	whole.tags = next.tags.Merge(next.spilled)
	var old []table.Key
	if cur != nil {
		old = s.Trigrams(cur, fields)
	}
	change := index.Diff(old, s.Trigrams(whole, fields))
	return change.Deletes, s.index.Put(ctx, change.Puts, keys.Rev, next.Rev)
}

// dropTrigrams removes rows that an experiment does not have any more. They
// are rows too many, so a failure fails nobody.
func (s *Store) dropTrigrams(ctx context.Context, e *Document, stale []table.Key) {
	if err := s.index.Delete(ctx, stale, keys.Rev, e.Rev); err != nil {
		s.Logger.WarnContext(ctx, "trigrams stay until a garbage collection", "experiment_id", e.ID, "error", err)
	}
}

// reindex writes those trigram rows of an experiment that are not there, and reports whether any was missing. Not atomic; safe beside a change
// of the experiment, which writes its own rows before it changes the document.
// 1 RCU a row, and 1 WCU for each that was missing.
func (s *Store) reindex(ctx context.Context, id string) (bool, error) {
	e, err := s.LoadWhole(ctx, id)
	if err != nil || e == nil {
		return false, err
	}
	cfg, err := s.settings.Fresh(ctx)
	if err != nil {
		return false, err
	}
	rows := s.Trigrams(e, cfg.TrigramFieldsWritten())
	there, err := s.Table.BatchGet(ctx, rows, table.Strong)
	if err != nil {
		return false, err
	}
	found := make(map[table.Key]bool, len(there))
	for _, it := range there {
		found[it.Key] = true
	}
	missing := slices.DeleteFunc(rows, func(k table.Key) bool { return found[k] })
	return len(missing) > 0, s.index.Put(ctx, missing, keys.Rev, e.Rev)
}
