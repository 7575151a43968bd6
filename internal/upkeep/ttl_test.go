package upkeep

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pass"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// everything is what is done in a walk over all of a scene.
var everything = []string{
	"experiment 3 x", "page 3 [3a 3b 3c] x", "run 3a 3a x", "run 3b 3b x", "run 3c 3c x",
	"page 3 [3d 3e] x", "run 3d 3d x", "run 3e 3e x",
	"experiment 2 x",
	"experiment 1 x", "page 1 [1a] x", "run 1a 1a x",
}

// keep keeps deleted runs and experiments for the given days.
func (s scene) keep(t *testing.T, days int64) {
	t.Helper()
	require.NoError(t, s.settings.SetPolicy(t.Context(), settings.PolicyChange{SoftDeletedRetentionDays: &days}))
}

// cursor is the cursor of an item of the configuration.
func (s scene) cursor(t *testing.T, key table.Key) []string {
	t.Helper()
	it, _, err := s.Table.Get(t.Context(), key, table.Strong)
	require.NoError(t, err)
	v, _ := it.Get(settings.AttrCursor)
	return v.Strings()
}

// stamps is an area that does w by each policy that it is given.
func (s scene) stamps(w Work) Area {
	return Area{Policy: func(p settings.Policy) Work {
		s.note("policy %d %d", p.SoftDeleted, p.MetricHistory)
		return w
	}}
}

// TestApplyPolicy: each area is given the policy once, and everything; what an
// area looks at besides counts; no area of other passes is asked.
func TestApplyPolicy(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	steps := Work{Experiment: func(ctx context.Context, p *pass.Pass, _ string) (int64, error) { return 0, p.Step(ctx, 10, 100) }}
	s = s.with(t, Area{Tags: s.work("tags"), Trigrams: s.work("trigrams")}, s.stamps(s.work("x")), s.stamps(steps))
	s.keep(t, 7)
	at, err := s.ApplyPolicy(t.Context(), pass.Options{})
	require.NoError(t, err)
	require.Equal(t, append([]string{"policy 7 365", "policy 7 365"}, everything...), s.did())
	require.Equal(t, int64(3+6+3*10), at.Seen)
	require.Equal(t, int64(3+2+3*100), at.Changed)
	require.Nil(t, s.cursor(t, keys.TTLPolicy()), "it is done")

	_, err = s.ApplyPolicy(t.Context(), pass.Options{UnitsPerSecond: -1})
	require.ErrorIs(t, err, mlflow.ErrInvalid)
	require.Empty(t, s.did())
}

// TestResumePolicy: a pass that was interrupted goes on behind the last page that
// is done, without the experiment, if the policy and the workspace are the same.
func TestResumePolicy(t *testing.T) {
	t.Parallel()
	rest := everything[5:]
	for name, c := range map[string]struct {
		then  func(t *testing.T, s *scene)
		opts  pass.Options
		first string
		want  []string
	}{
		"the same":       {want: rest, first: "policy 7 365"},
		"restart":        {opts: pass.Options{Restart: true}, want: everything, first: "policy 7 365"},
		"another policy": {then: func(t *testing.T, s *scene) { s.keep(t, 8) }, want: everything, first: "policy 8 365"},
		"another workspace": {
			then: func(t *testing.T, s *scene) { *s = s.elsewhere(t) }, want: everything, first: "policy 7 365",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.keep(t, 7)
			_, err := s.with(t, s.stamps(failAt(s.work("x"), "3e", errBroken))).ApplyPolicy(t.Context(), pass.Options{})
			require.ErrorIs(t, err, errBroken)
			require.Equal(t, []string{
				"experiment", s.Keys.ExperimentCreated('3', "3").SK, "metric_history_retention_days", "365",
				"run", s.Keys.RunRow("3", 2, "3c").SK, "soft_deleted_retention_days", "7", "workspace", "default",
			}, s.cursor(t, keys.TTLPolicy()))
			s.did()
			if c.then != nil {
				c.then(t, &s)
			}
			s = s.with(t, s.stamps(s.work("x")))
			_, err = s.ApplyPolicy(t.Context(), c.opts)
			require.NoError(t, err)
			require.Equal(t, append([]string{c.first}, c.want...), s.did())
		})
	}
}

// TestPolicyChangedMeanwhile: a pass whose policy is changed notices when it
// remembers its place, or at its end, and starts over with the new one.
func TestPolicyChangedMeanwhile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		at    string // the experiment at which it is changed
		first []string
	}{
		"at a place": {"3", everything[:5]},
		"at the end": {"1", everything},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.keep(t, 7)
			changes := Work{Experiment: func(ctx context.Context, _ *pass.Pass, id string) (int64, error) {
				if id != c.at {
					return 0, nil
				}
				return 0, s.settings.SetPolicy(ctx, settings.PolicyChange{SoftDeletedRetentionDays: new(int64(9))})
			}}
			s = s.with(t, s.stamps(s.work("x")), Area{Policy: func(settings.Policy) Work { return changes }})
			_, err := s.ApplyPolicy(t.Context(), pass.Options{})
			require.NoError(t, err)
			want := append([]string{"policy 7 365"}, c.first...)
			require.Equal(t, append(append(want, "policy 9 365"), everything...), s.did())
			require.Nil(t, s.cursor(t, keys.TTLPolicy()))
		})
	}
}
