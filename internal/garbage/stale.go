package garbage

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// removeStale removes those index rows of a page that are not, or no longer,
// what the documents say: owner by owner, in the order in which the page meets
// them.
func (c *Collection) removeStale(ctx context.Context, rows []Item) error {
	if len(rows) == 0 {
		return nil
	}
	for _, x := range c.indexed {
		if err := x.LookRows(ctx, rows); err != nil {
			return err
		}
	}
	type owner struct {
		of Indexed
		id string
	}
	suspects := map[owner][]Item{}
	var order []owner
	for _, it := range rows {
		x, ok := c.byKind[it.Kind]
		if !ok {
			continue
		}
		id, err := x.Suspect(ctx, it)
		if err != nil {
			return err
		}
		if id == "" {
			continue
		}
		o := owner{x, id}
		if suspects[o] == nil {
			order = append(order, o)
		}
		suspects[o] = append(suspects[o], it)
	}
	for _, o := range order {
		if err := o.of.RemoveStale(ctx, suspects[o]); err != nil {
			return err
		}
		if err := c.Step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Fields are the trigram fields of the configuration, and those of the given
// rows: a row of a field that is indexed no more is not wrong.
func (c *Collection) Fields(ctx context.Context, rows ...Item) ([]string, error) {
	cfg, err := c.settings.Current(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, it := range rows {
		if it.Index == keys.IndexTrigram {
			names = append(names, it.Name)
		}
	}
	return settings.UnionOf(cfg.TrigramFieldsWritten(), names), nil
}

// RemoveIf removes a row if an attribute is as it was read.
func (c *Collection) RemoveIf(ctx context.Context, it Item, attr table.Attr) error {
	if !c.DryRun {
		if deleted, err := c.index.DeleteIf(ctx, it.Key, attr); err != nil || !deleted {
			return err
		}
	}
	c.Count(it.Kind)
	return c.Step(ctx)
}
