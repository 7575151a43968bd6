package settings

import (
	"context"
	"slices"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// globalLists is how many items of the configuration hold lists that are not
// of one experiment.
const globalLists = 2

// Reconcile merges the environment into the persisted configuration: patterns
// are united, a retention that is set replaces its field, trigram fields stay.
// Each item is one write on the condition that it has not changed since it was
// read, so servers that start at once with different environments lose
// nothing of either. What is as it should be is not written.
//
// An item that is made on an empty table is complete at once. Whoever has data
// to write makes these items first, so a table that was empty before an item
// is made, on the condition that it is absent, is empty still.
func (c *Store) Reconcile(ctx context.Context) error {
	env, err := ReadEnvironment(c.Env)
	if err != nil {
		return err
	}
	before, err := c.Read(ctx)
	if err != nil {
		return err
	}
	r := reconciliation{Environment: env, now: c.Clock()}
	if before.lists < globalLists {
		if r.empty, err = c.isEmpty(ctx); err != nil {
			return err
		}
	}
	for _, item := range []struct {
		key   table.Key
		merge func(it *table.Item)
	}{
		{keys.DenormalizeTags(), r.mergePatterns},
		{keys.TTLPolicy(), r.mergePolicy},
		{keys.TrigramFields(), r.mergeFields},
	} {
		if err := c.Change(ctx, item.key, item.merge); err != nil {
			return err
		}
	}
	fresh, err := c.Read(ctx)
	if err != nil {
		return err
	}
	c.Set(fresh)
	c.logReconciled(ctx, before, fresh)
	return nil
}

// isEmpty reports whether the table has no data yet: no experiment was ever
// made in it. 3 requests, 3 RCU.
func (c *Store) isEmpty(ctx context.Context) (bool, error) {
	for _, k := range []table.Key{
		keys.Sequence(), c.Keys.Experiment(mlflow.DefaultExperimentID),
		keys.Workspace(mlflow.DefaultWorkspace).Experiment(mlflow.DefaultExperimentID),
	} {
		if _, found, err := c.Table.Get(ctx, k, table.Strong); err != nil || found {
			return false, err
		}
	}
	return true, nil
}

// reconciliation merges an environment into the CONFIG items.
type reconciliation struct {
	Environment
	now   time.Time
	empty bool // the table
}

func (r reconciliation) mergePatterns(it *table.Item) {
	r.mergeList(it, PatternList(), UnionOf(WithAlways(ListOf(*it, attrPatterns)), r.patterns))
}

func (r reconciliation) mergeFields(it *table.Item) {
	r.mergeList(it, FieldList(), ListOf(*it, attrFields))
}

func (r reconciliation) mergeList(it *table.Item, l List, list []string) {
	isNew := it.Num(keys.Rev) == 0
	l.Set(it, list, r.now)
	if isNew && r.empty {
		l.completeAll(it)
	}
}

func (r reconciliation) mergePolicy(it *table.Item) {
	p := PolicyOf(*it)
	for _, f := range p.fields() {
		if days, ok := r.days[f.attr]; ok {
			*f.days = days
		}
		it.Set(f.attr, table.Number(*f.days))
	}
}

// Change changes one CONFIG item by a function that keeps attributes it
// does not know. Atomic.
func (c *Store) Change(ctx context.Context, key table.Key, merge func(it *table.Item)) error {
	d := document.NewDocument(c.Table, c.Clock,
		func(ctx context.Context) (*configItem, error) { return c.readConfigItem(ctx, key) },
		func(it table.Item) (*configItem, error) { return &configItem{document.MetaOf(it), it}, nil })
	d.Write = func(ctx context.Context, cur, next *configItem) error {
		it := next.Clone()
		for _, a := range next.AppendTo(nil) {
			it.Set(a.Name, a.Value)
		}
		return c.Table.Put(ctx, table.Put{Item: it, Cond: document.LastMeta(cur).IsRev()})
	}
	_, err := document.Mutate(ctx, d, func(cur *configItem) (*configItem, bool, error) {
		next := &configItem{Item: table.Item{Key: key}}
		if cur != nil {
			if err := document.CheckVersion(cur.Item); err != nil {
				return nil, false, err
			}
			next.Item = cur.Clone()
		}
		merge(&next.Item)
		if cur != nil && slices.EqualFunc(next.Attrs, cur.Attrs, equalAttrs) {
			return cur, false, nil
		}
		return next, false, nil
	})
	return err
}

func equalAttrs(a, b table.Attr) bool { return a.Name == b.Name && a.Value.Equal(b.Value) }

// configItem is an item of the CONFIG partition as a document.
type configItem struct {
	document.Meta
	table.Item
}

// readConfigItem reads an item; one without a revision, made by another
// program, gets one first, atomically, so that it can be changed safely.
func (c *Store) readConfigItem(ctx context.Context, key table.Key) (*configItem, error) {
	it, found, err := c.Table.Get(ctx, key, table.Strong)
	if err != nil || !found {
		return nil, err
	}
	if it.Num(keys.Rev) == 0 {
		it, err = c.Table.Update(ctx, table.Update{
			Key: key, Cond: table.Exists(), Return: true,
			Add: []table.Attr{{Name: keys.Rev, Value: table.Number(1)}},
		})
		if err != nil {
			return nil, err
		}
	}
	return &configItem{document.MetaOf(it), it}, nil
}
