package loggedmodel

import (
	"context"
	"errors"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pass"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/upkeep"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Upkeep is what passes do with logged models.
func (s *Store) Upkeep() upkeep.Area {
	return upkeep.Area{Policy: func(policy settings.Policy) upkeep.Work {
		return upkeep.Work{Experiment: func(ctx context.Context, p *pass.Pass, exp string) (int64, error) {
			return 0, s.restampDeleted(ctx, p, exp, policy.SoftDeleted)
		}}
	}}
}

// restampDeleted gives those logged models of an experiment that were deleted by
// themselves the expiry of what is kept for the given days. What else is in their
// partitions does not expire: it goes with the collection of garbage.
func (s *Store) restampDeleted(ctx context.Context, p *pass.Pass, exp string, days int64) error {
	from, to := keys.DeletedLoggedModels()
	q := table.Query{PK: s.Keys.LoggedModelsPK(exp), From: from, To: to}
	for row, err := range table.Items(ctx, s.Table, q) {
		if err != nil {
			return err
		}
		changed, err := s.restamp(ctx, keys.Classify(row.Key).Logged, days)
		if err != nil {
			return err
		}
		if err := p.Step(ctx, 1, upkeep.Count(changed)); err != nil {
			return err
		}
	}
	return nil
}

// restamp restamps the document of a deleted logged model, which was last
// updated when it was deleted, and the row that lists it. Atomic. 1 RCU for
// each 4 KB of the document; 4 WCU for a small one whose expiry changes.
func (s *Store) restamp(ctx context.Context, id string, days int64) (changed bool, err error) {
	_, err = s.Mutate(ctx, id, false, func(c *Change) (bool, error) {
		changed = false
		if c.Stage == mlflow.StageDeleted {
			was := c.Expiry
			c.Expiry = s.ExpiryFrom(c.Updated, days, was)
			changed = c.Expiry != was
		}
		return changed, nil
	}, nil)
	if errors.Is(err, mlflow.ErrNotFound) { // it has gone meanwhile
		return false, nil
	}
	return changed, err
}
