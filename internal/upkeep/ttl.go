package upkeep

import (
	"context"
	"errors"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pass"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
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
	var works []Work
	for _, area := range a.s.areas {
		if area.Policy != nil {
			works = append(works, area.Policy(a.policy))
		}
	}
	w := &walk{s: a.s, p: a.p, works: works, reached: a.reached}
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
