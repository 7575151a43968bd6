package experiment

import (
	"context"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/garbage"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// LookRows implements [garbage.Indexed]: rows are looked at one by one.
func (w *Sweep) LookRows(context.Context, []garbage.Item) error { return nil }

// Suspect implements [garbage.Indexed].
func (w *Sweep) Suspect(ctx context.Context, it garbage.Item) (string, error) {
	e, err := w.Fate(ctx, it.Experiment, false)
	if err != nil || e.Doc == nil || w.s.IsYoung(it.Time) {
		return "", err
	}
	fields, err := w.Fields(ctx, it)
	if err != nil || slices.Contains(w.s.Trigrams(e.Doc, fields), it.Key) {
		return "", err
	}
	return it.Experiment, nil
}

// RemoveStale removes trigram rows that an experiment does not have. Before that
// the experiment is written as it is, in a new revision: whoever has put rows for
// a change that it has yet to make fails, and puts them again for a later
// revision. What is not the document's then is removed on the condition that the
// row is of the revision that was read. Each delete is atomic; after a crash in
// between the document has a revision more. About 12 WCU and 1 WCU a row.
func (w *Sweep) RemoveStale(ctx context.Context, rows []garbage.Item) error {
	id := rows[0].Experiment
	e, stale, err := w.stale(ctx, rows)
	if err != nil || e == nil || len(stale) == 0 {
		return err
	}
	if !w.DryRun {
		err := w.s.recode(ctx, id)
		w.known.Remove(id)
		if err != nil {
			return err
		}
		if _, stale, err = w.stale(ctx, stale); err != nil {
			return err
		}
	}
	for _, it := range stale {
		rev, _ := it.Get(keys.Rev)
		if err := w.RemoveIf(ctx, it, table.Attr{Name: keys.Rev, Value: rev}); err != nil {
			return err
		}
	}
	return nil
}

// stale returns those rows that an experiment, read with all its tags, does
// not have.
func (w *Sweep) stale(ctx context.Context, rows []garbage.Item) (*Document, []garbage.Item, error) {
	e, err := w.s.LoadWhole(ctx, rows[0].Experiment)
	if err != nil || e == nil {
		return nil, nil, err
	}
	fields, err := w.Fields(ctx, rows...)
	if err != nil {
		return nil, nil, err
	}
	wanted := w.s.Trigrams(e, fields)
	var stale []garbage.Item
	for _, it := range rows {
		_, right := slices.BinarySearchFunc(wanted, it.Key, table.Key.Compare)
		if _, ok := it.Get(keys.Rev); ok && !right && it.Name != "" {
			stale = append(stale, it)
		}
	}
	return e, stale, nil
}
