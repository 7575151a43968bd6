package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/dynamo"
)

// The command lines that the user specified, as a shell reads them, with what
// they print. my-table stands for the test's own table.
const (
	specShowTags   = `mlflow-dynamodbstore denormalize-tags show --table my-table --region us-east-1`
	specShowOwn    = `mlflow-dynamodbstore denormalize-tags show --table my-table --region us-east-1 --experiment-id 1`
	specSetTags    = `mlflow-dynamodbstore denormalize-tags set  --table my-table --region us-east-1 --pattern "mlflow.*" --pattern team`
	specSetOwn     = `mlflow-dynamodbstore denormalize-tags set  --table my-table --region us-east-1 --experiment-id 1 --pattern custom_tag`
	specShowPolicy = `mlflow-dynamodbstore ttl-policy show       --table my-table --region us-east-1`
	specSetPolicy  = `mlflow-dynamodbstore ttl-policy set        --table my-table --region us-east-1 --trace-retention-days 60 --metric-history-retention-days 180`
	specShowFields = `mlflow-dynamodbstore fts-trigrams show     --table my-table --region us-east-1`
	specSetFields  = `mlflow-dynamodbstore fts-trigrams set      --table my-table --region us-east-1 --field experiment_name --field description`
)

const hint = "For searches to use what is not backfilled, run mlflow-dynamodbstore "

// TestSpecifiedCommands runs the specified command lines one after another in
// a shell. The region's endpoint is DynamoDB Local, by the AWS SDK's variable.
func TestSpecifiedCommands(t *testing.T) {
	t.Parallel()
	name := ddblocal.Name(t)
	s, err := dynamodbstore.New(ddblocal.Client(t), name)
	require.NoError(t, err)
	require.NoError(t, s.Init(t.Context()))
	id, err := s.CreateExperiment(t.Context(), dynamodbstore.CreateExperimentParams{Name: "lab"})
	require.NoError(t, err)
	require.Equal(t, "1", id)
	require.NoError(t, s.Close())

	const tags = "mlflow.*\tpersisted\tbackfilled\nteam\tpersisted\tnot backfilled\n"
	const own = tags + "custom_tag\tpersisted (experiment 1)\tnot backfilled\n"
	const names = "experiment_name\tdefault\tbackfilled\nrun_name\tdefault\tbackfilled\nmodel_name\tdefault\tbackfilled\n"
	const fields = names + "description\tpersisted\tnot backfilled\n"
	for _, c := range []struct{ line, want string }{
		{specShowTags, "mlflow.*\tpersisted\tbackfilled\n"},
		{specSetTags, tags + hint + "denormalize-tags backfill\n"},
		{specShowTags, tags},
		{specSetOwn, own + hint + "denormalize-tags backfill\n" + hint + "denormalize-tags backfill --experiment-id 1\n"},
		{specShowOwn, own},
		{specShowTags, tags},
		{specShowPolicy, policyText("30", "90", "365")},
		{specSetPolicy, policyText("60", "90", "180")},
		{specShowPolicy, policyText("60", "90", "180")},
		{specShowFields, names},
		{specSetFields, fields + hint + "fts-trigrams backfill\n"},
		{specShowFields, fields},
	} {
		require.Equal(t, c.want, shell(t, strings.ReplaceAll(c.line, "my-table", name)), c.line)
	}
	requireSpecifiedItems(t, name)
}

// requireSpecifiedItems wants the items that the specified commands leave.
func requireSpecifiedItems(t *testing.T, name string) {
	t.Helper()
	tab := dynamo.New(ddblocal.Client(t), name, dynamo.Options{})
	for _, c := range []struct {
		key  table.Key
		name string
		want table.Value
	}{
		{keys.DenormalizeTags(), "patterns", table.List([]string{"mlflow.*", "team"})},
		{keys.ExperimentDenormalizeTags("1"), "patterns", table.List([]string{"custom_tag"})},
		{keys.TTLPolicy(), "trace_retention_days", table.Number(60)},
		{keys.TTLPolicy(), "soft_deleted_retention_days", table.Number(90)},
		{keys.TTLPolicy(), "metric_history_retention_days", table.Number(180)},
		{keys.TrigramFields(), "fields", table.List([]string{"description"})},
	} {
		it, found, err := tab.Get(t.Context(), c.key, table.Strong)
		require.NoError(t, err)
		require.True(t, found, c.key)
		got, found := it.Get(c.name)
		require.True(t, found, c.name)
		require.Equal(t, c.want, got, "%s of %v", c.name, c.key)
	}
}

// policyText is what ttl-policy prints of persisted retentions.
func policyText(traces, deleted, history string) string {
	return "trace_retention_days\t" + traces + "\tpersisted\nsoft_deleted_retention_days\t" + deleted +
		"\tpersisted\nmetric_history_retention_days\t" + history + "\tpersisted\n"
}

// shell runs a command line, with DynamoDB Local for AWS, and returns what it
// prints on standard output.
func shell(t *testing.T, line string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
	cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL_DYNAMODB="+ddblocal.Endpoint(t), "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s\n%s", line, &stderr)
	require.Empty(t, stderr.String(), line)
	return string(out)
}
