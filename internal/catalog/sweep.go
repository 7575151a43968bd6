package catalog

import (
	"context"
	"errors"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pass"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// A sweep scans the table twice. First the documents go, by which everything else is
// found: once they are gone no write that depends on one succeeds, also of a server
// that does not know of the deletion yet, and none can be made anew. Then goes all
// that is under the prefix. What a stopped writer puts there later hangs on ids that
// are never given out again: nobody sees it, and the collection of garbage takes it.
const (
	phaseDocuments = 1
	phaseAll       = 2
)

// pagesANote is how many pages are scanned before the place is noted.
const pagesANote = 4

// Sweep removes all that is in a workspace that is being deleted, and then its
// document. It goes on where another sweep was. Not atomic; safe beside others.
// 2 RCU for each 4 KB of the table, 1 WCU for each KB removed.
func (s *Store) Sweep(ctx context.Context, p DeleteParams) error {
	counted, ctx, err := pass.New(ctx, p.Options)
	if err != nil {
		return err
	}
	w := &sweep{s: s, p: p, pass: counted, prefix: keys.Workspace(p.Name).Prefix()}
	for {
		d, err := s.load(ctx, p.Name)
		if err != nil || !d.isDeleting() {
			return err // another has finished it
		}
		if w.gen == "" {
			w.gen = d.gen
		}
		if d.gen != w.gen {
			return nil
		}
		if d.place.phase > phaseAll {
			return s.remove(ctx, d)
		}
		at := d.place
		at.phase = max(at.phase, phaseDocuments)
		if err := w.scan(ctx, at); err != nil {
			if errors.Is(err, errGone) {
				return nil
			}
			return err
		}
	}
}

type sweep struct {
	s      *Store
	p      DeleteParams
	pass   *pass.Pass
	gen    string
	prefix string
}

// scan scans the table from a place to the end of its phase.
func (w *sweep) scan(ctx context.Context, at place) error {
	for pages := 1; ; pages++ {
		page, err := w.s.Table.Scan(ctx, table.Scan{After: at.after})
		if err != nil {
			return err
		}
		doomed, err := w.doomed(ctx, at.phase, page.Items)
		if err != nil {
			return err
		}
		if err := w.s.Table.BatchWrite(ctx, nil, doomed); err != nil {
			return err
		}
		if err := w.pass.Step(ctx, int64(len(page.Items)), int64(len(doomed))); err != nil {
			return err
		}
		if at.after = page.Next; at.after == (table.Key{}) {
			return w.note(ctx, place{phase: at.phase + 1})
		}
		if pages%pagesANote == 0 {
			if err := w.note(ctx, at); err != nil {
				return err
			}
		}
		if w.s.sweeps.IsClosed() {
			return table.ErrClosed
		}
	}
}

// doomed returns what of a page goes in a phase.
func (w *sweep) doomed(ctx context.Context, phase int, items []table.Item) ([]table.Key, error) {
	var doomed []table.Key
	for _, it := range items {
		if !strings.HasPrefix(it.Key.PK, w.prefix) {
			continue
		}
		kind := keys.Classify(it.Key).Kind
		if phase == phaseDocuments && !kind.IsDocument() {
			continue
		}
		if kind == keys.KindExperiment && w.p.DeleteArtifacts != nil {
			if uri := it.Str(keys.Artifact); uri != "" {
				if err := w.p.DeleteArtifacts(ctx, uri); err != nil {
					return nil, err
				}
			}
		}
		doomed = append(doomed, it.Key)
	}
	return doomed, nil
}

// note remembers a place, unless another sweep has come further.
func (w *sweep) note(ctx context.Context, at place) error {
	_, err := w.s.mutate(ctx, w.p.Name, func(cur *doc) (*doc, error) {
		if !cur.isDeleting() || cur.gen != w.gen {
			return nil, errGone
		}
		if cur.place.phase > at.phase || cur.place == at {
			return cur, nil
		}
		next := cur.clone()
		next.place = at
		return next, nil
	})
	return err
}
