package dynamodbstore_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	dynamodbstore "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/tabletest"
)

// TestConfigurationSpecification goes through the specification of the
// configuration, one case a line, on both tables. The command line's lines are
// those of TestSpecifiedCommands, and of cmd/mlflow-dynamodbstore/testdata/script
// for what is around them; how wrong URIs are refused is in TestParseURIRefuses.
func TestConfigurationSpecification(t *testing.T) {
	t.Parallel()
	t.Run("URI", specURIs)
	for name, test := range map[string]func(t *testing.T, tab table.Table, clock *tabletest.Clock){
		"defaults of the variables":                           specDefaults,
		"0 days switches a retention off":                     specZeroDays,
		"a wrong value stops the start":                       specWrongValues,
		"tags that match are top-level attributes":            specTags,
		"* matches dots too":                                  specGlob,
		"item shapes":                                         specShapes,
		"an experiment has patterns of its own":               specOwnPatterns,
		"servers notice a change within 30 seconds":           specNotice,
		"reconciliation: patterns are united":                 specUnion,
		"reconciliation: a variable replaces its field":       specPolicy,
		"reconciliation: trigram fields are the command's":    specFields,
		"an unchanged configuration is not written":           specUnchanged,
		"mlflow.* and the names cannot be removed":            specAlways,
		"fields that are none":                                specUnknownField,
		"soft-deleted things and points have their retention": specRetention,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			backends(t, test)
		})
	}
}

func specURIs(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]dynamodbstore.Location{
		"dynamodb://us-east-1/my-table":             {Region: "us-east-1", Table: "my-table"},
		"dynamodb://eu-west-1/prod-mlflow":          {Region: "eu-west-1", Table: "prod-mlflow"},
		"dynamodb://us-gov-west-1/t-1":              {Region: "us-gov-west-1", Table: "t-1"},
		"dynamodb://mx-central-1/t-1":               {Region: "mx-central-1", Table: "t-1"},
		"dynamodb://eusc-de-east-1/t-1":             {Region: "eusc-de-east-1", Table: "t-1"},
		"dynamodb://localhost:8000/test-table":      {Endpoint: "http://localhost:8000", Table: "test-table"},
		"dynamodb://[::1]:8000/test-table":          {Endpoint: "http://[::1]:8000", Table: "test-table"},
		"dynamodb://http://dynamodb.local:8000/dev": {Endpoint: "http://dynamodb.local:8000", Table: "dev"},
		"dynamodb://https://dynamodb.local/dev":     {Endpoint: "https://dynamodb.local", Table: "dev"},
		"dynamodb://us-east-1":                      {Region: "us-east-1", Table: "mlflow"},
		"dynamodb:///my-table":                      {Table: "my-table"},
		"dynamodb://us-east-1/t-1?deploy=false":     {Region: "us-east-1", Table: "t-1"},
	} {
		loc, err := dynamodbstore.ParseURI(uri)
		require.NoError(t, err, uri)
		want.Deploy = !strings.Contains(uri, "deploy=false")
		require.Equal(t, want, loc, uri)
	}
	for _, uri := range []string{
		"dynamodb://us-east-1/t-1?deploy=maybe", "dynamodb://us-east-1/t-1?x=1", "dynamodb://u:p@us-east-1/t-1",
		"dynamodb://us-east-1/t-1#x", "dynamodb://us-east-1/t-1/more", "dynamodb://us-east-1/t 1",
	} {
		_, err := dynamodbstore.ParseURI(uri)
		require.ErrorContains(t, err, "dynamodb://", uri)
	}
}

func specDefaults(t *testing.T, tab table.Table, clock *tabletest.Clock) {
	s := open(t, tab, clock)
	cfg, err := dynamodbstore.ReadConfiguration(t.Context(), s, "")
	require.NoError(t, err)
	require.Equal(t, dynamodbstore.TTLPolicy{
		TraceRetentionDays: 30, SoftDeletedRetentionDays: 90, MetricHistoryRetentionDays: 365,
	}, cfg.TTLPolicy)
	require.Equal(t, []string{"mlflow.*"}, cfg.TagPatterns.Global)
	require.Equal(t, []string{"experiment_name", "run_name", "model_name"}, cfg.TrigramFields)
}

func specZeroDays(t *testing.T, tab table.Table, clock *tabletest.Clock) {
	s := open(t, tab, clock, env(varDeleted, "0", varHistory, "0", varTraces, "0"))
	sc := settledScene(t, s)
	require.NoError(t, s.DeleteRun(t.Context(), sc.run))
	clock.Advance(5000 * day)
	require.Len(t, history(t, s, sc.run, "acc"), 1)
}

