package dynamodbstore_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

// env is an environment for a Store.
func env(pairs ...string) dynamodbstore.Option {
	return dynamodbstore.WithEnvironment(func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	})
}

const (
	varPatterns = "MLFLOW_DYNAMODB_DENORMALIZE_TAGS"
	varDeleted  = "MLFLOW_DYNAMODB_SOFT_DELETED_RETENTION_DAYS"
	varTraces   = "MLFLOW_DYNAMODB_TRACE_RETENTION_DAYS"
	varHistory  = "MLFLOW_DYNAMODB_METRIC_HISTORY_RETENTION_DAYS"
	varFields   = "MLFLOW_DYNAMODB_FTS_TRIGRAM_FIELDS"
)

func configItem(t *testing.T, tab table.Table, sk string) table.Item {
	t.Helper()
	it, found, err := tab.Get(t.Context(), table.Key{PK: "CONFIG", SK: sk}, table.Strong)
	require.NoError(t, err)
	require.True(t, found, sk)
	return it
}

func strs(it table.Item, name string) []string {
	v, _ := it.Get(name)
	return v.Strings()
}

func policy(it table.Item) [3]int64 {
	return [3]int64{
		it.Num("trace_retention_days"), it.Num("soft_deleted_retention_days"), it.Num("metric_history_retention_days"),
	}
}

// start opens and closes a Store, as a server that starts does.
func start(t *testing.T, tab table.Table, opts ...dynamodbstore.Option) {
	t.Helper()
	s, err := dynamodbstore.OpenTable(keepOpen{tab}, opts...)
	require.NoError(t, err)
	require.NoError(t, s.Init(t.Context()))
	require.NoError(t, s.Close())
}

func TestReconcileDefaults(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, _ *tabletest.Clock) {
		start(t, tab)
		require.Equal(t, []string{"mlflow.*"}, strs(configItem(t, tab, "DENORMALIZE_TAGS"), "patterns"))
		require.Equal(t, [3]int64{30, 90, 365}, policy(configItem(t, tab, "TTL_POLICY")))
		require.Empty(t, strs(configItem(t, tab, "FTS_TRIGRAM_FIELDS"), "fields"))
	})
}

// TestReconcileMerges follows the specification: patterns are united and keep
// their order, a retention that is set replaces its own field, trigram fields
// are the CLI's alone, and what the environment does not say is kept.
func TestReconcileMerges(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, _ *tabletest.Clock) {
		start(t, tab, env(varPatterns, "team, env", varTraces, "60", varFields, "description"))
		require.Equal(t, []string{"mlflow.*", "team", "env"}, strs(configItem(t, tab, "DENORMALIZE_TAGS"), "patterns"))
		require.Equal(t, [3]int64{60, 90, 365}, policy(configItem(t, tab, "TTL_POLICY")))
		require.Empty(t, strs(configItem(t, tab, "FTS_TRIGRAM_FIELDS"), "fields"))

		start(t, tab, env(varPatterns, "git.*,env", varHistory, "0"))
		require.Equal(t, []string{"mlflow.*", "team", "env", "git.*"},
			strs(configItem(t, tab, "DENORMALIZE_TAGS"), "patterns"))
		require.Equal(t, [3]int64{60, 90, 0}, policy(configItem(t, tab, "TTL_POLICY")))

		start(t, tab)
		require.Equal(t, [3]int64{60, 90, 0}, policy(configItem(t, tab, "TTL_POLICY")))
	})
}

// TestReconcileKeepsForeignItems starts on items as another program writes
// them: without a revision, with attributes of its own.
func TestReconcileKeepsForeignItems(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, _ *tabletest.Clock) {
		require.NoError(t, tab.Init(t.Context(), true))
		require.NoError(t, tab.Put(t.Context(), table.Put{Item: table.NewItem(
			table.Key{PK: "CONFIG", SK: "DENORMALIZE_TAGS"},
			table.Attr{Name: "patterns", Value: table.List([]string{"team"})},
			table.Attr{Name: "note", Value: table.String("ours")})}))
		require.NoError(t, tab.Put(t.Context(), table.Put{Item: table.NewItem(
			table.Key{PK: "CONFIG", SK: "TTL_POLICY"},
			table.Attr{Name: "trace_retention_days", Value: table.Number(7)})}))
		start(t, tab, env(varPatterns, "env"))
		it := configItem(t, tab, "DENORMALIZE_TAGS")
		require.Equal(t, []string{"mlflow.*", "team", "env"}, strs(it, "patterns"))
		require.Equal(t, "ours", it.Str("note"))
		require.Equal(t, [3]int64{7, 90, 365}, policy(configItem(t, tab, "TTL_POLICY")))
	})
}

// TestReconcileWritesOnlyChanges: an unchanged configuration costs no write.
func TestReconcileWritesOnlyChanges(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, _ *tabletest.Clock) {
		opts := env(varPatterns, "team", varDeleted, "10")
		start(t, tab, opts)
		s, err := dynamodbstore.OpenTable(keepOpen{tab}, opts)
		require.NoError(t, err)
		u := cost(t, func(ctx context.Context) error { return s.Init(ctx) })
		require.Zero(t, u.Write)
		require.NoError(t, s.Close())
	})
}

