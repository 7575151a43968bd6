package experiment

import (
	"context"
	"errors"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pass"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/upkeep"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Upkeep is what passes do with experiments.
func (s *Store) Upkeep() upkeep.Area {
	work := func(do func(ctx context.Context, id string) (changed bool, err error)) upkeep.Work {
		return upkeep.Work{Experiment: func(ctx context.Context, _ *pass.Pass, id string) (int64, error) {
			changed, err := do(ctx, id)
			return upkeep.Count(changed), err
		}}
	}
	return upkeep.Area{
		Named: func(ctx context.Context, id string) error {
			_, err := s.Get(ctx, id)
			return err
		},
		Policy: func(p settings.Policy) upkeep.Work {
			return work(func(ctx context.Context, id string) (bool, error) { return s.restamp(ctx, id, p.SoftDeleted) })
		},
		Tags:     work(s.recodeTags),
		Trigrams: work(s.reindex),
	}
}

// restamp gives a deleted experiment, which was last updated when it was deleted,
// the expiry of what is kept for the given days: document, name and list rows, in
// one transaction. It takes the expiry from one that lives.
func (s *Store) restamp(ctx context.Context, id string, days int64) (bool, error) {
	apply := func(e *Document) (*Document, error) {
		want := int64(0)
		if e.Stage == mlflow.StageDeleted && id != mlflow.DefaultExperimentID {
			want = s.ExpiryFrom(e.Updated, days, e.Expiry)
		}
		if want == e.Expiry {
			return e, nil
		}
		next := e.Clone()
		next.Expiry = want
		return next, nil
	}
	e, err := s.Load(ctx, id)
	if err != nil || e == nil {
		return false, err
	}
	if next, _ := apply(e); next == e {
		return false, nil
	}
	err = s.Mutate(ctx, id, apply, s.RestampName)
	if errors.Is(err, mlflow.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// recodeTags writes an experiment as it is if its tags stand elsewhere than the
// patterns put them. 1 RCU for each 4 KB of the experiment, and what
// recode costs.
func (s *Store) recodeTags(ctx context.Context, id string) (bool, error) {
	it, found, err := s.Table.Get(ctx, s.Keys.Experiment(id), table.Strong)
	if err != nil || !found {
		return false, err
	}
	match, err := s.settings.Matcher(ctx, id)
	if err != nil || !document.TagsDiffer(it, match) {
		return false, err
	}
	return true, s.recode(ctx, id)
}
