package dynamodbstore

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// setEntries sets entries of a document that may be changed, at its tags or
// its params, and returns those that have to stand in items of their own.
func (m *loggedModelDoc) setEntries(to *dict, d dict) (spilled dict) {
	e := inlineEntries{
		entryRules: entryRules{budget: loggedModelBudget, limit: loggedModelBudget, keyAgain: true},
		inline:     to, size: m.tags.size() + m.params.size(), frozen: &m.frozen,
	}
	return e.set(d)
}

// SetLoggedModelTags sets tags of a logged model, deleted or not; of a key
// given twice the last value counts. Atomic for each 97 tags that do not fit
// the document, else as a whole. 1 or 2 requests, 4 WCU for a small model.
func (s *Store) SetLoggedModelTags(ctx context.Context, id string, tags []Tag) error {
	for some := range loggedBatches(dictOf(tags)) {
		_, err := s.mutateLoggedModel(ctx, id, true, func(c *loggedModelChange) (bool, error) {
			was := *c.loggedModelDoc
			for out := c.setEntries(&c.tags, some); len(out) > 0; out = out[2:] {
				key := s.ks.LoggedModelOverflow(id, keys.TagPrefix, out[0])
				c.ops = append(c.ops, table.Put{Item: overflowItem(key, out[0], out[1])})
			}
			return len(c.ops) > 0 || !slices.Equal(was.tags, c.tags), nil
		}, nil)
		if err != nil {
			return failure(err)
		}
	}
	return nil
}

// DeleteLoggedModelTag removes a tag of a logged model, deleted or not;
// RESOURCE_DOES_NOT_EXIST if it has none of that key. Atomic. 1 or 2 requests,
// 4 WCU for a small model.
func (s *Store) DeleteLoggedModelTag(ctx context.Context, id, key string) error {
	missing := errorf(CodeResourceDoesNotExist, "No tag with key %s found for model with ID %s.",
		pyrepr.String(key), pyrepr.String(id))
	_, err := s.mutateLoggedModel(ctx, id, true, func(c *loggedModelChange) (bool, error) {
		if _, inline := c.tags.get(key); inline {
			c.tags = c.tags.remove(key)
			return true, nil
		}
		if !c.frozen {
			return false, missing
		}
		c.ops = []table.Op{table.Delete{Key: s.ks.LoggedModelOverflow(id, keys.TagPrefix, key), Cond: table.Exists()}}
		return true, nil
	}, func(int, table.Item) error { return missing })
	return failure(err)
}

// errNewParam says that a param was logged before.
var errNewParam = errors.New("param exists")

// LogLoggedModelParams logs params of a logged model, deleted or not. A param
// that it has with another value is BAD_REQUEST, where MLflow refuses the same
// value too: so a request whose answer was lost can be repeated. Atomic for each
// 97 params. 1 or 2 requests, 4 WCU for a small model.
func (s *Store) LogLoggedModelParams(ctx context.Context, id string, params []Param) error {
	list := make([]Tag, len(params))
	for i, p := range params {
		list[i] = Tag(p)
	}
	if key, twice := repeatedKey(list); twice {
		m, err := s.readLoggedModel(ctx, id)
		switch {
		case err != nil:
			return failure(err)
		case m == nil:
			return errLoggedModelNotFound(id)
		}
		return errParamLogged(id, key)
	}
	for some := range loggedBatches(dictOf(list)) {
		if err := s.logModelParams(ctx, id, some); err != nil {
			return failure(err)
		}
	}
	return nil
}

// loggedBatches cuts entries into what one transaction may have to write in
// items of their own; none are one batch.
func loggedBatches(d dict) iter.Seq[dict] {
	return func(yield func(dict) bool) {
		for {
			n, size := 0, 0
			for n < len(d) && n < 2*loggedModelSpill && (n == 0 || size+len(d[n])+len(d[n+1]) <= loggedModelSpillBytes) {
				size += len(d[n]) + len(d[n+1])
				n += 2
			}
			if !yield(d[:n]) || n == len(d) {
				return
			}
			d = d[n:]
		}
	}
}

func errParamLogged(id, key string) error {
	return errorf(CodeBadRequest, "Param with key %s was already logged for model with ID %s.",
		pyrepr.String(key), pyrepr.String(id))
}

// logModelParams logs as many params as one transaction takes. One that stands
// in an item of its own already is left out, if it is the same, and the rest
// tried again.
func (s *Store) logModelParams(ctx context.Context, id string, d dict) error {
	for {
		var spilled, known dict
		_, err := s.mutateLoggedModel(ctx, id, true, func(c *loggedModelChange) (bool, error) {
			var fresh dict
			for rest := d; len(rest) > 0; rest = rest[2:] {
				old, inline := c.params.get(rest[0])
				if inline && old != rest[1] {
					return false, errParamLogged(id, rest[0])
				}
				if !inline {
					fresh = append(fresh, rest[0], rest[1])
				}
			}
			spilled = c.setEntries(&c.params, fresh)
			for out := spilled; len(out) > 0; out = out[2:] {
				key := s.ks.LoggedModelOverflow(id, keys.ParamPrefix, out[0])
				c.ops = append(c.ops, table.Put{Item: overflowItem(key, out[0], out[1]), Cond: table.Absent()})
			}
			return len(fresh) > 0, nil
		}, func(i int, it table.Item) error {
			known = dict{spilled[2*i], it.Str(keys.Value)}
			return errNewParam
		})
		if !errors.Is(err, errNewParam) {
			return err
		}
		if value, _ := d.get(known[0]); value != known[1] {
			return errParamLogged(id, known[0])
		}
		d = d.remove(known[0])
	}
}