func TestReconcileConcurrentStarts(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, _ *tabletest.Clock) {
		vars := []string{varTraces, varDeleted, varHistory}
		var wg sync.WaitGroup
		errs := make([]error, 12)
		for i := range errs {
			wg.Go(func() {
				s, err := dynamodbstore.OpenTable(keepOpen{tab},
					env(varPatterns, fmt.Sprintf("tag%d", i), vars[i%3], fmt.Sprint(1+i%3)))
				if err == nil {
					err = s.Init(t.Context())
				}
				errs[i] = err
			})
		}
		wg.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		got := strs(configItem(t, tab, "DENORMALIZE_TAGS"), "patterns")
		require.Len(t, got, 13)
		require.Equal(t, "mlflow.*", got[0])
		for i := range errs {
			require.Contains(t, got, fmt.Sprintf("tag%d", i))
		}
		require.Equal(t, [3]int64{1, 2, 3}, policy(configItem(t, tab, "TTL_POLICY")))
	})
}

func TestReconcileRefuses(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, _ *tabletest.Clock) {
		for _, bad := range [][2]string{
			{varTraces, "x"},
			{varTraces, "-1"},
			{varDeleted, "36501"},
			{varHistory, "1.5"},
			{varHistory, "99999999999999999999"},
			{varPatterns, "team,a["},
			{varFields, "descriptions"},
			{varFields, "tags."},
		} {
			s, err := dynamodbstore.OpenTable(keepOpen{tab}, env(bad[0], bad[1]))
			require.NoError(t, err)
			err = s.Init(t.Context())
			require.ErrorContains(t, err, bad[0])
			require.ErrorContains(t, err, fmt.Sprintf("%q", bad[1]))
		}
		_, found, err := tab.Get(t.Context(), table.Key{PK: "CONFIG", SK: "TTL_POLICY"}, table.Strong)
		require.NoError(t, err)
		require.False(t, found, "a refused environment changed something")
	})
}

// meta is the raw META item of a run or experiment.
func meta(t *testing.T, tab table.Table, pk string) table.Item {
	t.Helper()
	it, found, err := tab.Get(t.Context(), table.Key{PK: "WS#default#" + pk, SK: "META"}, table.Strong)
	require.NoError(t, err)
	require.True(t, found)
	return it
}

// TestDenormalizedTags: tags that match a pattern, global or the experiment's
// own, stand as attributes of META, of runs and experiments alike, and go with
// the tag. A change of the patterns is noticed within 30 seconds.
func TestDenormalizedTags(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock, env(varPatterns, "team"))
		exp := experiment(t, s, "denormalized")
		run := newRun(t, s, exp, 1)
		require.NoError(t, s.SetTag(t.Context(), run, dynamodbstore.Tag{Key: "custom", Value: "x"}))
		require.NoError(t, s.SetExperimentTag(t.Context(), exp, dynamodbstore.Tag{Key: "team", Value: "vision"}))
		it := meta(t, tab, "RUN#"+run)
		require.Equal(t, "vision", it.Str("tag.team"))
		require.Equal(t, "someone", it.Str("tag.mlflow.user"))
		require.Empty(t, it.Str("tag.custom"))
		require.Equal(t, []string{"custom", "x"}, strs(it, "tags"))
		require.Equal(t, "vision", meta(t, tab, "EXP#"+exp).Str("tag.team"))

		require.NoError(t, tab.Put(t.Context(), table.Put{Item: table.NewItem(
			table.Key{PK: "CONFIG", SK: "DENORMALIZE_TAGS#EXP#" + exp},
			table.Attr{Name: "patterns", Value: table.List([]string{"cust?m"})})}))
		clock.Advance(30 * time.Second)
		require.NoError(t, s.DeleteTag(t.Context(), run, "team"))
		it = meta(t, tab, "RUN#"+run)
		require.Equal(t, "x", it.Str("tag.custom"))
		require.Empty(t, it.Str("tag.team"))

		other := newRun(t, s, experiment(t, s, "other"), 1)
		require.NoError(t, s.SetTag(t.Context(), other, dynamodbstore.Tag{Key: "custom", Value: "x"}))
		require.Empty(t, meta(t, tab, "RUN#"+other).Str("tag.custom"))
	})
}

// TestTagsNeverShadowAttributes: tags named like the store's own attributes do
// no harm, inline or denormalized.
func TestTagsNeverShadowAttributes(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, tab table.Table, clock *tabletest.Clock) {
		s := open(t, tab, clock, env(varPatterns, "*"))
		exp := experiment(t, s, "shadows")
		run := newRun(t, s, exp, 1)
		for _, key := range []string{"PK", "SK", "ttl", "rev", "st", "gen", "tags", "tag.x", "m.loss", "v"} {
			require.NoError(t, s.SetTag(t.Context(), run, dynamodbstore.Tag{Key: key, Value: "1"}))
		}
		require.NoError(t, s.LogMetric(t.Context(), run, dynamodbstore.Metric{Key: "st", Value: 3}))
		finish(t, s, run)
		r, err := s.GetRun(t.Context(), run)
		require.NoError(t, err)
		require.Len(t, r.Tags, 5+10)
		require.Equal(t, 3.0, r.Metrics[0].Value)
		page, err := s.SearchRuns(t.Context(), dynamodbstore.SearchRunsParams{
			ExperimentIDs: []string{exp}, Filter: "tags.ttl = '1' AND tags.`tag.x` = '1' AND metrics.st = 3",
		})
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
	})
}
