package dynamodbstore_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/faulty"
)

// configActs are the methods that change what all workspaces of a table share,
// so that each try needs a table of its own.
var configActs = []act{
	{method: "Init", partial: true, do: func(ctx context.Context, s *dynamodbstore.Store, _ scene) error { return s.Init(ctx) }},
	{method: "SetTagPatterns", do: func(ctx context.Context, s *dynamodbstore.Store, _ scene) error {
		return s.SetTagPatterns(ctx, "", []string{"model.*"})
	}},
	{method: "SetTTLPolicy", do: func(ctx context.Context, s *dynamodbstore.Store, _ scene) error {
		days := int64(14)
		return s.SetTTLPolicy(ctx, dynamodbstore.TTLPolicyChange{TraceRetentionDays: &days})
	}},
	{method: "SetTrigramFields", do: func(ctx context.Context, s *dynamodbstore.Store, _ scene) error {
		return s.SetTrigramFields(ctx, []string{"tags.note"})
	}},
	{method: "BackfillTags", do: func(ctx context.Context, s *dynamodbstore.Store, _ scene) error {
		_, err := s.BackfillTags(ctx, noServers())
		return err
	}},
	{method: "BackfillTrigrams", do: func(ctx context.Context, s *dynamodbstore.Store, _ scene) error {
		_, err := s.BackfillTrigrams(ctx, noServers())
		return err
	}},
	{method: "ApplyTTLPolicy", do: func(ctx context.Context, s *dynamodbstore.Store, _ scene) error {
		_, err := s.ApplyTTLPolicy(ctx, dynamodbstore.ApplyTTLParams{})
		return err
	}},
}

// configStates are tables to begin with: one that another program has put its
// configuration on, and one that a Store has made ready.
var configStates = map[string]func(t *testing.T, tab table.Table, clock *stillClock){
	"empty": func(*testing.T, table.Table, *stillClock) {},
	"foreign": func(t *testing.T, tab table.Table, _ *stillClock) {
		t.Helper()
		for _, it := range []table.Item{
			table.NewItem(keys.DenormalizeTags(), table.Attr{Name: "patterns", Value: table.List([]string{"their.*"})}),
			table.NewItem(keys.TTLPolicy(), table.Attr{Name: "soft_deleted_retention_days", Value: table.Number(5)}),
		} {
			require.NoError(t, tab.Put(t.Context(), table.Put{Item: it}))
		}
	},
	"ready": func(t *testing.T, tab table.Table, clock *stillClock) {
		t.Helper()
		require.NoError(t, view(t, tab, clock.Now, "default").Init(t.Context()))
	},
}

// TestStopConfiguration stops changes of the configuration, and the start of a
// Store, at every table call, then repeats them.
func TestStopConfiguration(t *testing.T) {
	t.Parallel()
	clock := newStillClock()
	points := 0
	for state, prepare := range configStates {
		for _, a := range configActs {
			before := lookAtConfig(t, configTable(t, clock, prepare), clock)
			ready := configTable(t, clock, prepare)
			require.NoError(t, a.do(t.Context(), configStore(t, ready, clock), scene{}))
			o := outcome{before: before, after: lookAtConfig(t, ready, clock)}
			for k := 1; ; k++ {
				name := fmt.Sprintf("%s, %s, stopped at call %d", a.method, state, k)
				ft := faulty.Wrap(configTable(t, clock, prepare), nil)
				if stopConfig(t, name, a, o, ft, clock, faulty.StopAt(k, false)) < k {
					break
				}
				ft = faulty.Wrap(configTable(t, clock, prepare), nil)
				stopConfig(t, name+", applied", a, o, ft, clock, faulty.StopAt(k, true))
				points += 2
			}
		}
	}
	t.Logf("%d crash points", points)
}

// stopConfig does an act as planned, looks, repeats it and looks again. It
// returns the number of calls.
func stopConfig(t *testing.T, name string, a act, o outcome, ft *faulty.Table, clock *stillClock, plan faulty.Plan) int {
	t.Helper()
	s := configStore(t, ft, clock)
	ft.SetPlan(plan)
	err := a.do(t.Context(), s, scene{})
	calls := ft.Calls()
	ft.SetPlan(nil)
	require.NoError(t, s.Close())
	seen := lookAtConfig(t, ft, clock)
	if a.partial {
		requireMix(t, name, seen, o)
	} else {
		requireOneOf(t, name, seen, o.before, o.after)
	}
	if err == nil {
		require.Equal(t, o.after, seen, "%s: acknowledged", name)
	}
	require.NoError(t, a.do(t.Context(), configStore(t, ft, clock), scene{}), name)
	require.Equal(t, o.after, lookAtConfig(t, ft, clock), "%s: repeated", name)
	return calls
}

func configTable(t *testing.T, clock *stillClock, prepare func(*testing.T, table.Table, *stillClock)) table.Table {
	t.Helper()
	tab := memoryTable(t, clock)
	prepare(t, tab, clock)
	return tab
}

// configStore is a Store whose environment says something.
func configStore(t *testing.T, tab table.Table, clock *stillClock) *dynamodbstore.Store {
	t.Helper()
	env := map[string]string{
		"MLFLOW_DYNAMODB_DENORMALIZE_TAGS": "team.*", "MLFLOW_DYNAMODB_SOFT_DELETED_RETENTION_DAYS": "7",
	}
	return view(t, tab, clock.Now, "default", dynamodbstore.WithEnvironment(func(name string) (string, bool) {
		v, ok := env[name]
		return v, ok
	}))
}

// lookAtConfig reads what the table says, as a Store without environment does.
func lookAtConfig(t *testing.T, tab table.Table, clock *stillClock) sight {
	t.Helper()
	s := view(t, tab, clock.Now, "default")
	patterns, err := s.TagPatterns(t.Context(), "")
	require.NoError(t, err)
	policy, err := s.TTLPolicy(t.Context())
	require.NoError(t, err)
	fields, err := s.TrigramFields(t.Context())
	require.NoError(t, err)
	out := look(t, s)
	cfg, err := dynamodbstore.ReadConfiguration(t.Context(), s, "")
	require.NoError(t, err)
	out["complete patterns"] = fmt.Sprint(cfg.Backfilled.TagPatterns)
	out["complete fields"] = fmt.Sprint(cfg.Backfilled.TrigramFields)
	out["patterns"], out["policy"], out["fields"] = fmt.Sprint(patterns), fmt.Sprint(policy), fmt.Sprint(fields)
	require.NoError(t, s.Close())
	return out
}
