package registry

import (
	"context"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/modelfilter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// trigramSize is the least bytes of a prefix that is as selective as a trigram.
const trigramSize = 3

// modelPlan says how a search over registered models finds its candidates.
type modelPlan struct {
	names   []string // the only ones that can match; nil: any
	prefix  string   // with which all that can match begin
	sources []index.Source
}

// planModels chooses what can serve clauses on the names of models.
func planModels(clauses []filter.Clause) modelPlan {
	var p modelPlan
	for i := range clauses {
		c := &clauses[i]
		if c.Entity != filter.EntityAttribute || c.Attr != modelfilter.Name {
			continue
		}
		switch c.Op {
		case filter.OpEq, filter.OpIn:
			p.names = index.Narrowed(p.names, clauseTexts(c))
		case filter.OpLike, filter.OpILike:
			if src := index.TrigramRanges(index.FieldModelName, c.Value.Str); src != nil {
				p.sources = append(p.sources, src)
			}
			if at := strings.IndexAny(c.Value.Str+index.Wildcards, index.Wildcards); c.Op == filter.OpLike && at > len(p.prefix) {
				p.prefix = c.Value.Str[:at]
			}
		default:
		}
	}
	return p
}

// clauseTexts are the texts that an equality or a list names.
func clauseTexts(c *filter.Clause) []string {
	if c.Op == filter.OpEq {
		return []string{c.Value.Str}
	}
	return append([]string{}, c.Value.Strs...)
}

// nameRange is a range of the names of models, in their order.
type nameRange struct {
	prefix string // with which they begin
	desc   bool
	behind bool // only names behind after
	after  string
	page   int // most models to read at once, 0: 1 MB of them
}

// holds reports whether a name is in the range.
func (r *nameRange) holds(name string) bool {
	return strings.HasPrefix(name, r.prefix) && (!r.behind || r.compare(name, r.after) > 0)
}

func (r *nameRange) compare(a, b string) int {
	if r.desc {
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

// modelsInOrder iterates over the models of a range in the order of their
// names, each once. Those whose names stand as a hash are in no order; they are
// rare, and read first.
func (s *reader) modelsInOrder(ctx context.Context, r nameRange) iter.Seq2[*Model, error] {
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
func (s *reader) modelsQuery(r *nameRange) table.Query {
	q := table.Query{Descending: r.desc, Limit: r.page}
	q.PK, q.From, q.To = s.Keys.WholeModelNames()
	if r.prefix != "" {
		q.From, q.To = keys.ModelNamePrefix(cutName(r.prefix))
	}
	if !r.behind {
		return q
	}
	if !keys.Hashed(r.after) {
		q.After = s.Keys.RegisteredModel(r.after).SK
		return q
	}
	// What begins like a long name may be before it or behind it; the range
	// decides.
	from, to := keys.ModelNamePrefix(cutName(r.after))
	if r.desc {
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
func (s *reader) longModels(ctx context.Context, r *nameRange) ([]*Model, error) {
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

// modelsByName reads those of some models that exist, each once, in no order. 1
// RCU for each 4 KB of each.
func (s *reader) modelsByName(ctx context.Context, names []string) ([]*Model, error) {
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

// modelsByID likewise reads models by their ids: pointers, then documents, and
// again for those that were renamed between the two reads. 2 RCU for each small
// one.
func (s *reader) modelsByID(ctx context.Context, ids []string) ([]*Model, error) {
	var out []*Model
	pending := slices.Compact(slices.Sorted(slices.Values(ids)))
	for attempt := 0; len(pending) > 0 && attempt <= tornReads; attempt++ {
		names, err := s.namesOfModels(ctx, pending)
		if err != nil {
			return nil, err
		}
		docs, err := s.modelsByName(ctx, names)
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
