package registry

import (
	"context"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// NameRange is a range of the names of models, in their order.
type NameRange struct {
	Prefix string // with which they begin
	Desc   bool
	Behind bool // only names behind After
	After  string
	Page   int // most models to read at once, 0: 1 MB of them
}

// holds reports whether a name is in the range.
func (r *NameRange) holds(name string) bool {
	return strings.HasPrefix(name, r.Prefix) && (!r.Behind || r.compare(name, r.After) > 0)
}

func (r *NameRange) compare(a, b string) int {
	if r.Desc {
		a, b = b, a
	}
	return strings.Compare(a, b)
}

// metModels are the ids of models that a search has met: one that is renamed
// meanwhile may be read under both of its names.
type metModels map[string]bool

// again reports whether a model was met before, and keeps that it was.
func (met metModels) again(m *Model) bool {
	was := met[m.ID]
	met[m.ID] = true
	return was
}

// ModelsInOrder iterates over the models of a range in the order of their
// names, each once. Those whose names stand as a hash are in no order; they are
// rare, and read first.
func (s *reader) ModelsInOrder(ctx context.Context, r NameRange) iter.Seq2[*Model, error] {
	return func(yield func(*Model, error) bool) {
		long, err := s.longModels(ctx, &r)
		if err != nil {
			yield(nil, err)
			return
		}
		met := metModels{}
		for it, err := range table.Items(ctx, s.Table, s.modelsQuery(&r)) {
			if err != nil {
				yield(nil, err)
				return
			}
			m, err := decodeModel(it)
			if err != nil {
				yield(nil, err)
				return
			}
			for ; len(long) > 0 && r.compare(long[0].Name, m.Name) < 0; long = long[1:] {
				if !met.again(long[0]) && !yield(long[0], nil) {
					return
				}
			}
			if r.holds(m.Name) && !met.again(m) && !yield(m, nil) {
				return
			}
		}
		for _, m := range long {
			if !met.again(m) && !yield(m, nil) {
				return
			}
		}
	}
}

// modelsQuery is the query of the models whose names stand in their sort keys.
func (s *reader) modelsQuery(r *NameRange) table.Query {
	q := table.Query{Descending: r.Desc, Limit: r.Page}
	q.PK, q.From, q.To = s.Keys.WholeModelNames()
	if r.Prefix != "" {
		q.From, q.To = keys.ModelNamePrefix(cutName(r.Prefix))
	}
	if !r.Behind {
		return q
	}
	if !keys.Hashed(r.After) {
		q.After = s.Keys.RegisteredModel(r.After).SK
		return q
	}
	// What begins like a long name may be before it or behind it; the range
	// decides.
	from, to := keys.ModelNamePrefix(cutName(r.After))
	if r.Desc {
		q.To = min(q.To, to)
	} else {
		q.From = max(q.From, from)
	}
	return q
}

// cutName cuts a text, at a character, to what can stand in a sort key.
func cutName(name string) string {
	if len(name) <= keys.MaxPart {
		return name
	}
	n := keys.MaxPart
	for !utf8.RuneStart(name[n]) {
		n--
	}
	return name[:n]
}

// longModels returns the models of a range whose names stand as a hash, in
// order.
func (s *reader) longModels(ctx context.Context, r *NameRange) ([]*Model, error) {
	var q table.Query
	q.PK, q.From, q.To = s.Keys.HashedModelNames()
	var out []*Model
	for it, err := range table.Items(ctx, s.Table, q) {
		if err != nil {
			return nil, err
		}
		m, err := decodeModel(it)
		if err != nil {
			return nil, err
		}
		if r.holds(m.Name) {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b *Model) int { return r.compare(a.Name, b.Name) })
	return out, nil
}

// ModelsByName reads those of some models that exist, each once, in no order. 1
// RCU for each 4 KB of each.
func (s *reader) ModelsByName(ctx context.Context, names []string) ([]*Model, error) {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	wanted := make([]table.Key, 0, len(names))
	for _, name := range names {
		if name != "" && utf8.ValidString(name) {
			wanted = append(wanted, s.Keys.RegisteredModel(name))
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	items, err := s.Table.BatchGet(ctx, wanted, table.Strong)
	if err != nil {
		return nil, err
	}
	docs := make([]*Model, 0, len(items))
	met := metModels{}
	for _, it := range items {
		m, err := decodeModel(it)
		if err != nil {
			return nil, err
		}
		if !met.again(m) {
			docs = append(docs, m)
		}
	}
	return docs, nil
}

// ModelsByID likewise reads models by their ids: pointers, then documents, and
// again for those that were renamed between the two reads. 2 RCU for each small
// one.
func (s *reader) ModelsByID(ctx context.Context, ids []string) ([]*Model, error) {
	var out []*Model
	pending := slices.Compact(slices.Sorted(slices.Values(ids)))
	for attempt := 0; len(pending) > 0 && attempt <= tornReads; attempt++ {
		names, err := s.namesOfModels(ctx, pending)
		if err != nil {
			return nil, err
		}
		docs, err := s.ModelsByName(ctx, names)
		if err != nil {
			return nil, err
		}
		found := map[string]bool{}
		for _, m := range docs {
			if _, asked := slices.BinarySearch(pending, m.ID); asked {
				out, found[m.ID] = append(out, m), true
			}
		}
		if len(found) == len(names) { // the others are gone
			return out, nil
		}
		pending = slices.DeleteFunc(pending, func(id string) bool { return found[id] })
	}
	return out, nil
}

// namesOfModels reads the names of those of some models that exist.
func (s *reader) namesOfModels(ctx context.Context, ids []string) ([]string, error) {
	pointers := make([]table.Key, len(ids))
	for i, id := range ids {
		pointers[i] = s.Keys.ModelPointer(id)
	}
	items, err := s.Table.BatchGet(ctx, pointers, table.Strong)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(items))
	for _, it := range items {
		if name := it.Str(keys.Name); name != "" { // else a tombstone
			names = append(names, name)
		}
	}
	return names, nil
}
