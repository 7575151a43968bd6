package garbage

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// scan looks at every item of the table once. What it reads may be old; it
// only finds what has to be looked at.
func (c *Collection) scan(ctx context.Context) error {
	scan := table.Scan{After: c.cursor.after, Limit: c.PageItems, Consistency: table.Eventual}
	for pages := 1; ; pages++ {
		page, err := c.v.Table.Scan(ctx, scan)
		if err != nil {
			return err
		}
		c.Report.Scanned += int64(len(page.Items))
		if err := c.pass.Step(ctx, int64(len(page.Items)), 0); err != nil {
			return err
		}
		if err := c.page(ctx, c.own(page.Items)); err != nil {
			return err
		}
		if page.Next == (table.Key{}) {
			return nil
		}
		scan.After, c.cursor.after = page.Next, page.Next
		if pages%gcPages == 0 {
			if err := c.note(ctx); err != nil {
				return err
			}
		}
	}
}

// own returns the items of the Store's workspace.
func (c *Collection) own(items []table.Item) []Item {
	var own []Item
	for _, it := range items {
		class := keys.Classify(it.Key)
		if class.Workspace == "" {
			continue
		}
		if class.Workspace == c.v.Workspace {
			own = append(own, Item{it, class})
		} else {
			c.sawWorkspace(class.Workspace)
		}
	}
	return own
}

// page removes the garbage of a page.
func (c *Collection) page(ctx context.Context, items []Item) error {
	if err := c.look(ctx, items); err != nil {
		return err
	}
	var lives []Item // index rows of what lives
	for _, it := range items {
		if err := document.CheckVersion(it.Item); err != nil {
			return err
		}
		garbage, err := c.meet(ctx, it)
		switch {
		case err != nil:
			return err
		case garbage:
			c.condemn(it.Key, it.Kind)
		case it.Index != "":
			lives = append(lives, it)
		}
		if len(c.condemned) >= index.Batch {
			if err := c.removeCondemned(ctx); err != nil {
				return err
			}
		}
	}
	if err := c.removeCondemned(ctx); err != nil {
		return err
	}
	return c.removeStale(ctx, lives)
}

// condemn adds an item to those that are removed next. What it belongs to is
// gone for good, so nothing makes it useful again.
func (c *Collection) condemn(key table.Key, kind keys.Kind) {
	c.condemned = append(c.condemned, key)
	c.Count(kind)
}

// Count counts an item that has been removed, or that is about to be.
func (c *Collection) Count(kind keys.Kind) {
	c.Report.Removed[string(kind)]++
	c.pass.At.Changed++
}

// removeCondemned removes items without a condition. Each is atomic; what a
// crash leaves is found again. 1 WCU for each KB of an item.
func (c *Collection) removeCondemned(ctx context.Context) error {
	if len(c.condemned) > 0 && !c.DryRun {
		if err := c.v.Table.BatchWrite(ctx, nil, c.condemned); err != nil {
			return err
		}
	}
	c.condemned = c.condemned[:0]
	return c.Step(ctx)
}

// Step waits until the units that were spent are within the bound. Call it
// after every few table calls.
func (c *Collection) Step(ctx context.Context) error { return c.pass.Step(ctx, 0, 0) }

// look lets the sweeps look at a page.
func (c *Collection) look(ctx context.Context, page []Item) error {
	for _, l := range c.lookers {
		if err := l.Look(ctx, page); err != nil {
			return err
		}
	}
	return nil
}

// meet decides what is to be done about an item. One that no sweep knows stays.
func (c *Collection) meet(ctx context.Context, it Item) (garbage bool, err error) {
	if s, ok := c.sweeps[it.Kind]; ok {
		return s.Meet(ctx, it)
	}
	return false, nil
}
