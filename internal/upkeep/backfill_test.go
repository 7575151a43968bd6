package upkeep

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pass"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// index indexes the given fields besides the names.
func (s scene) index(t *testing.T, fields ...string) {
	t.Helper()
	require.NoError(t, s.settings.SetFields(t.Context(), fields))
}

// TestBackfillTrigrams: everything is brought up to the fields, by what areas do
// for trigrams alone, and then they serve searches.
func TestBackfillTrigrams(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s = s.with(t, Area{Trigrams: s.work("x"), Tags: s.work("tags")}, s.stamps(s.work("policy")))
	s.index(t, "tags.note")
	report, err := s.fields(t)
	require.NoError(t, err)
	require.Equal(t, everything, s.did())
	require.Contains(t, report.Complete, "tags.note")
	require.Equal(t, int64(3+6), report.Seen)
	require.Equal(t, int64(3+2), report.Changed)
	cfg, err := s.settings.Current(t.Context())
	require.NoError(t, err)
	require.True(t, cfg.IndexedField("tags.note"))
	require.Nil(t, s.cursor(t, keys.TrigramFields()))
	require.Empty(t, *s.waited)

	_, err = s.BackfillTrigrams(t.Context(), BackfillParams{ExperimentID: "1"})
	require.ErrorIs(t, err, mlflow.ErrInvalid)
	require.Empty(t, s.did())
}

// TestBackfillWaits: beside servers, which may go by the list as it was, a pass
// that comes soon after a change walks, waits until all have noticed, and walks
// again; one that comes later walks once.
func TestBackfillWaits(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s = s.with(t, Area{Trigrams: s.work("x")})
	s.index(t, "tags.note")
	var doing []string
	report, err := s.BackfillTrigrams(t.Context(), BackfillParams{Options: pass.Options{Report: func(p pass.Progress) {
		if p.Doing != "" {
			doing = append(doing, p.Doing)
		}
	}}})
	require.NoError(t, err)
	require.Equal(t, append(append([]string{}, everything...), everything...), s.did())
	require.Equal(t, []time.Duration{noticeTime}, *s.waited)
	require.Equal(t, []string{"waiting until all servers have noticed"}, doing)
	require.Equal(t, int64(2*(3+6)), report.Seen)

	s.index(t, "tags.other")
	*s.now = s.now.Add(noticeTime + clockSkew)
	_, err = s.BackfillTrigrams(t.Context(), BackfillParams{})
	require.NoError(t, err)
	require.Equal(t, everything, s.did())
	require.Len(t, *s.waited, 1)
}

// TestResumeBackfill: a backfill that was interrupted goes on in its walk, behind
// the last page that is done, if the list and the workspace are the same. What it
// had seen before its last walk it sees again.
func TestResumeBackfill(t *testing.T) {
	t.Parallel()
	rest, noServers := everything[5:], BackfillParams{NoServers: true}
	for name, c := range map[string]struct {
		beside bool // servers
		then   func(t *testing.T, s *scene)
		params BackfillParams
		final  string
		want   []string
	}{
		"the same":      {final: "1", want: rest},
		"restart":       {final: "1", params: BackfillParams{Options: pass.Options{Restart: true}}, want: everything},
		"first walk":    {beside: true, final: "0", want: append(append([]string{}, rest...), everything...)},
		"servers ended": {beside: true, final: "0", params: noServers, want: everything},
		"another list": {final: "1", params: noServers, want: everything, then: func(t *testing.T, s *scene) {
			s.index(t, "tags.other")
		}},
		"back and forth": {final: "1", params: noServers, want: everything, then: func(t *testing.T, s *scene) {
			s.index(t)
			s.index(t, "tags.note")
		}},
		"another workspace": {final: "1", params: noServers, want: everything, then: func(t *testing.T, s *scene) {
			*s = s.elsewhere(t)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.index(t, "tags.note")
			changed := s.now.UnixMilli()
			if name == "restart" { // long after the change
				*s.now = s.now.Add(time.Hour)
			}
			_, err := s.with(t, Area{Trigrams: failAt(s.work("x"), "3e", errBroken)}).
				BackfillTrigrams(t.Context(), BackfillParams{NoServers: !c.beside})
			require.ErrorIs(t, err, errBroken)
			require.Equal(t, []string{
				"changed", strconv.FormatInt(changed, 10), "experiment", s.Keys.ExperimentCreated('3', "3").SK, "final", c.final,
				"run", s.Keys.RunRow("3", 2, "3c").SK, "workspace", "default",
			}, s.cursor(t, keys.TrigramFields()))
			s.did()
			if c.then != nil {
				c.then(t, &s)
			}
			s = s.with(t, Area{Trigrams: s.work("x")})
			_, err = s.BackfillTrigrams(t.Context(), c.params)
			require.NoError(t, err)
			require.Equal(t, c.want, s.did())
			require.Nil(t, s.cursor(t, keys.TrigramFields()))
		})
	}
}

// TestListChangedMeanwhile: a backfill whose list is changed notices when it
// remembers its place, or at its end, marks nothing for the old one, and starts
// over.
func TestListChangedMeanwhile(t *testing.T) {
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
			s.index(t, "tags.note")
			changes := Work{Experiment: func(ctx context.Context, _ *pass.Pass, id string) (int64, error) {
				if id != c.at {
					return 0, nil
				}
				return 0, s.settings.SetFields(ctx, []string{"tags.note", "tags.other"})
			}}
			s = s.with(t, Area{Trigrams: s.work("x")}, Area{Trigrams: changes})
			report, err := s.fields(t)
			require.NoError(t, err)
			require.Equal(t, append(append([]string{}, c.first...), everything...), s.did())
			require.Contains(t, report.Complete, "tags.other")
			require.Contains(t, report.Complete, "tags.note")
		})
	}
}

// TestBackfillOfExperiment: one experiment and its runs, if the area that keeps
// experiments knows it and it has patterns of its own; else nothing is done.
func TestBackfillOfExperiment(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	area := Area{Tags: s.work("x"), Trigrams: s.work("trigrams"), Named: func(_ context.Context, id string) error {
		s.note("named %s", id)
		if id == "9" {
			return errBroken
		}
		return nil
	}}
	s = s.with(t, Area{}, area)
	require.NoError(t, s.settings.SetPatterns(t.Context(), "3", []string{"team"}))
	require.NoError(t, s.settings.SetPatterns(t.Context(), "9", []string{"team"}))
	backfill := func(id string) (BackfillReport, error) {
		return s.BackfillTags(t.Context(), BackfillParams{ExperimentID: id, NoServers: true})
	}

	report, err := backfill("03")
	require.NoError(t, err)
	require.Equal(t, append([]string{"named 03"}, everything[:8]...), s.did())
	require.Equal(t, []string{"team"}, report.Complete)

	_, err = backfill("9")
	require.Equal(t, errBroken, err)
	require.Equal(t, []string{"named 9"}, s.did())

	_, err = backfill("1")
	require.EqualError(t, err, "INVALID_PARAMETER_VALUE: Experiment 1 has no tag patterns of its own.")
	require.Equal(t, []string{"named 1"}, s.did())

	report, err = s.BackfillTags(t.Context(), BackfillParams{NoServers: true})
	require.NoError(t, err)
	require.Equal(t, everything, s.did(), "all of them")
	require.Equal(t, []string{"mlflow.*"}, report.Complete)
}
