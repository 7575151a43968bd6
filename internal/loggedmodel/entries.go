package loggedmodel

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// setEntries sets entries of a document that may be changed, at its tags or
// its params, and returns those that have to stand in items of their own.
func (m *Document) setEntries(to *packed.Dict, d packed.Dict) (spilled packed.Dict) {
	e := document.InlineEntries{
		EntryRules: document.EntryRules{Budget: loggedModelBudget, Limit: loggedModelBudget, KeyAgain: true},
		Inline:     to, Size: m.tags.Size() + m.params.Size(), Frozen: &m.frozen,
	}
	return e.Set(d)
}

// SetTags sets tags of a logged model, deleted or not.
func (s *Store) SetTags(ctx context.Context, id string, tags []mlflow.Tag) error {
	for some := range loggedBatches(packed.DictOf(tags)) {
		_, err := s.Mutate(ctx, id, true, func(c *Change) (bool, error) {
			was := *c.Document
			for out := c.setEntries(&c.tags, some); len(out) > 0; out = out[2:] {
				key := s.Keys.LoggedModelOverflow(id, keys.TagPrefix, out[0])
				c.ops = append(c.ops, table.Put{Item: document.OverflowItem(key, out[0], out[1])})
			}
			return len(c.ops) > 0 || !slices.Equal(was.tags, c.tags), nil
		}, nil)
		if err != nil {
			return err
		}
	}
	return nil
}

// DeleteTag removes a tag of a logged model, deleted or not.
func (s *Store) DeleteTag(ctx context.Context, id, key string) error {
	missing := failure.Errorf(mlflow.CodeResourceDoesNotExist, "No tag with key %s found for model with ID %s.",
		pyrepr.String(key), pyrepr.String(id))
	_, err := s.Mutate(ctx, id, true, func(c *Change) (bool, error) {
		if _, inline := c.tags.Get(key); inline {
			c.tags = c.tags.Remove(key)
			return true, nil
		}
		if !c.frozen {
			return false, missing
		}
		c.ops = []table.Op{table.Delete{Key: s.Keys.LoggedModelOverflow(id, keys.TagPrefix, key), Cond: table.Exists()}}
		return true, nil
	}, func(int, table.Item) error { return missing })
	return err
}

// errNewParam says that a param was logged before.
var errNewParam = errors.New("param exists")

// LogParams logs params of a logged model, deleted or not.
func (s *Store) LogParams(ctx context.Context, id string, params []mlflow.Param) error {
	list := make([]mlflow.Tag, len(params))
	for i, p := range params {
		list[i] = mlflow.Tag(p)
	}
	if key, twice := document.RepeatedKey(list); twice {
		m, err := s.readLoggedModel(ctx, id)
		switch {
		case err != nil:
			return err
		case m == nil:
			return errLoggedModelNotFound(id)
		}
		return errParamLogged(id, key)
	}
	for some := range loggedBatches(packed.DictOf(list)) {
		if err := s.logModelParams(ctx, id, some); err != nil {
			return err
		}
	}
	return nil
}

// loggedBatches cuts entries into what one transaction may have to write in
// items of their own; none are one batch.
func loggedBatches(d packed.Dict) iter.Seq[packed.Dict] {
	return func(yield func(packed.Dict) bool) {
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
	return failure.Errorf(mlflow.CodeBadRequest, "Param with key %s was already logged for model with ID %s.",
		pyrepr.String(key), pyrepr.String(id))
}

// logModelParams logs as many params as one transaction takes. One that stands
// in an item of its own already is left out, if it is the same, and the rest
// tried again.
func (s *Store) logModelParams(ctx context.Context, id string, d packed.Dict) error {
	for {
		var spilled, known packed.Dict
		_, err := s.Mutate(ctx, id, true, func(c *Change) (bool, error) {
			var fresh packed.Dict
			for rest := d; len(rest) > 0; rest = rest[2:] {
				old, inline := c.params.Get(rest[0])
				if inline && old != rest[1] {
					return false, errParamLogged(id, rest[0])
				}
				if !inline {
					fresh = append(fresh, rest[0], rest[1])
				}
			}
			spilled = c.setEntries(&c.params, fresh)
			for out := spilled; len(out) > 0; out = out[2:] {
				key := s.Keys.LoggedModelOverflow(id, keys.ParamPrefix, out[0])
				c.ops = append(c.ops, table.Put{Item: document.OverflowItem(key, out[0], out[1]), Cond: table.Absent()})
			}
			return len(fresh) > 0, nil
		}, func(i int, it table.Item) error {
			known = packed.Dict{spilled[2*i], it.Str(keys.Value)}
			return errNewParam
		})
		if !errors.Is(err, errNewParam) {
			return err
		}
		if value, _ := d.Get(known[0]); value != known[1] {
			return errParamLogged(id, known[0])
		}
		d = d.Remove(known[0])
	}
}
