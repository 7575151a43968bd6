package experiment

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// namedID is the name of an experiment, and its id.
type namedID struct{ name, id string }

// walkNames walks the names of experiments in their order until the page is
// full. Names that stand as a hash are in no order; they are rare, and read
// first.
func (x *searching) walkNames(ctx context.Context, desc bool) ([]foundExperiment, error) {
	long, err := x.longNames(ctx, desc)
	if err != nil {
		return nil, err
	}
	var found []foundExperiment
	var batch []namedID
	flush := func() error {
		more, err := x.named(ctx, batch)
		found, batch = append(found, more...), batch[:0]
		return err
	}
	for row, err := range table.Items(ctx, x.s.Table, x.namesQuery(desc)) {
		if err != nil {
			return nil, err
		}
		next := namedID{row.Str(keys.Name), row.Str(keys.ExpID)}
		for len(long) > 0 && compareNames(long[0], next, desc) < 0 {
			batch, long = append(batch, long[0]), long[1:]
		}
		if batch = append(batch, next); len(batch) < min(x.Max+1, table.MaxBatchGet) {
			continue
		}
		if err := flush(); err != nil {
			return nil, err
		}
		if len(found) > x.Max {
			return found, nil
		}
	}
	batch = append(batch, long...)
	return found, flush()
}

func compareNames(a, b namedID, desc bool) int {
	if desc {
		a, b = b, a
	}
	return strings.Compare(a.name, b.name)
}

// namesQuery is the query of the names in their order, behind the position.
func (x *searching) namesQuery(desc bool) table.Query {
	q := table.Query{Descending: desc, Limit: x.Max + 1}
	q.PK, q.From, q.To = x.s.Keys.WholeNames()
	if len(x.query.Clauses) > 0 || x.view == mlflow.ViewDeletedOnly {
		q.Limit = 0
	}
	if x.After == nil {
		return q
	}
	name := x.After[0].Str
	if sk := x.s.Keys.ExperimentName(name).SK; sk < q.To {
		q.After = sk
		return q
	}
	// What begins like a long name may be before it or behind it; the position
	// decides.
	n := keys.MaxPart
	for !utf8.RuneStart(name[n]) {
		n--
	}
	if desc {
		q.To = q.From + name[:n] + keys.Last
	} else {
		q.From += name[:n]
	}
	return q
}

// longNames returns the names that stand as a hash and may be behind the
// position, in order.
func (x *searching) longNames(ctx context.Context, desc bool) ([]namedID, error) {
	var q table.Query
	q.PK, q.From, q.To = x.s.Keys.HashedNames()
	var out []namedID
	for row, err := range table.Items(ctx, x.s.Table, q) {
		if err != nil {
			return nil, err
		}
		next := namedID{row.Str(keys.Name), row.Str(keys.ExpID)}
		if x.After == nil || compareNames(next, namedID{name: x.After[0].Str}, desc) > 0 {
			out = append(out, next)
		}
	}
	slices.SortFunc(out, func(a, b namedID) int { return compareNames(a, b, desc) })
	return out, nil
}

// named reads some experiments and returns those that match, in order.
func (x *searching) named(ctx context.Context, batch []namedID) ([]foundExperiment, error) {
	ids := make([]string, len(batch))
	for i, n := range batch {
		ids[i] = n.id
	}
	docs, err := x.s.experimentsByID(ctx, ids)
	x.stats.Fetched += len(docs)
	return x.sorted(docs), err
}
