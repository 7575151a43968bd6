package dynamodbstore

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/runfilter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
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

// indexWriters bounds the requests of one run's index rows at a time.
const indexWriters = 8

// indexRules says which rows the runs of an experiment have beside those of
// metrics and params.
type indexRules struct {
	fields []string   // trigram fields, the names included
	match  tagMatcher // denormalized tags
	list   []string   // as list rows remember them
}

// indexRules returns what this process indexes of an experiment.
func (s *Store) indexRules(ctx context.Context, exp string) (*indexRules, error) {
	cfg, err := s.settings.fresh(ctx)
	if err != nil {
		return nil, err
	}
	return &indexRules{fields: cfg.trigramFieldsWritten(), match: cfg.matcherOf(exp), list: cfg.indexSpec(exp)}, nil
}

// runIndexKeys returns the keys of all index rows of a run, sorted.
func (s *Store) runIndexKeys(p *packedRun, r *indexRules) []table.Key {
	place := keys.RunRowSK(p.start, p.id)
	var out []table.Key
	add := func(kind keys.IndexKind, name, value string) {
		out = append(out, table.Key{PK: s.ks.IndexPK(p.exp, kind, name), SK: keys.IndexSK(value, place)})
	}
	for d := p.dict(sectionMetrics); len(d) > 0; d = d[2:] {
		if m, ok := registerMetric(d[0], d[1]); ok {
			add(keys.IndexMetric, d[0], keys.Metric(m.Value))
		}
	}
	for d := p.dict(sectionParams); len(d) > 0; d = d[2:] {
		text, _ := keys.Text(d[1])
		add(keys.IndexParam, d[0], text)
	}
	for d := p.dict(sectionTags); len(d) > 0; d = d[2:] {
		if r.match(d[0]) {
			text, _ := keys.Text(d[1])
			add(keys.IndexTag, d[0], text)
		}
	}
	eachDatasetField(p, func(key, value string) {
		text, _ := keys.Text(value)
		add(keys.IndexDataset, key, text)
	})
	name, _ := keys.Text(p.name)
	add(keys.IndexAttr, fieldRunName, name)
	for _, field := range r.fields {
		for _, t := range fieldTrigrams(runField(p, field)) {
			add(keys.IndexTrigram, field, t)
		}
	}
	slices.SortFunc(out, table.Key.Compare)
	return slices.Compact(out)
}

// eachDatasetField calls add for what filters can ask of each dataset input of
// a run.
func eachDatasetField(p *packedRun, add func(key, value string)) {
	row := runRow{packedRun: p}
	for i := range row.Datasets() {
		d := row.Dataset(i)
		for _, key := range runfilter.DatasetKeys() {
			if value, ok := d.Field(key); ok {
				add(key, value)
			}
		}
	}
}

// runField returns the text of a trigram field of a run.
func runField(p *packedRun, field string) string {
	if field == fieldRunName {
		if name, ok := p.lookup(sectionTags, runNameTag); ok {
			return name // which is what searches ask for
		}
		return p.name
	}
	return keyedField(field,
		func(key string) (string, bool) { return p.lookup(sectionTags, key) },
		func(key string) (string, bool) { return p.lookup(sectionParams, key) })
}

// indexChange is what has to be done to the index rows of one run.
type indexChange struct {
	puts, deletes []table.Key
}

// indexChange compares the rows of a run with those of what its list row
// covered before; the zero row covers nothing.
func (s *Store) indexChange(p *packedRun, r *indexRules, row table.Item) (indexChange, error) {
	wanted := s.runIndexKeys(p, r)
	packed, whole := row.Get(keys.Packed)
	list, indexed := row.Get(keys.Indexed)
	if !whole || !indexed || !slices.Equal(list.Strings(), r.list) {
		return indexChange{puts: wanted}, nil
	}
	was, err := parsePacked(p.id, packed.Str())
	if err != nil {
		return indexChange{}, err
	}
	return diffKeys(s.runIndexKeys(was, r), wanted), nil
}

