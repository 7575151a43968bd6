package dynamodbstore

import (
	"context"
	"errors"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// applyTTLPolicy runs a pass, and says how far it has come.
func (s *Store) applyTTLPolicy(ctx context.Context, opts passOptions) (progress, error) {
	p, ctx, err := newPass(ctx, opts)
	if err != nil {
		return progress{}, err
	}
	for restart := opts.restart; ; restart = true {
		a := &ttlPass{s: s, p: p}
		if err = a.do(ctx, restart); !errors.Is(err, errPolicyChanged) {
			break
		}
	}
	p.at.units = p.meter.Units()
	return p.at, err
}

// errPolicyChanged says that the policy is not the one of the pass any more.
var errPolicyChanged = errors.New("the policy was changed meanwhile")

// ttlPass applies one state of the policy.
type ttlPass struct {
	s      *Store
	p      *pass
	policy ttlPolicy
	heads  map[string]table.Item // of a page of runs
}

func (a *ttlPass) do(ctx context.Context, restart bool) error {
	var from place
	err := a.s.settings.mergeConfig(ctx, keys.TTLPolicy(), func(it *table.Item) {
		a.policy = policyOf(*it)
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
	return a.update(ctx, func(it *table.Item) { it.Remove(attrCursor) })
}

// update changes the policy's item unless the policy is another one by now.
func (a *ttlPass) update(ctx context.Context, change func(it *table.Item)) error {
	same := false
	err := a.s.settings.mergeConfig(ctx, keys.TTLPolicy(), func(it *table.Item) {
		if same = policyOf(*it) == a.policy; same {
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
		it.Set(attrCursor, table.Map([]string{
			cursorExperiment, at.exp, attrHistoryDays, formatDays(a.policy.metricHistory), cursorRun, at.run,
			attrDeletedDays, formatDays(a.policy.softDeleted), cursorWorkspace, a.s.workspace,
		}))
	})
}

func formatDays(n int64) string { return strconv.FormatInt(n, 10) }

// cursorOf returns the place that an interrupted pass for the same policy in
// the same workspace has reached.
func (a *ttlPass) cursorOf(it table.Item) place {
	v, _ := it.Get(attrCursor)
	c := cursor(v.Strings())
	if c.part(cursorWorkspace) != a.s.workspace ||
		c.part(attrDeletedDays) != formatDays(a.policy.softDeleted) ||
		c.part(attrHistoryDays) != formatDays(a.policy.metricHistory) {
		return place{}
	}
	return c.place()
}

const (
	// ttlNotice is how much time what a pass finds overdue has left at least.
	ttlNotice = secondsADay
	// ttlTolerance is how far an expiry may be off without being written anew:
	// times of deletion and expiries come from two looks at the clock.
	ttlTolerance = 60 * 60
)

// restamp returns the ttl of something that is kept for the given days from a
// time in ms on and has the ttl was.
func (s *Store) restamp(from, days, was int64) int64 {
	if days == 0 {
		return 0
	}
	want := from/1000 + days*secondsADay
	if was != 0 && max(want-was, was-want) <= ttlTolerance {
		return was
	}
	soon := s.clock().Unix() + ttlNotice
	switch {
	case want >= soon:
		return want
	case was != 0 && was < soon:
		return was
	default:
		return soon
	}
}

// experiment restamps an experiment: document, name and list rows, in one
// transaction. A deleted experiment was last updated when it was deleted.
func (a *ttlPass) experiment(ctx context.Context, id string) (int64, error) {
	apply := func(e *experimentDoc) (*experimentDoc, error) {
		want := int64(0)
		if e.stage == StageDeleted && id != DefaultExperimentID {
			want = a.s.restamp(e.updated, a.policy.softDeleted, e.expiry)
		}
		if want == e.expiry {
			return e, nil
		}
		next := e.clone()
		next.expiry = want
		return next, nil
	}
	e, err := a.s.loadExperiment(ctx, id)
	if err != nil || e == nil {
		return 0, err
	}
	if next, _ := apply(e); next == e {
		return 0, nil
	}
	err = a.s.mutateExperiment(ctx, id, apply, a.s.restampName)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	return count(err == nil), err
}