func specWrongValues(t *testing.T, tab table.Table, _ *tabletest.Clock) {
	for name, values := range map[string][]string{
		varDeleted: {"x", "-1", "36501", "1.5"}, varTraces: {"soon"}, varHistory: {"1d"}, varPatterns: {"a["}, varFields: {"names"},
	} {
		for _, value := range values {
			s, err := dynamodbstore.OpenTable(keepOpen{tab}, env(name, value))
			require.NoError(t, err)
			err = s.Init(t.Context())
			require.ErrorContains(t, err, name)
			require.ErrorContains(t, err, value)
			require.NoError(t, s.Close())
		}
	}
}

func specTags(t *testing.T, tab table.Table, clock *tabletest.Clock) {
	s := open(t, tab, clock, env(varPatterns, "*"))
	exp := experiment(t, s, "tags")
	run := newRun(t, s, exp, 1)
	dangerous := []string{
		"PK", "SK", "ttl", "v", "rev", "w", "gen", "st", "at", "fz", "mark", "deleted", "tags", "params", "tag.", "tag.x", "m.acc",
		"a.b.c", "x:#", "#", ":x", "größe", "模型", "🚀", strings.Repeat("k", 250),
	}
	dangerous = slices.DeleteFunc(dangerous, func(key string) bool { // MLflow allows not all of them
		return errors.Is(s.SetTag(t.Context(), run, dynamodbstore.Tag{Key: key, Value: "x"}), dynamodbstore.ErrInvalid)
	})
	require.Greater(t, len(dangerous), 17)
	for _, key := range dangerous {
		require.NoError(t, s.SetTag(t.Context(), run, dynamodbstore.Tag{Key: key, Value: "of " + key}), key)
		require.NoError(t, s.SetExperimentTag(t.Context(), exp, dynamodbstore.Tag{Key: key, Value: "of " + key}), key)
	}
	require.ErrorIs(t, s.SetTag(t.Context(), run, dynamodbstore.Tag{Key: "", Value: "x"}), dynamodbstore.ErrInvalid)
	finish(t, s, run)
	for _, key := range dangerous {
		require.Equal(t, "of "+key, meta(t, tab, "RUN#"+run).Str("tag."+key), key)
		require.Equal(t, "of "+key, meta(t, tab, "EXP#"+exp).Str("tag."+key), key)
		require.NoError(t, s.DeleteTag(t.Context(), run, key), key)
		_, there := meta(t, tab, "RUN#"+run).Get("tag." + key)
		require.False(t, there, key)
	}
	r, err := s.GetRun(t.Context(), run)
	require.NoError(t, err)
	require.Len(t, r.Tags, 5)
}

func specGlob(t *testing.T, tab table.Table, clock *tabletest.Clock) {
	s := open(t, tab, clock, env(varPatterns, "git.*"))
	run := newRun(t, s, experiment(t, s, "globs"), 1)
	require.NoError(t, s.SetTag(t.Context(), run, dynamodbstore.Tag{Key: "git.commit.id", Value: "x"}))
	require.Equal(t, "x", meta(t, tab, "RUN#"+run).Str("tag.git.commit.id"))
}

func specShapes(t *testing.T, tab table.Table, clock *tabletest.Clock) {
	s := open(t, tab, clock, env(varPatterns, "team,env"))
	require.NoError(t, s.SetTrigramFields(t.Context(), []string{"description"}))
	require.Equal(t, []string{"mlflow.*", "team", "env"}, strs(configItem(t, tab, "DENORMALIZE_TAGS"), "patterns"))
	require.Equal(t, [3]int64{30, 90, 365}, policy(configItem(t, tab, "TTL_POLICY")))
	require.Equal(t, []string{"description"}, strs(configItem(t, tab, "FTS_TRIGRAM_FIELDS"), "fields"))
}

func specOwnPatterns(t *testing.T, tab table.Table, clock *tabletest.Clock) {
	s := open(t, tab, clock, env(varPatterns, "team"))
	exp := experiment(t, s, "own")
	require.NoError(t, s.SetTagPatterns(t.Context(), exp, []string{"custom_tag"}))
	require.Equal(t, []string{"custom_tag"}, strs(configItem(t, tab, "DENORMALIZE_TAGS#EXP#"+exp), "patterns"))
	for id, own := range map[string]string{exp: "x", "0": ""} {
		run := newRun(t, s, id, 1)
		require.NoError(t, s.SetTag(t.Context(), run, dynamodbstore.Tag{Key: "custom_tag", Value: "x"}))
		require.Equal(t, own, meta(t, tab, "RUN#"+run).Str("tag.custom_tag"))
		require.Equal(t, "vision", meta(t, tab, "RUN#"+run).Str("tag.team"), "the union with the global ones")
	}
}

