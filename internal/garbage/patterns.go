package garbage

import (
	"context"
	"slices"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// patterns returns the experiments that have tag patterns of their own.
func (c *Collection) patterns(ctx context.Context) ([]string, error) {
	pk, from, to := keys.ConfigRange()
	var ids []string
	for it, err := range table.Items(ctx, c.v.Table, table.Query{PK: pk, From: from, To: to}) {
		if err != nil {
			return nil, err
		}
		if id, ok := keys.ConfigExperiment(it.Key.SK); ok && id != mlflow.DefaultExperimentID {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// removePatterns removes the tag patterns of experiments that are gone. Ids
// are unique in the table, whatever the workspace, except that of the default
// experiment, so an experiment is gone when its id was given out and none of
// the workspaces that the scan has seen has it. The patterns were there before
// the scan began, and the items of their workspace before them, so the scan
// has met it. Each delete is atomic; the id is never used again.
func (c *Collection) removePatterns(ctx context.Context) error {
	if len(c.cursor.patterns) == 0 {
		return nil
	}
	seq, _, err := c.v.Table.Get(ctx, keys.Sequence(), table.Strong)
	if err != nil {
		return err
	}
	for _, id := range c.cursor.patterns {
		if n, err := strconv.ParseInt(id, 10, 64); err != nil || n > seq.Num(keys.Next) {
			continue
		}
		gone, err := c.goneEverywhere(ctx, id)
		if err != nil {
			return err
		}
		if gone {
			c.condemn(keys.ExperimentDenormalizeTags(id), keys.KindConfig)
		}
	}
	return c.removeCondemned(ctx)
}

// goneEverywhere reports whether no workspace has an experiment.
func (c *Collection) goneEverywhere(ctx context.Context, id string) (bool, error) {
	for _, ws := range c.cursor.workspaces {
		if ws == c.v.Workspace {
			if c.owner != nil && c.owner.IsGone(id) {
				continue // in a dry run it is there still
			}
		}
		it, found, err := c.v.Table.Get(ctx, keys.Workspace(ws).Experiment(id), table.Strong)
		if err != nil || found && it.Str(keys.Stage) != document.TombstoneStage {
			return false, err
		}
	}
	return true, nil
}

// sawWorkspace notes a workspace.
func (c *Collection) sawWorkspace(ws string) {
	if i, known := slices.BinarySearch(c.cursor.workspaces, ws); !known {
		c.cursor.workspaces = slices.Insert(c.cursor.workspaces, i, ws)
	}
}
