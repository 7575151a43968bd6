package upkeep

import (
	"context"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// scanned is an item that the scan has read, and what its key says.
type scanned struct {
	table.Item
	keys.Class
}

// scan looks at every item of the table once. What it reads may be old; it
// only finds what has to be looked at.
func (c *collection) scan(ctx context.Context) error {
	scan := table.Scan{After: c.cursor.after, Limit: c.PageItems, Consistency: table.Eventual}
	for pages := 1; ; pages++ {
		page, err := c.s.Table.Scan(ctx, scan)
		if err != nil {
			return err
		}
		c.Report.Scanned += int64(len(page.Items))
		if err := c.pass.step(ctx, int64(len(page.Items)), 0); err != nil {
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
func (c *collection) own(items []table.Item) []scanned {
	var own []scanned
	for _, it := range items {
		class := keys.Classify(it.Key)
		if class.Workspace == "" {
			continue
		}
		if class.Workspace == c.s.Workspace {
			own = append(own, scanned{it, class})
		} else {
			c.sawWorkspace(class.Workspace)
		}
	}
	return own
}

// page removes the garbage of a page.
func (c *collection) page(ctx context.Context, items []scanned) error {
	if err := c.knowRuns(ctx, items); err != nil {
		return err
	}
	var lives []scanned // index rows of what lives
	for _, it := range items {
		if err := document.CheckVersion(it.Item); err != nil {
			return err
		}
		garbage, err := c.isGarbage(ctx, it)
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
func (c *collection) condemn(key table.Key, kind keys.Kind) {
	c.condemned = append(c.condemned, key)
	c.count(kind)
}

// count counts an item that has been removed, or that is about to be.
func (c *collection) count(kind keys.Kind) {
	c.Report.Removed[string(kind)]++
	c.pass.at.Changed++
}

// removeCondemned removes items without a condition. Each is atomic; what a
// crash leaves is found again. 1 WCU for each KB of an item.
func (c *collection) removeCondemned(ctx context.Context) error {
	if len(c.condemned) > 0 && !c.p.DryRun {
		if err := c.s.Table.BatchWrite(ctx, nil, c.condemned); err != nil {
			return err
		}
	}
	c.condemned = c.condemned[:0]
	return c.pass.step(ctx, 0, 0)
}

// isGarbage decides what is to be done about an item.
func (c *collection) isGarbage(ctx context.Context, it scanned) (bool, error) {
	switch it.Kind {
	case keys.KindExperiment:
		return false, c.meetExperiment(ctx, it)
	case keys.KindRun:
		return false, c.meetRun(ctx, it)
	case keys.KindExperimentName:
		return false, c.meetName(ctx, it.Item)
	case keys.KindExperimentList:
		return c.isOldListRow(ctx, it)
	case keys.KindExperimentTrigram:
		return c.isOrphanOfExperiment(ctx, it, it.Time)
	case keys.KindExperimentTag:
		return c.isOrphanOfExperiment(ctx, it, it.Num(keys.Created))
	case keys.KindLoggedModel:
		return false, c.meetLoggedModel(ctx, it)
	case keys.KindLoggedModelPart, keys.KindLoggedModelList:
		return c.isOrphanOfLoggedModel(ctx, it)
	case keys.KindDataset, keys.KindDatasetUse:
		return c.isOrphanOfExperiment(ctx, it, 0)
	case keys.KindRunMetrics, keys.KindRunOverflow, keys.KindHistory, keys.KindRunList, keys.KindOpenRun,
		keys.KindDeletedRun, keys.KindRunIndex, keys.KindRunTrigram:
		return c.isOrphan(ctx, it)
	case keys.KindModelOverflow, keys.KindModelVersion, keys.KindVersionOverflow, keys.KindVersionIndex, keys.KindModelTrigram:
		return c.meetModelItem(ctx, it)
	case keys.KindModel, keys.KindModelPointer: // deleted at once
	case keys.KindConfig, keys.KindSequence, keys.KindOther:
	}
	return false, nil
}

// isOrphan reports whether the run or the experiment of an item is gone.
func (c *collection) isOrphan(ctx context.Context, it scanned) (bool, error) {
	r, err := c.runOf(ctx, it.Run, it.Experiment)
	if err != nil || r != nil && r.gone {
		return err == nil && (!r.unlisted || it.Kind != keys.KindRunList), err
	}
	if it.Experiment != "" {
		e, err := c.experiment(ctx, it.Experiment, true)
		if err != nil || e.gone {
			return err == nil, err
		}
	}
	if r == nil {
		c.Report.Left++
	}
	return false, nil
}

// isOrphanOfExperiment reports whether the experiment of an item is gone. What
// is written before the document proves that there was one only when it was
// begun long ago, in ms.
func (c *collection) isOrphanOfExperiment(ctx context.Context, it scanned, begun int64) (bool, error) {
	e, err := c.experiment(ctx, it.Experiment, !c.s.IsYoung(begun))
	if err != nil {
		return false, err
	}
	if !e.gone && e.doc == nil {
		c.Report.Left++
	}
	return e.gone, nil
}

// meetExperiment deletes an experiment if that is asked for.
func (c *collection) meetExperiment(ctx context.Context, it scanned) error {
	doc, err := experiment.Decode(it.Experiment, it.Item)
	if err != nil || doc == nil || !c.experimentDoomed(doc) {
		return err
	}
	_, err = c.experiment(ctx, it.Experiment, true)
	return err
}

// meetRun deletes a run if that is asked for or if its experiment is gone.
func (c *collection) meetRun(ctx context.Context, it scanned) error {
	h, err := run.DecodeHead(it.Run, it.Item)
	if err != nil || h == nil {
		return err
	}
	r, err := c.runOf(ctx, it.Run, h.Exp)
	if err == nil && c.p.DryRun && r != nil && r.gone {
		c.Report.Runs++
	}
	return err
}

// meetName removes the name of an experiment that is gone, on the condition
// that it is that experiment's still. Atomic. A name is written with its
// document, so it is never that of a creation under way.
func (c *collection) meetName(ctx context.Context, it table.Item) error {
	id := it.Str(keys.ExpID)
	e, err := c.experiment(ctx, id, true)
	if err != nil || !e.gone {
		return err
	}
	if !c.p.DryRun {
		deleted, err := c.s.index.DeleteIf(ctx, it.Key, table.Attr{Name: keys.ExpID, Value: table.String(id)})
		if err != nil || !deleted { // else it has been taken again
			return err
		}
	}
	c.count(keys.KindExperimentName)
	return nil
}

// isOldListRow reports whether a list row is of an experiment that is gone, or
// of an update before the one that the document knows of: times of updates
// only grow, so it never becomes right again.
func (c *collection) isOldListRow(ctx context.Context, it scanned) (bool, error) {
	e, err := c.experiment(ctx, it.Experiment, true)
	if err != nil {
		return false, err
	}
	return e.gone || e.doc != nil && it.Updated && it.Time < e.doc.Updated, nil
}

// knowRuns looks up the runs of a page that the pass does not know, as they
// were a moment ago: those that live need no better look. 0.5 RCU for each 4
// KB of a head.
func (c *collection) knowRuns(ctx context.Context, items []scanned) error {
	var wanted []table.Key
	seen := map[string]bool{}
	for _, it := range items {
		if it.Run == "" || seen[it.Run] || c.runs.Contains(it.Run) {
			continue
		}
		seen[it.Run] = true
		if it.Kind == keys.KindRun {
			if err := c.knowRun(ctx, it.Run, it.Item); err != nil {
				return err
			}
			continue
		}
		wanted = append(wanted, c.s.Keys.Run(it.Run))
	}
	for some := range slices.Chunk(wanted, table.MaxBatchGet) {
		heads, err := c.s.Table.BatchGet(ctx, some, table.Eventual)
		if err != nil {
			return err
		}
		for _, it := range heads {
			if err := c.knowRun(ctx, keys.Classify(it.Key).Run, it); err != nil {
				return err
			}
		}
		if err := c.pass.step(ctx, 0, 0); err != nil {
			return err
		}
	}
	return nil
}

// knowRun notes a run that lives.
func (c *collection) knowRun(ctx context.Context, id string, it table.Item) error {
	h, err := run.DecodeHead(id, it)
	if err != nil || h == nil {
		return err
	}
	e, err := c.experiment(ctx, h.Exp, true)
	if err == nil && !e.gone && (e.doc == nil || !c.runDoomed(h, e.doc)) {
		c.runs.Add(id, &gcRun{})
	}
	return err
}