// diffKeys compares two sorted lists of keys.
func diffKeys(old, wanted []table.Key) indexChange {
	var c indexChange
	for len(old) > 0 || len(wanted) > 0 {
		switch {
		case len(old) == 0:
			c.puts = append(c.puts, wanted...)
			return c
		case len(wanted) == 0:
			c.deletes = append(c.deletes, old...)
			return c
		}
		switch cmp := old[0].Compare(wanted[0]); {
		case cmp < 0:
			c.deletes = append(c.deletes, old[0])
			old = old[1:]
		case cmp > 0:
			c.puts = append(c.puts, wanted[0])
			wanted = wanted[1:]
		default:
			old, wanted = old[1:], wanted[1:]
		}
	}
	return c
}

// putIndexRows writes rows that stand for an entity at the given generation
// or revision. Not atomic: a crash leaves rows too many.
// 1 WCU a row, 1 request for each 25.
func (s *Store) putIndexRows(ctx context.Context, rows []table.Key, attr string, at int64) error {
	stamp := []table.Attr{{Name: attr, Value: table.Number(at)}}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(indexWriters)
	for batch := range slices.Chunk(rows, table.MaxBatchWrite) {
		items := make([]table.Item, len(batch))
		for i, k := range batch {
			items[i] = table.Item{Key: k, Attrs: stamp}
		}
		g.Go(func() error { return s.t.BatchWrite(gctx, items, nil) })
	}
	return g.Wait()
}

// deleteIndexRows removes those rows that were written before the given
// generation or revision, each atomically on the condition that it has not
// been written since it was read. 1 RCU and 1 WCU a row.
func (s *Store) deleteIndexRows(ctx context.Context, rows []table.Key, attr string, before int64) error {
	if len(rows) == 0 {
		return nil
	}
	items, err := s.t.BatchGet(ctx, rows, table.Strong)
	if err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(indexWriters)
	for _, it := range items {
		stamp, _ := it.Get(attr)
		if stamp.Num() >= before {
			continue
		}
		g.Go(func() error {
			_, err := s.deleteIf(gctx, it.Key, table.Attr{Name: attr, Value: stamp})
			return err
		})
	}
	return g.Wait()
}

// deleteIf removes an item if an attribute is as it was read, and reports
// whether it was: otherwise the item has been written anew, or is gone.
// Atomic. 1 WCU for each KB of the item.
func (s *Store) deleteIf(ctx context.Context, key table.Key, attr table.Attr) (bool, error) {
	err := s.t.Delete(ctx, table.Delete{Key: key, Cond: table.Equal(attr)})
	if _, isLost := asConditionError(err); isLost {
		return false, nil
	}
	return err == nil, err
}

// reindexRun brings the index rows of a settled run up to the settings, and
// reports whether anything had to be written. An open run is left alone: it
// gets its rows when it settles. Steps as cover says. 2 requests for a run
// that is up to date.
func (s *Store) reindexRun(ctx context.Context, id string) (changed bool, err error) {
	l, err := s.loadRun(ctx, id)
	if err != nil || l == nil || !l.closed {
		return false, err
	}
	row, err := s.listRow(ctx, l.head)
	if err != nil {
		return false, err
	}
	rules, err := s.indexRules(ctx, l.head.exp)
	if err != nil {
		return false, err
	}
	if list, ok := row.Get(keys.Indexed); ok && slices.Equal(list.Strings(), rules.list) {
		return false, nil
	}
	return s.cover(ctx, l, row, true)
}

// listRow reads a run's row in the list of its experiment; the zero item if
// there is none.
func (s *Store) listRow(ctx context.Context, h *runHead) (table.Item, error) {
	row, _, err := s.t.Get(ctx, s.ks.RunRow(h.exp, h.start, h.id), table.Strong)
	if err != nil {
		return table.Item{}, err
	}
	return row, checkVersion(row)
}
