package upkeep

import (
	"context"
	"errors"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pass"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// ApplyPolicy runs a pass, and says how far it has come.
func (s *Store) ApplyPolicy(ctx context.Context, opts pass.Options) (pass.Progress, error) {
	p, ctx, err := pass.New(ctx, opts)
	if err != nil {
		return pass.Progress{}, err
	}
	for restart := opts.Restart; ; restart = true {
		a := &ttlPass{s: s, p: p}
		if err = a.do(ctx, restart); !errors.Is(err, errPolicyChanged) {
			break
		}
	}
	p.At.Units = p.Units()
	return p.At, err
}

// errPolicyChanged says that the policy is not the one of the pass any more.
var errPolicyChanged = errors.New("the policy was changed meanwhile")

// ttlPass applies one state of the policy.
type ttlPass struct {
	s      *Store
	p      *pass.Pass
	policy settings.Policy
	heads  map[string]table.Item // of a page of runs
}

func (a *ttlPass) do(ctx context.Context, restart bool) error {
	var from place
	err := a.s.settings.Change(ctx, keys.TTLPolicy(), func(it *table.Item) {
		a.policy = settings.PolicyOf(*it)
		if from = a.cursorOf(*it); restart {
			from = place{}
		}
	})
	if err != nil {
		return err
	}
	w := &walk{
		s: a.s, p: a.p, run: a.run, reached: a.reached,
		experiment: func(ctx context.Context, id string) (int64, error) {
			changed, err := a.experiment(ctx, id)
			if err != nil {
				return 0, err
			}
			return changed, a.loggedModels(ctx, id)
		},
		page: func(ctx context.Context, _ string, rows []table.Item) (err error) {
			a.heads, err = a.s.headItems(ctx, rows)
			return err
		},
	}
	if err := w.do(ctx, from); err != nil {
		return err
	}
	return a.update(ctx, func(it *table.Item) { it.Remove(settings.AttrCursor) })
}

// update changes the policy's item unless the policy is another one by now.
func (a *ttlPass) update(ctx context.Context, change func(it *table.Item)) error {
	same := false
	err := a.s.settings.Change(ctx, keys.TTLPolicy(), func(it *table.Item) {
		if same = settings.PolicyOf(*it) == a.policy; same {
			change(it)
		}
	})
	if err == nil && !same {
		return errPolicyChanged
	}
	return err
}

// reached remembers how far the pass has come.
func (a *ttlPass) reached(ctx context.Context, at place) error {
	return a.update(ctx, func(it *table.Item) {
		it.Set(settings.AttrCursor, table.Map([]string{
			cursorExperiment, at.exp, settings.AttrHistoryDays, formatDays(a.policy.MetricHistory), cursorRun, at.run,
			settings.AttrDeletedDays, formatDays(a.policy.SoftDeleted), cursorWorkspace, a.s.Workspace,
		}))
	})
}

func formatDays(n int64) string { return strconv.FormatInt(n, 10) }

// cursorOf returns the place that an interrupted pass for the same policy in
// the same workspace has reached.
func (a *ttlPass) cursorOf(it table.Item) place {
	v, _ := it.Get(settings.AttrCursor)
	c := cursor(v.Strings())
	if c.part(cursorWorkspace) != a.s.Workspace ||
		c.part(settings.AttrDeletedDays) != formatDays(a.policy.SoftDeleted) ||
		c.part(settings.AttrHistoryDays) != formatDays(a.policy.MetricHistory) {
		return place{}
	}
	return c.place()
}

// experiment restamps an experiment: document, name and list rows, in one
// transaction. A deleted experiment was last updated when it was deleted.
func (a *ttlPass) experiment(ctx context.Context, id string) (int64, error) {
	apply := func(e *experiment.Document) (*experiment.Document, error) {
		want := int64(0)
		if e.Stage == mlflow.StageDeleted && id != mlflow.DefaultExperimentID {
			want = a.s.ExpiryFrom(e.Updated, a.policy.SoftDeleted, e.Expiry)
		}
		if want == e.Expiry {
			return e, nil
		}
		next := e.Clone()
		next.Expiry = want
		return next, nil
	}
	e, err := a.s.experiments.Load(ctx, id)
	if err != nil || e == nil {
		return 0, err
	}
	if next, _ := apply(e); next == e {
		return 0, nil
	}
	err = a.s.experiments.Mutate(ctx, id, apply, a.s.experiments.RestampName)
	if errors.Is(err, mlflow.ErrNotFound) {
		return 0, nil
	}
	return count(err == nil), err
}