func specNotice(t *testing.T, tab table.Table, clock *tabletest.Clock) {
	a, b := open(t, tab, clock), open(t, tab, clock)
	require.NoError(t, a.SetTagPatterns(t.Context(), "", []string{"team"}))
	clock.Advance(30 * time.Second)
	require.Equal(t, "vision", meta(t, tab, "RUN#"+newRun(t, b, "0", 1)).Str("tag.team"))
}

func specUnion(t *testing.T, tab table.Table, _ *tabletest.Clock) {
	start(t, tab, env(varPatterns, "b,a"))
	start(t, tab, env(varPatterns, "c,a"))
	require.Equal(t, []string{"mlflow.*", "b", "a", "c"}, strs(configItem(t, tab, "DENORMALIZE_TAGS"), "patterns"))
}

func specPolicy(t *testing.T, tab table.Table, clock *tabletest.Clock) {
	retain(t, open(t, tab, clock), 14, 180)
	start(t, tab, env(varTraces, "60"))
	require.Equal(t, [3]int64{60, 14, 180}, policy(configItem(t, tab, "TTL_POLICY")))
}

func specFields(t *testing.T, tab table.Table, clock *tabletest.Clock) {
	s := open(t, tab, clock, env(varFields, "tags.team"))
	require.Empty(t, strs(configItem(t, tab, "FTS_TRIGRAM_FIELDS"), "fields"))
	run := newRun(t, s, "0", 1)
	finish(t, s, run)
	ks := keys.Workspace("default")
	require.NotEmpty(t, partition(t, tab, ks.IndexPK("0", keys.IndexTrigram, "tags.team")), "this process indexes it")
}

func specUnchanged(t *testing.T, tab table.Table, clock *tabletest.Clock) {
	opts := env(varPatterns, "team", varTraces, "60", varFields, "description")
	open(t, tab, clock, opts)
	was := []table.Item{configItem(t, tab, "DENORMALIZE_TAGS"), configItem(t, tab, "TTL_POLICY"), configItem(t, tab, "FTS_TRIGRAM_FIELDS")}
	open(t, tab, clock, opts)
	for _, it := range was {
		require.True(t, it.Equal(configItem(t, tab, it.Key.SK)), it.Key.SK)
	}
}

func specAlways(t *testing.T, tab table.Table, clock *tabletest.Clock) {
	s := open(t, tab, clock)
	require.NoError(t, s.SetTagPatterns(t.Context(), "", []string{"team"}))
	require.NoError(t, s.SetTrigramFields(t.Context(), []string{"experiment_name", "description"}))
	require.Equal(t, []string{"mlflow.*", "team"}, strs(configItem(t, tab, "DENORMALIZE_TAGS"), "patterns"))
	fields, err := s.TrigramFields(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"experiment_name", "run_name", "model_name", "description"}, fields)
}

func specUnknownField(t *testing.T, tab table.Table, clock *tabletest.Clock) {
	s := open(t, tab, clock)
	require.NoError(t, s.SetTrigramFields(t.Context(), []string{"description", "tags.a", "params.b"}))
	for _, field := range []string{"names", "tags.", "params.", ""} {
		err := s.SetTrigramFields(t.Context(), []string{field})
		require.ErrorIs(t, err, dynamodbstore.ErrInvalid)
		require.ErrorContains(t, err, "description, tags.<key> or params.<key>")
	}
}

func specRetention(t *testing.T, tab table.Table, clock *tabletest.Clock) {
	s := open(t, tab, clock, env(varDeleted, "10", varHistory, "20"))
	sc := settledScene(t, s)
	bystander(t, sc)
	require.NoError(t, s.DeleteRun(t.Context(), sc.run))
	gone := experiment(t, s, "gone")
	require.NoError(t, s.DeleteExperiment(t.Context(), gone))
	kept := newRun(t, s, sc.exp, 9)
	require.NoError(t, s.LogMetric(t.Context(), kept, point("acc", 1, 1)))
	clock.Advance(11 * day)
	requireGone(t, s, sc.exp, sc.run)
	_, err := s.GetExperiment(t.Context(), gone)
	require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
	require.Len(t, history(t, s, kept, "acc"), 1)
	clock.Advance(10 * day)
	require.Empty(t, history(t, s, kept, "acc"))
	r, err := s.GetRun(t.Context(), kept)
	require.NoError(t, err)
	require.Len(t, r.Metrics, 1, "latest values stay")
}
