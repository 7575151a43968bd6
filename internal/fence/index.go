package fence

import (
	"context"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Index rows.
//
// A settled run has a row for each latest metric, each param, each
// denormalized tag, each name, digest and context of its dataset inputs, and
// each trigram of its name and of other fields that are indexed. A row is a candidate: it says where to look, and whoever finds a
// run by it checks the run's document. So a row too many costs a read; a row
// too few would hide a run. These rules keep any from missing:
//
//  1. A list row that is closed and has the attribute keys.Indexed has all the
//     index rows of what it covers, under the settings which that attribute
//     lists.
//  2. A run whose list row is not like that has an open row, and one whose list
//     row has just become so has a row that says when.
//  3. A row carries the generation of the run that it was written in, and is
//     removed only by who has covered a later one, on the condition that the
//     row is of an earlier one still. So a slow writer cannot remove what a
//     later one has written.
//
// What a crash leaves is rows too many, which a garbage collection removes.

// maxEagerRows is how many index rows are written while a caller waits. More
// are left to the queue of idle runs; the open row stays until they are there.
const maxEagerRows = 1000

// IndexRules returns what this process indexes of an experiment.
func (s *Store) IndexRules(ctx context.Context, exp string) (*run.IndexRules, error) {
	cfg, err := s.settings.Fresh(ctx)
	if err != nil {
		return nil, err
	}
	return &run.IndexRules{Fields: cfg.TrigramFieldsWritten(), Match: cfg.MatcherOf(exp), List: cfg.IndexSpec(exp)}, nil
}

// indexChange compares the rows of a run with those of what its list row
// covered before; the zero row covers nothing.
func (s *Store) indexChange(p *run.Packed, r *run.IndexRules, row table.Item) (index.Change, error) {
	wanted := s.rows.Index(p, r)
	packed, whole := row.Get(keys.Packed)
	list, indexed := row.Get(keys.Indexed)
	if !whole || !indexed || !slices.Equal(list.Strings(), r.List) {
		return index.Change{Puts: wanted}, nil
	}
	was, err := run.ParsePacked(p.ID, packed.Str())
	if err != nil {
		return index.Change{}, err
	}
	return index.Diff(s.rows.Index(was, r), wanted), nil
}

// reindexRun brings the index rows of a settled run up to the settings, and
// reports whether anything had to be written. An open run is left alone: it
// gets its rows when it settles. Steps as cover says. 2 requests for a run
// that is up to date.
func (b backfill) reindexRun(ctx context.Context, id string) (changed bool, err error) {
	l, err := b.Load(ctx, id)
	if err != nil || l == nil || !l.Closed {
		return false, err
	}
	row, err := b.ListRow(ctx, l.Head)
	if err != nil {
		return false, err
	}
	rules, err := b.IndexRules(ctx, l.Head.Exp)
	if err != nil {
		return false, err
	}
	if list, ok := row.Get(keys.Indexed); ok && slices.Equal(list.Strings(), rules.List) {
		return false, nil
	}
	return b.cover(ctx, l, row, true)
}

// ListRow reads a run's row in the list of its experiment; the zero item if
// there is none.
func (s *reader) ListRow(ctx context.Context, h *run.Head) (table.Item, error) {
	row, _, err := s.Table.Get(ctx, s.Keys.RunRow(h.Exp, h.Start, h.ID), table.Strong)
	if err != nil {
		return table.Item{}, err
	}
	return row, document.CheckVersion(row)
}
