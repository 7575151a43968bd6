package upkeep

import (
	"context"
	"errors"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/loggedmodel"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// loggedModels restamps those logged models of an experiment that were deleted
// by themselves. What else is in their partitions does not expire: it goes
// with the collection of garbage.
func (a *ttlPass) loggedModels(ctx context.Context, exp string) error {
	from, to := keys.DeletedLoggedModels()
	q := table.Query{PK: a.s.Keys.LoggedModelsPK(exp), From: from, To: to}
	for row, err := range table.Items(ctx, a.s.Table, q) {
		if err != nil {
			return err
		}
		changed, err := a.loggedModel(ctx, keys.Classify(row.Key).Logged)
		if err != nil {
			return err
		}
		if err := a.p.Step(ctx, 1, count(changed)); err != nil {
			return err
		}
	}
	return nil
}

// loggedModel restamps the document of a deleted logged model, which was last
// updated when it was deleted, and the row that lists it. Atomic. 1 RCU for
// each 4 KB of the document; 4 WCU for a small one whose expiry changes.
func (a *ttlPass) loggedModel(ctx context.Context, id string) (changed bool, err error) {
	_, err = a.s.loggedmodels.Mutate(ctx, id, false, func(c *loggedmodel.Change) (bool, error) {
		changed = false
		if c.Stage == mlflow.StageDeleted {
			was := c.Expiry
			c.Expiry = a.s.ExpiryFrom(c.Updated, a.policy.SoftDeleted, was)
			changed = c.Expiry != was
		}
		return changed, nil
	}, nil)
	if errors.Is(err, mlflow.ErrNotFound) { // it has gone meanwhile
		return false, nil
	}
	return changed, err
}
